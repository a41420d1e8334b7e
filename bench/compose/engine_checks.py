"""What an engine, or the kernel, would refuse of a container, said before anything is pulled.

These keys have the same words in a scenario and in a Compose file, so both are checked here.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from bench.core.stop_signal import signal_number
from bench.core.units import format_bytes, parse_compose_bytes, parse_cores
from bench.yamldoc.nodes import Map, Node, Scalar, Series
from bench.yamldoc.suggest import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.core.errors import Diagnostic
    from bench.yamldoc.source import Place

LEAST_MEMORY_BYTES = 6 * 2**20
"""Docker refuses less: https://docs.docker.com/engine/containers/resource_constraints/."""

LEAST_CPUS = 0.01
"""The kernel takes no quota below 1 ms, of a period of 100 ms."""

_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_IMAGE = re.compile(
    r"(?:(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::\d+)?/)?"
    rf"{_PART}(?:/{_PART})*(?::\w[\w.-]{{0,127}})?(?:@[a-z0-9+._-]+:[0-9a-fA-F]{{32,}})?",
    re.ASCII,
)
"""A reference, by https://github.com/distribution/reference."""

_MODES = frozenset(
    {"ro", "rw", "z", "Z", "nocopy", "cached", "delegated", "consistent"}
    | {"shared", "rshared", "slave", "rslave", "private", "rprivate"}
)


def check_engine(container: Map) -> Iterator[Diagnostic]:
    """Every such fault in `container`, but for its limits."""
    for key in ("image", "base"):
        node = container.get(key)
        if node and (name := _text(node)) and not _IMAGE.fullmatch(name):
            fault = f"{shown(name)} is no name of an image"
            yield node.place.diagnostic(fault, "write it as nginx:1.27, in small letters")
    yield from understood(container.get("stop_signal"), signal_number)
    yield from understood(container.get("cpuset"), parse_cores)
    for key in ("command", "entrypoint"):
        yield from splittable(container.get(key))
    yield from _names(container.map("environment"))
    for key in ("args", "labels"):
        yield from _names(container.map("build").map(key))
    yield from _paths(container)
    yield from _volumes(container.get("volumes"))
    yield from _health(container.map("healthcheck").get("test"))
    for name, entry in container.map("ulimits").entries.items():
        both = entry.node if isinstance(entry.node, Map) else Map(entry.place, {})
        soft, hard = _number(both.get("soft")), _number(both.get("hard"))
        if soft is not None and hard is not None and -1 < hard < soft:
            fault = f"`{name}`: the soft limit is above the hard one"
            yield entry.place.diagnostic(fault, f"write at most {hard:.0f}")


def check_least(limits: Map, *, of_container: bool = True) -> Iterator[Diagnostic]:
    """Limits of a scenario that are too small to be set."""
    memory, cpus = limits.get("memory"), limits.get("cpus")
    try:
        size = parse_compose_bytes(_text(memory) or "") if memory and of_container else 0
    except ValueError:
        size = 0  # said where its form is checked
    if memory and size:
        yield from too_little(memory.place, size, None)
    if cpus:
        yield from too_little(cpus.place, None, _number(cpus))


def too_little(place: Place, memory: int | None, cpus: float | None) -> Iterator[Diagnostic]:
    """What is too small to be set, in bytes or in cores; 0 stands for no limit."""
    if memory and memory < LEAST_MEMORY_BYTES:
        fault = f"{format_bytes(memory)} of memory is less than an engine takes"
        yield place.diagnostic(fault, "the least is 6m")
    if cpus and 0 < cpus < LEAST_CPUS:
        fault = f"{cpus:g} cores is less than the kernel takes"
        yield place.diagnostic(fault, f"the least is {LEAST_CPUS}")


def understood(node: Node | None, read: Callable[[str], object]) -> Iterator[Diagnostic]:
    """What `read` says of the text in `node`."""
    if node is None or (text := _text(node)) is None:
        return
    try:
        read(text)
    except ValueError as error:
        message, _, suggestion = str(error).partition("; ")
        yield node.place.diagnostic(message, suggestion)


def splittable(command: Node | None) -> Iterator[Diagnostic]:
    """A command that is written as text is split as Compose does, without a shell."""
    if command is None or (text := _text(command)) is None:
        return
    try:
        shlex.split(text)
    except ValueError as error:
        fault = f"{shown(text)} cannot be split into words: {error}"
        yield command.place.diagnostic(fault, "close the quote, or write the words as a list")


def _names(variables: Map) -> Iterator[Diagnostic]:
    for name, entry in variables.entries.items():
        if not name or "=" in name:
            fault = f"{shown(name)} is no name of a variable"
            yield entry.place.diagnostic(fault, "write one without `=`")


def _paths(container: Map) -> Iterator[Diagnostic]:
    """Paths in the container, which must be absolute."""
    tmpfs = container.get("tmpfs")
    nodes = [container.get("working_dir"), *(tmpfs.items if isinstance(tmpfs, Series) else [tmpfs])]
    for node in nodes:
        if node:
            yield from _absolute(node)


def _absolute(node: Node) -> Iterator[Diagnostic]:
    path = _text(node)
    if path and not path.startswith("/"):
        fault = f"{shown(path)} is no path from the root of the container"
        yield node.place.diagnostic(fault, "begin it with a slash")


def _volumes(volumes: Node | None) -> Iterator[Diagnostic]:
    for item in volumes.items if isinstance(volumes, Series) else ():
        if (target := item.get("target") if isinstance(item, Map) else None) is not None:
            yield from _absolute(target)
        if not (text := _text(item)):
            continue
        parts = text.split(":")
        modes = parts[2].split(",") if len(parts) == 3 else []
        if not all(parts) or len(parts) > 3 or not _MODES.issuperset(modes):
            fault = f"{shown(text)} is not a volume"
            yield item.place.diagnostic(fault, "write SOURCE:TARGET or SOURCE:TARGET:ro")
        elif not parts[min(len(parts), 2) - 1].startswith("/"):
            fault = f"{shown(text)} is mounted at no path from the root of the container"
            yield item.place.diagnostic(fault, "begin what it is mounted at with a slash")


def _health(test: Node | None) -> Iterator[Diagnostic]:
    if isinstance(test, Series) and test.items:
        words = [_text(one) or "" for one in test.items]
        if words[:1] not in (["NONE"], ["CMD"], ["CMD-SHELL"]):
            fault = "the first word of `test` is none of NONE, CMD and CMD-SHELL"
            yield test.place.diagnostic(fault, "put one before it")
        elif words == ["CMD"] or (words[0] == "CMD-SHELL" and len(words) != 2):
            fault = f"`{words[0]}` without its command"
            more = "one text" if words[0] == "CMD-SHELL" else "the words of one"
            yield test.place.diagnostic(fault, f"put {more} after it")
    elif test and (text := _text(test)) is not None and not text.strip():
        yield test.place.diagnostic("a check without a command", "write one")


def _number(node: Node | None) -> float | None:
    if not isinstance(node, Scalar) or isinstance(node.value, bool):
        return None
    try:
        return float(node.value) if node.value is not None else None
    except ValueError:
        return None


def _text(node: Node | None) -> str | None:
    """The text in `node`; None too where a variable is left, which was said when it was found."""
    text = node.value if isinstance(node, Scalar) else None
    return text if isinstance(text, str) and "${" not in text else None


__all__ = ["check_engine", "check_least", "splittable", "too_little", "understood"]

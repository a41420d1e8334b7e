"""What a case with a `host` block must get right: a plain process lacks much of a container."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from bench.scenario.host import HOST_STATES
from bench.scenario.nodes import Map, Node, Scalar, Series
from bench.scenario.probes import COMPOSITES
from bench.scenario.suggest import did_you_mean, shown
from bench.stop_signal import signal_number
from bench.units import parse_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.errors import Diagnostic
    from bench.scenario.nodes import Entry

_INSIDE = {"command": "command", "working_dir": "working_dir"}
"""Keys of a container that stand within `host` for a process."""

_WITHOUT = (
    "entrypoint",
    "registry",
    "platform",
    "base",
    "ports",
    "volumes",
    "tmpfs",
    "shm_size",
    "read_only",
    "init",
    "user",
    "network_mode",
    "healthcheck",
    "cap_add",
    "cap_drop",
    "security_opt",
    "group_add",
    "sysctls",
    "ipc",
    "ulimits",
    "blkio_config",
    "replicas",
)
"""Keys of a container that a plain process has nothing for."""


def check_host(name: str, case: Map, folder: Path) -> Iterator[Diagnostic]:
    """Every such fault in `case`, called `name`, whose paths start from `folder`."""
    host = case.get("host")
    for key, entry in case.entries.items():
        if key in _INSIDE:
            fault = f"`{key}` of the plain process {shown(name)} stands within `host`"
            yield entry.place.diagnostic(fault, f"write `host: {{{key}: …}}`")
        elif key in _WITHOUT:
            fault = f"a plain process, as {shown(name)} is, has no `{key}`"
            yield entry.place.diagnostic(fault, _remedy(key))
    reservations = case.map("deploy").map("resources").entries.get("reservations")
    if reservations:
        fault = f"nothing is reserved for a plain process, as {shown(name)} is"
        yield reservations.place.diagnostic(fault, "use `gpus`, or leave it out")
    yield from _states(name, case.entries.get("cache"))
    yield from _health(name, case.map("ready"))
    yield from _understood(case.get("stop_signal"), signal_number)
    yield from _understood(case.get("cpuset"), parse_cores)
    if isinstance(host, Map):
        yield from _words(host.get("command"))
        setup = host.get("setup")
        for command in setup.items if isinstance(setup, Series) else ():
            yield from _words(command)
        yield from _folder(host, folder)


def _remedy(key: str) -> str:
    return f"leave it out; if it comes from the defaults, take it away with `{key}: null`"


def _states(name: str, cache: Entry | None) -> Iterator[Diagnostic]:
    if cache is None:
        return
    known = [one.value for one in HOST_STATES]
    for one in cache.node.items if isinstance(cache.node, Series) else [cache.node]:
        state = _text(one)
        if state in ("cold", "base"):
            fault = f"`cache: {state}` needs an image, and {shown(name)} is a plain process"
            advice = f"write `cache: {known[0]}` (page cache dropped) or `cache: {known[1]}` there"
            yield one.place.diagnostic(fault, advice)


def _health(name: str, ready: Map) -> Iterator[Diagnostic]:
    probes = [ready]
    for key in COMPOSITES:
        if isinstance(several := ready.get(key), Series):
            probes += [item for item in several.items if isinstance(item, Map)]
    for probe in probes:
        entry = probe.entries.get("healthcheck")
        if entry is not None:
            fault = f"no engine checks the health of a plain process, as {shown(name)} is"
            yield entry.place.diagnostic(fault, "use http, tcp, log, exec or exit")


def _understood(node: Node | None, read: Callable[[str], object]) -> Iterator[Diagnostic]:
    """What an engine would refuse, and bench itself must read here."""
    if node is None or (text := _text(node)) is None:
        return
    try:
        read(text)
    except ValueError as error:
        message, _, suggestion = str(error).partition("; ")
        yield node.place.diagnostic(message, suggestion)


def _words(command: Node | None) -> Iterator[Diagnostic]:
    """A command must have a program; as text it is split as Compose does, without a shell."""
    if isinstance(command, Series) and not command.items:
        yield command.place.diagnostic("a command without a program", "write at least one word")
    if command is None or (text := _text(command)) is None:
        return
    try:
        empty = not shlex.split(text)
    except ValueError as error:
        fault = f"{shown(text)} cannot be split into words: {error}"
        yield command.place.diagnostic(fault, "close the quote, or write the words as a list")
        return
    if empty:
        yield command.place.diagnostic("a command without a program", "write at least one word")


def _folder(host: Map, folder: Path) -> Iterator[Diagnostic]:
    where = host.get("working_dir")
    text = _text(where) if where else None
    if where is None or not text or (folder / text).is_dir():
        return
    parent = (folder / text).parent
    there = sorted(one.name for one in parent.iterdir() if one.is_dir()) if parent.is_dir() else []
    suggestion = did_you_mean((folder / text).name, there, kind="there are")
    yield where.place.diagnostic(f"there is no folder {shown(text)}", suggestion)


def _text(node: Node | None) -> str | None:
    return node.value if isinstance(node, Scalar) and isinstance(node.value, str) else None


__all__ = ["check_host"]

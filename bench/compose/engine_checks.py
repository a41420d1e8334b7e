"""Settings of a container that an engine, or the kernel, would refuse.

These keys have the same words in a scenario and in a Compose file, so both are checked here.
"""

from __future__ import annotations

import shlex
from functools import partial
from typing import TYPE_CHECKING

from bench.compose.engine_values import (
    check_capability,
    check_container_name,
    check_device_rule,
    check_host_address,
    check_host_name,
    check_image_name,
    check_ip_address,
    check_mac_address,
    check_platform,
    check_security_option,
    check_sysctl_name,
    check_tmpfs_mount,
    check_ulimit_name,
    check_volume_name,
)
from bench.core.stop_signal import signal_number
from bench.core.units import format_bytes, parse_compose_bytes, parse_cores, parse_duration_s
from bench.yamldoc.nodes import Map, Node, Scalar, Series
from bench.yamldoc.suggest import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from bench.core.errors import Diagnostic
    from bench.yamldoc.source import Place

LEAST_MEMORY_BYTES = 6 * 2**20
"""Docker refuses less: https://docs.docker.com/engine/containers/resource_constraints/."""

LEAST_CHECK_S = 0.001
"""Docker refuses times of a health check that are shorter, but for none at all."""

LEAST_CPUS = 0.01
"""The kernel takes no quota below 1 ms, of a period of 100 ms."""

_MODES = frozenset(
    {"ro", "rw", "z", "Z", "nocopy", "cached", "delegated", "consistent"}
    | {"shared", "rshared", "slave", "rslave", "private", "rprivate"}
)


_FORMS: dict[str, Callable[[str], object]] = {
    "image": check_image_name,
    "base": check_image_name,
    "platform": check_platform,
    "stop_signal": signal_number,
    "cpuset": parse_cores,
    "cap_add": check_capability,
    "cap_drop": check_capability,
    "security_opt": check_security_option,
    "tmpfs": check_tmpfs_mount,
}
"""Keys of a text, or of a list of texts, and what reads each."""

_FORMS_OF_COMPOSE: dict[str, Callable[[str], object]] = {
    "container_name": check_container_name,
    "hostname": check_host_name,
    "domainname": check_host_name,
    "mac_address": check_mac_address,
    "dns": check_ip_address,
    "device_cgroup_rules": check_device_rule,
}
"""The same of keys that only a Compose file has."""


def check_engine(container: Map) -> Iterator[Diagnostic]:
    """Every such fault in `container`, but for its limits."""
    yield from _forms(container, _FORMS)
    yield from _forms(container.map("build"), {"platforms": check_platform})
    for key in ("command", "entrypoint"):
        yield from splittable(container.get(key))
    yield from _names(container.map("environment"), "variable")
    if unnamed := container.map("labels").entries.get(""):
        yield unnamed.place.diagnostic("'' is no name of a label", "write one")
    yield from _names(container.map("build").map("args"), "variable")
    yield from _names(container.map("build").map("labels"), "label")
    yield from _paths(container)
    yield from _volumes(container.get("volumes"))
    yield from _health(container.map("healthcheck"))
    yield from _sysctls(container)
    yield from _ulimits(container.map("ulimits"))
    yield from _block_devices(container.map("blkio_config"))


def check_of_compose(service: Map) -> Iterator[Diagnostic]:
    """Every such fault in the keys of `service` that a scenario has not."""
    yield from _forms(service, _FORMS_OF_COMPOSE)
    for name, entry in service.map("extra_hosts").entries.items():
        yield from _names(Map(entry.place, {name: entry}), "host")
        for item in _items(entry.node):
            yield from understood(item, check_host_address)
    for item in _items(service.get("devices")):
        yield from _device(item)


def _forms(keys: Map, forms: Mapping[str, Callable[[str], object]]) -> Iterator[Diagnostic]:
    for key, read in forms.items():
        for item in _items(keys.get(key)):
            yield from understood(item, read)


def _items(node: Node | None) -> Sequence[Node]:
    """The items of a list; a value that is none, alone."""
    return node.items if isinstance(node, Series) else [node] if node else []


def _ulimits(limits: Map) -> Iterator[Diagnostic]:
    for name, entry in limits.entries.items():
        yield from _read(entry.place, name, check_ulimit_name)
        both = entry.node if isinstance(entry.node, Map) else Map(entry.place, {})
        soft, hard = _number(both.get("soft")), _number(both.get("hard"))
        if soft is not None and hard is not None and hard > -1 and not -1 < soft <= hard:
            fault = f"`{name}`: the soft limit is above the hard one"
            yield entry.place.diagnostic(fault, f"write at most {hard:.0f}")


def _sysctls(container: Map) -> Iterator[Diagnostic]:
    on_host = _text(container.get("network_mode")) == "host"
    ipc_of_host = _text(container.get("ipc")) == "host"
    read = partial(check_sysctl_name, host_network=on_host, host_ipc=ipc_of_host)
    for name, entry in container.map("sysctls").entries.items():
        yield from _read(entry.place, name, read)


def _block_devices(config: Map) -> Iterator[Diagnostic]:
    for entry in config.entries.values():
        for item in _items(entry.node):
            if isinstance(item, Map) and (path := item.get("path")):
                yield from _absolute(path, "host")


def _device(mapping: Node) -> Iterator[Diagnostic]:
    """A device of a Compose file in its long form, by its path or by the name of its interface."""
    source = mapping.get("source") if isinstance(mapping, Map) else None
    target = mapping.get("target") if isinstance(mapping, Map) else None
    if source is None or "=" in (_text(source) or ""):
        return
    faults = list(_absolute(source, "host"))
    yield from faults
    if target and not faults:
        yield from _absolute(target, "container")


def check_least(container: Map, *, of_container: bool = True) -> Iterator[Diagnostic]:
    """Limits of a scenario that are too small to be set, and reservations that do not fit them."""
    resources = container.map("deploy").map("resources")
    least = 0
    for limits in (container.map("limits"), resources.map("limits")):
        memory, cpus = limits.get("memory"), limits.get("cpus")
        if memory and of_container:
            least = _bytes(memory)
            yield from too_little(memory.place, least, None)
        if cpus:
            yield from too_little(cpus.place, None, _number(cpus))
    reserved = resources.map("reservations").entries.get("memory")
    if reserved and of_container:
        yield from too_much_reserved(reserved.place, _bytes(reserved.node), least)


def _bytes(node: Node) -> int:
    try:
        return parse_compose_bytes(_text(node) or "")
    except ValueError:
        return 0  # said where its form is checked


def too_little(place: Place, memory: int | None, cpus: float | None) -> Iterator[Diagnostic]:
    """A fault where a limit is too small, in bytes or in cores; 0 stands for no limit."""
    if memory and memory < LEAST_MEMORY_BYTES:
        fault = f"{format_bytes(memory)} of memory is less than an engine takes"
        yield place.diagnostic(fault, "the least is 6m")
    if cpus and 0 < cpus < LEAST_CPUS:
        fault = f"{cpus:g} cores is less than the kernel takes"
        yield place.diagnostic(fault, f"the least is {LEAST_CPUS}")


def too_much_reserved(place: Place, reserved: int, limit: int) -> Iterator[Diagnostic]:
    """Reserved memory that no engine takes, in bytes; 0 stands for none, and for no limit."""
    yield from too_little(place, reserved, None)
    if limit and reserved > limit:
        fault = f"{format_bytes(reserved)} of memory are reserved, more than the limit of "
        yield place.diagnostic(fault + format_bytes(limit), "reserve at most the limit")


def understood(node: Node | None, read: Callable[[str], object]) -> Iterator[Diagnostic]:
    """A fault where `read` refuses the text in `node`."""
    if node is not None and (text := _text(node)) is not None:
        yield from _read(node.place, text, read)


def _read(place: Place, text: str, read: Callable[[str], object]) -> Iterator[Diagnostic]:
    try:
        read(text)
    except ValueError as error:
        message, _, suggestion = str(error).partition("; ")
        yield place.diagnostic(message, suggestion)


def splittable(command: Node | None) -> Iterator[Diagnostic]:
    """A command that is written as text is split as Compose does, without a shell."""
    if command is None or (text := _text(command)) is None:
        return
    try:
        shlex.split(text)
    except ValueError as error:
        fault = f"{shown(text)} cannot be split into words: {error}"
        yield command.place.diagnostic(fault, "close the quote, or write the words as a list")


def _names(named: Map, kind: str) -> Iterator[Diagnostic]:
    for name, entry in named.entries.items():
        if not name or "=" in name:
            fault = f"{shown(name)} is no name of a {kind}"
            yield entry.place.diagnostic(fault, "write one without `=`")


def _paths(container: Map) -> Iterator[Diagnostic]:
    """Paths in the container, which must be absolute."""
    if working_dir := container.get("working_dir"):
        yield from _absolute(working_dir)
    for item in _items(container.get("tmpfs")):
        path = (_text(item) or "").partition(":")[0]
        yield from _absolute(Scalar(item.place, path, path))
        yield from _not_all(item.place, path)


def _absolute(node: Node, whose: str = "container") -> Iterator[Diagnostic]:
    path = _text(node)
    if path and not path.startswith("/"):
        fault = f"{shown(path)} is no path from the root of the {whose}"
        yield node.place.diagnostic(fault, "begin it with a slash")


def _not_all(place: Place, target: str) -> Iterator[Diagnostic]:
    if target and not target.strip("/"):
        fault = "a mount at / would hide the whole image"
        yield place.diagnostic(fault, "mount it at a folder, such as /data")


def _volumes(volumes: Node | None) -> Iterator[Diagnostic]:
    for item in volumes.items if isinstance(volumes, Series) else ():
        if (target := item.get("target") if isinstance(item, Map) else None) is not None:
            yield from _absolute(target)
            yield from _not_all(item.place, _text(target) or "")
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
        elif len(parts) > 1 and not parts[0].startswith((".", "/", "~")):
            yield from _read(item.place, parts[0], check_volume_name)
            yield from _not_all(item.place, parts[1])
        else:
            yield from _not_all(item.place, parts[min(len(parts), 2) - 1])


def _health(check: Map) -> Iterator[Diagnostic]:
    for key in ("interval", "timeout", "start_period", "start_interval"):
        node = check.get(key)
        if node and 0 < _duration_s(_text(node) or "") < LEAST_CHECK_S:
            fault = f"`{key}`: {shown(_text(node))} is less than an engine takes"
            yield node.place.diagnostic(fault, "the least is 1ms")
    test = check.get("test")
    if isinstance(test, Series):
        words = [_text(word) or "" for word in test.items]
        if words[:1] not in (["NONE"], ["CMD"], ["CMD-SHELL"], []):
            fault = "the first word of `test` is none of NONE, CMD and CMD-SHELL"
            yield test.place.diagnostic(fault, "put one before it")
        elif words == ["CMD"] or (words[:1] == ["CMD-SHELL"] and len(words) != 2):
            fault = f"`{words[0]}` without its command"
            more = "one text" if words[0] == "CMD-SHELL" else "the words of one"
            yield test.place.diagnostic(fault, f"put {more} after it")
    elif test and (text := _text(test)) is not None:
        if not text.strip():
            yield test.place.diagnostic("a check without a command", "write one")
        elif text.strip() == "NONE":
            fault = "a shell would run a program that is called NONE"
            yield test.place.diagnostic(fault, "write [NONE] to switch the check off")


def _duration_s(text: str) -> float:
    try:
        return parse_duration_s(text)
    except ValueError:
        return 0.0  # said where its form is checked


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


__all__ = [
    "check_engine",
    "check_least",
    "check_of_compose",
    "splittable",
    "too_little",
    "understood",
]

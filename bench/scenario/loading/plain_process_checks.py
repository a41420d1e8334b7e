"""Checks of a case with a `host` block: a plain process lacks much of a container."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from bench.compose.engine_checks import splittable, understood
from bench.core.stop_signal import signal_number
from bench.core.units import parse_cores
from bench.scenario.loading.tree import text_of
from bench.scenario.plain_process import HOST_STATES
from bench.yamldoc.nodes import Map, Node, Series
from bench.yamldoc.suggest import did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.core.errors import Diagnostic
    from bench.yamldoc.nodes import Entry

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
    yield from understood(case.get("stop_signal"), signal_number)
    yield from understood(case.get("cpuset"), parse_cores)
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
    known = [state.value for state in HOST_STATES]
    for item in cache.node.items if isinstance(cache.node, Series) else [cache.node]:
        state = text_of(item)
        if state in ("cold", "base"):
            fault = f"`cache: {state}` needs an image, and {shown(name)} is a plain process"
            advice = f"write `cache: {known[0]}` (page cache dropped) or `cache: {known[1]}` there"
            yield item.place.diagnostic(fault, advice)


def _words(command: Node | None) -> Iterator[Diagnostic]:
    """A command must have a program; as text it is split as Compose does, without a shell."""
    if isinstance(command, Series) and not command.items:
        yield command.place.diagnostic("a command without a program", "write at least one word")
    faults = list(splittable(command))
    yield from faults
    if command is None or faults or (text := text_of(command)) is None:
        return
    if not shlex.split(text):
        yield command.place.diagnostic("a command without a program", "write at least one word")


def _folder(host: Map, folder: Path) -> Iterator[Diagnostic]:
    where = host.get("working_dir")
    text = text_of(where) if where else None
    if where is None or not text:
        return
    path = folder / text
    try:
        if path.is_dir():
            return
        there = sorted(sibling.name for sibling in path.parent.iterdir() if sibling.is_dir())
    except OSError:  # a name that is too long, or a folder that is not there or may not be read
        there = []
    suggestion = did_you_mean(path.name, there, kind="there are")
    yield where.place.diagnostic(f"there is no folder {shown(text)}", suggestion)


__all__ = ["check_host"]

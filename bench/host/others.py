"""Who else is at work on this host: the busiest programs, and containers of anybody."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_LOOKED_S = 0.5
_KEEPERS = ("containerd-shim", "conmon")
"""How the programs are called of which every container of Docker, containerd, Podman has one."""

_OWN_SOCKET = b"/run/container-bench/"


@dataclass(frozen=True)
class Busy:
    """A program that is running now."""

    name: str
    pid: int
    cores: float


def busiest(
    root: Path = Path("/"), sleep: Callable[[float], None] = time.sleep, least: float = 0.1
) -> list[Busy]:
    """The programs that use `least` cores or more just now, the busiest first; this one apart."""
    before = _used_s(root)
    sleep(_LOOKED_S)
    found = [
        Busy(name, pid, (used_s - before[pid][1]) / _LOOKED_S)
        for pid, (name, used_s) in _used_s(root).items()
        if pid in before and pid != os.getpid()
    ]
    return sorted(
        (one for one in found if one.cores >= least), key=lambda one: one.cores, reverse=True
    )


def containers(root: Path = Path("/")) -> tuple[int, int]:
    """How many containers run on this host: of bench's own engine, and of all others."""
    own = others = 0
    for pid, (name, _) in _used_s(root).items():
        if not name.startswith(_KEEPERS):
            continue
        try:
            command = (root / "proc" / str(pid) / "cmdline").read_bytes()
        except OSError:  # it has ended
            continue
        if _OWN_SOCKET in command:
            own += 1
        else:
            others += 1
    return own, others


def _used_s(root: Path) -> dict[int, tuple[str, float]]:
    """Name and CPU seconds of every process."""
    found = {}
    for file in (root / "proc").glob("[0-9]*/stat"):
        try:
            head, _, tail = file.read_text(errors="replace").rpartition(")")
        except OSError:  # it has ended
            continue
        fields = tail.split()
        used = int(fields[11]) + int(fields[12])
        found[int(file.parent.name)] = (head.partition("(")[2], used * _TICK_S)
    return found

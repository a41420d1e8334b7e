"""Other work on this host: the busiest programs, and running containers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.journal.facts.host import Busy

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_KEEPERS = ("containerd-shim", "conmon")
"""How the programs are called of which every container of Docker, containerd, Podman has one."""

_OWN_SOCKET = b"/run/container-bench/"


@dataclass(frozen=True)
class CpuTimes:
    """CPU time of a process at one reading.

    Attributes:
        parent: its parent's process id.
        used_s: CPU seconds of all its threads.
        reaped_s: CPU seconds of the children that have ended, and of theirs.
    """

    name: str
    parent: int
    used_s: float
    reaped_s: float


def read_processes(root: Path = Path("/")) -> dict[int, CpuTimes]:
    """Every process that there is, by its id."""
    found = {}
    for file in (root / "proc").glob("[0-9]*/stat"):
        try:
            head, _, tail = file.read_text(errors="replace").rpartition(")")
        except OSError:  # it has ended
            continue
        fields = tail.split()
        user, system, reaped_user, reaped_system = (int(field) for field in fields[11:15])
        found[int(file.parent.name)] = CpuTimes(
            name=head.partition("(")[2],
            parent=int(fields[1]),
            used_s=(user + system) * _TICK_S,
            reaped_s=(reaped_user + reaped_system) * _TICK_S,
        )
    return found


def busiest(
    before: Mapping[int, CpuTimes],
    after: Mapping[int, CpuTimes],
    seconds: float,
    *,
    own: Collection[int] = (),
    least: float = 0.1,
) -> tuple[Busy, ...]:
    """The programs that used `least` cores or more between two looks, the busiest first.

    Children that ended in between are counted with the parent that has waited for them: a compiler
    that runs for a blink of an eye is found as the `make` that starts one after the other. The
    past of an orphan is charged to the process that adopts it: more than the cores could give is
    left out.

    Args:
        before: at the one moment.
        after: at the other.
        seconds: between the two.
        own: processes that belong to bench itself; this one is among them.
        least: cores.
    """
    most_s = (os.cpu_count() or 1) * (seconds + _TICK_S)
    found = [
        Busy(now.name, pid, used_s / seconds)
        for pid, now in after.items()
        if pid != os.getpid()
        and pid not in own
        and least * seconds <= (used_s := _used_s(pid, before, after)) <= most_s
    ]
    return tuple(sorted(found, key=lambda user: user.cores, reverse=True))


def _used_s(pid: int, before: Mapping[int, CpuTimes], after: Mapping[int, CpuTimes]) -> float:
    now, then = after[pid], before.get(pid, CpuTimes("", 0, 0.0, 0.0))
    own_s = now.used_s - then.used_s
    children_s = now.reaped_s - then.reaped_s - _past_s(pid, before, after)
    return own_s + max(0.0, children_s)


def _past_s(pid: int, before: Mapping[int, CpuTimes], after: Mapping[int, CpuTimes]) -> float:
    """CPU seconds of ended descendants before the first reading, which are now their parent's."""
    return sum(
        process.used_s + process.reaped_s + _past_s(child, before, after)
        for child, process in before.items()
        if process.parent == pid and child != pid and child not in after
    )


def containers(root: Path = Path("/")) -> tuple[int, int]:
    """How many containers run on this host: of bench's own engine, and of all others."""
    own = others = 0
    for pid, process in read_processes(root).items():
        if not process.name.startswith(_KEEPERS):
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

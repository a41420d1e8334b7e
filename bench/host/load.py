"""How busy the host and bench's own daemons were over a stretch of time."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class HostLoad:
    """Counters of the whole host at one moment, in seconds of one core since boot."""

    busy_s: float
    idle_s: float
    steal_s: float
    daemon_s: dict[str, float]
    swapped_pages: int
    wall_minus_monotonic_s: float


def read_load(daemons: dict[str, int]) -> HostLoad:
    """The counters now; `daemons` are pids by name, and those that are gone are left out."""
    import time

    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    idle = fields[3] + fields[4]
    steal = fields[7] if len(fields) > 7 else 0
    return HostLoad(
        busy_s=(sum(fields[:8]) - idle - steal) * _TICK_S,
        idle_s=idle * _TICK_S,
        steal_s=steal * _TICK_S,
        daemon_s={
            name: seconds for name, pid in daemons.items() if (seconds := _cpu_s(pid)) is not None
        },
        swapped_pages=_swapped_pages(),
        wall_minus_monotonic_s=time.time() - time.monotonic(),
    )


def _cpu_s(pid: int) -> float | None:
    """CPU seconds of a process with its threads; children that it has reaped count too."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return sum(int(field) for field in fields[11:15]) * _TICK_S


def _swapped_pages() -> int:
    total = 0
    for line in Path("/proc/vmstat").read_text().splitlines():
        if line.startswith(("pswpin ", "pswpout ")):
            total += int(line.split()[1])
    return total


def load_between(before: HostLoad, after: HostLoad) -> dict[str, object]:
    """What happened between two readings, for a trial's record.

    Returns:
        `steal_share` and `busy_share` of all core time, `swapped_pages`, `clock_step_s` (how far
        the wall clock moved against the monotonic one) and CPU seconds by daemon.
    """
    spent = (
        after.busy_s - before.busy_s + after.idle_s - before.idle_s + after.steal_s - before.steal_s
    )
    return {
        "steal_share": round((after.steal_s - before.steal_s) / spent, 4) if spent > 0 else 0.0,
        "busy_share": round((after.busy_s - before.busy_s) / spent, 4) if spent > 0 else 0.0,
        "swapped_pages": after.swapped_pages - before.swapped_pages,
        "clock_step_s": round(after.wall_minus_monotonic_s - before.wall_minus_monotonic_s, 3),
        "cpu_s": {
            name: round(after.daemon_s[name] - before.daemon_s[name], 2)
            for name in after.daemon_s
            if name in before.daemon_s
        },
    }

"""The load of the host over a stretch of time: bench's own share, and that of everything else."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.host.thermal import ThermalCounters, read_thermal
from bench.journal.facts.host import HostUse

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")

WORKLOAD = "workload"
"""The name under which the CPU time of the trial's own containers stands beside the daemons'."""

_ENGINE = "measuring"


@dataclass(frozen=True)
class HostLoad:
    """Counters of the whole host at one moment, times in seconds of one core since boot.

    Attributes:
        daemon_s: of bench, its daemons and the services, by name.
        swapped_pages: pages moved to or from swap.
        wall_minus_monotonic_s: changes when the clock is set.
        monotonic_s: when that was.
        swap_used_bytes: what lies in swap; None where it was not read, as the next.
        memory_available_bytes: what programs can still have without swapping.
        stalled_s: time in which some task waited for `cpu`, `io`, `memory`; empty without PSI.
        thermal: what the sensors of heat have counted.
    """

    busy_s: float
    idle_s: float
    steal_s: float
    daemon_s: dict[str, float]
    swapped_pages: int
    wall_minus_monotonic_s: float
    monotonic_s: float = 0.0
    swap_used_bytes: int | None = None
    memory_available_bytes: int | None = None
    stalled_s: dict[str, float] = field(default_factory=dict)
    thermal: ThermalCounters = field(default_factory=lambda: ThermalCounters({}, {}))


def read_load(daemons: dict[str, int], root: Path = Path("/")) -> HostLoad:
    """The counters now.

    Args:
        daemons: pids by name; those that are gone are left out.
        root: where `proc` and `sys` are.
    """
    proc = root / "proc"
    fields = [int(field) for field in (proc / "stat").read_text().split("\n", 1)[0].split()[1:]]
    idle = fields[3] + fields[4]
    steal = fields[7] if len(fields) > 7 else 0
    memory = read_memory(root)
    now_s, wall_s = time.monotonic(), time.time()
    return HostLoad(
        busy_s=(sum(fields[:8]) - idle - steal) * _TICK_S,
        idle_s=idle * _TICK_S,
        steal_s=steal * _TICK_S,
        daemon_s={
            name: seconds
            for name, pid in daemons.items()
            if (seconds := _cpu_s(proc, pid)) is not None
        },
        swapped_pages=_swapped_pages(proc),
        wall_minus_monotonic_s=wall_s - now_s,
        monotonic_s=now_s,
        swap_used_bytes=memory["SwapTotal"] - memory["SwapFree"],
        memory_available_bytes=memory["MemAvailable"],
        stalled_s=_stalled_s(proc),
        thermal=read_thermal(root),
    )


def read_memory(root: Path = Path("/")) -> dict[str, int]:
    """The fields of `/proc/meminfo` in bytes."""
    found = {}
    for line in (root / "proc" / "meminfo").read_text().splitlines():
        name, _, value = line.partition(":")
        found[name] = int(value.split()[0]) * 1024
    return found


def _cpu_s(proc: Path, pid: int) -> float | None:
    """CPU seconds of a process with its threads, and of the children that it has reaped.

    Not so of bench itself: a plain process that it measures is its child, and has a cgroup.
    """
    try:
        fields = (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return sum(int(field) for field in fields[11 : 13 if pid == os.getpid() else 15]) * _TICK_S


def _swapped_pages(proc: Path) -> int:
    total = 0
    for line in (proc / "vmstat").read_text().splitlines():
        if line.startswith(("pswpin ", "pswpout ")):
            total += int(line.split()[1])
    return total


def _stalled_s(proc: Path) -> dict[str, float]:
    """Seconds for which some task was held up, by resource; empty without PSI."""
    found = {}
    for resource in ("cpu", "io", "memory"):
        try:
            text = (proc / "pressure" / resource).read_text()
        except OSError:  # a kernel without it, or booted with psi=0
            continue
        some = next(line for line in text.splitlines() if line.startswith("some "))
        found[resource] = int(some.rpartition("total=")[2]) / 1e6
    return found


def load_between(
    before: HostLoad,
    after: HostLoad,
    workload_s: float | None = None,
    *,
    with_engine: bool = True,
) -> HostUse:
    """The load between two readings, for a trial's record.

    Args:
        before: at the one moment.
        after: at the other.
        workload_s: CPU seconds of the trial's own containers; None where they are not known.
        with_engine: whether an engine ran them: else it is one of the others.
    """
    busy_s = after.busy_s - before.busy_s
    steal_s = after.steal_s - before.steal_s
    core_s = max(0.0, busy_s + after.idle_s - before.idle_s + steal_s)
    used_s = {
        name: max(0.0, after.daemon_s[name] - before.daemon_s[name])
        for name in after.daemon_s
        if name in before.daemon_s
    }
    if workload_s is not None:
        used_s[WORKLOAD] = workload_s
    other_share = None
    known = {WORKLOAD, _ENGINE} if with_engine else {WORKLOAD}
    if core_s > 0 and known <= set(used_s):
        # the counters of the parts are not read at the same moment, nor as finely
        other_share = round(max(0.0, busy_s - sum(used_s.values())) / core_s, 4)
    return HostUse(
        wall_s=round(after.monotonic_s - before.monotonic_s, 3),
        core_s=round(core_s, 2),
        steal_share=round(steal_s / core_s, 4) if core_s > 0 else 0.0,
        busy_share=round(busy_s / core_s, 4) if core_s > 0 else 0.0,
        swapped_pages=after.swapped_pages - before.swapped_pages,
        swap_used_bytes=before.swap_used_bytes,
        memory_available_bytes=before.memory_available_bytes,
        clock_step_s=round(after.wall_minus_monotonic_s - before.wall_minus_monotonic_s, 3),
        cpu_s={name: round(seconds, 2) for name, seconds in used_s.items()},
        other_share=other_share,
        stalled_s={
            name: round(seconds - before.stalled_s.get(name, seconds), 3)
            for name, seconds in after.stalled_s.items()
        },
        thermal=after.thermal.since(before.thermal) if after.thermal.are_there else None,
    )

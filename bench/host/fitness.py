"""Conditions of this host that disturb measuring: other work, few cores, little memory, heat."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from bench.core.units import format_bytes
from bench.host.finding import Health, HostFinding
from bench.host.load import read_load, read_memory
from bench.host.others import containers
from bench.host.present import Present, look
from bench.host.thermal import governors, read_thermal
from bench.scenario.host_bounds import DISTURBED_SHARE, OTHER_LOAD

_NAMED = 3
_LOOKED_S = 0.5

NEEDED_BYTES = 8 * 2**30
"""The limit of CI-7 for a pod: a host with less reaches its own limit first."""


def cores() -> HostFinding:
    """Whether bench and the workload can each have one."""
    count = os.cpu_count() or 1
    if count < 2:
        return HostFinding(
            "cores", Health.LESS, "one: bench and the workload share it", "use a host with two"
        )
    return HostFinding("cores", Health.GOOD, f"{count}; the engine and bench share them")


def present() -> Present:
    """The load that other programs put on this host just now."""
    return look(lambda: read_load({"bench": os.getpid()}), _LOOKED_S, names=_NAMED)


def load(now: Present) -> HostFinding:
    """Whether other programs keep the cores busy, and which."""
    average, count = os.getloadavg()[0], os.cpu_count() or 1
    past = f"load average {average:.2f} over the last minute"
    if now.other_share >= DISTURBED_SHARE:
        return HostFinding(
            "load",
            Health.LESS,
            f"{now}; {past}",
            "wait for other work to end: `bench run` waits too, and a trial in which it takes "
            f"more than {OTHER_LOAD:.0%} of the core time is invalid",
        )
    text = f"other programs take {now.other_share:.0%} of the core time; {past}"
    if average > count / 2:
        return HostFinding(
            "load",
            Health.LESS,
            f"{text} on {count} cores: it is quiet now, but was not",
            "wait for other work to end; `bench run` waits if it comes back",
        )
    return HostFinding("load", Health.GOOD, text)


def other_containers() -> HostFinding:
    """Whether containers run here that are not of the run to come."""
    own, others = containers()
    if not own and not others:
        return HostFinding("containers", Health.GOOD, "none run beside the trials")
    text = " and ".join(
        f"{count} of {whose}"
        for count, whose in ((own, "bench's own engine"), (others, "other engines"))
        if count
    )
    remedy = "stop them while you measure"
    if own:
        remedy = "if no other run is active, `bench clean` removes bench's own"
    return HostFinding(
        "containers", Health.LESS, f"{text} are running: they share the host", remedy
    )


def steal(now: Present) -> HostFinding:
    """Whether other tenants of the machine below take core time, or took it."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    total = sum(fields)
    share = fields[7] / total if len(fields) > 7 and total else 0.0
    if max(share, now.steal_share) > 0.05:
        return HostFinding(
            "steal",
            Health.LESS,
            f"{now.steal_share:.0%} of the core time goes to other tenants now, {share:.0%} "
            "since boot",
            "compare cases within one run; ratios are more reliable than seconds",
        )
    return HostFinding("steal", Health.GOOD, f"{share:.1%} of the core time since boot")


def memory() -> HostFinding:
    """Whether a case can have as much memory as the standard allows it."""
    found = read_memory()
    text = f"{format_bytes(found['MemAvailable'])} available of {format_bytes(found['MemTotal'])}"
    if found["MemAvailable"] < NEEDED_BYTES:
        return HostFinding(
            "memory",
            Health.LESS,
            f"{text}: less than the {format_bytes(NEEDED_BYTES)} that a case may use (CI-7)",
            "stop other programs, or use a larger host for such a case",
        )
    return HostFinding("memory", Health.GOOD, text)


def swap() -> HostFinding:
    """Whether a shortage of memory would be hidden."""
    found = read_memory()
    if found["SwapTotal"] > 0:
        used = format_bytes(found["SwapTotal"] - found["SwapFree"])
        return HostFinding(
            "swap",
            Health.LESS,
            f"is on, {used} in use: it hides a shortage of memory in the need arm",
            "swapoff -a while you measure",
        )
    return HostFinding("swap", Health.GOOD, "off")


def disk() -> HostFinding:
    """Whether images find room."""
    free = shutil.disk_usage("/var/lib").free
    if free < 8 * 2**30:
        return HostFinding(
            "disk",
            Health.LESS,
            f"{free / 2**30:.1f} GiB free under /var/lib",
            "free some space: images are stored three times: built, in the registry, and pulled",
        )
    return HostFinding("disk", Health.GOOD, f"{free / 2**30:.0f} GiB free under /var/lib")


def heat() -> HostFinding:
    """Whether it would be seen that cores are slowed down for their heat, and were."""
    counters = read_thermal()
    if not counters.are_there:
        return HostFinding(
            "heat",
            Health.LESS,
            "no counters, as in most virtual machines: thermal throttling is not detected",
            "compare cases within one run, or measure on bare metal",
        )
    count = max(counters.events.values())
    if count:
        return HostFinding(
            "heat",
            Health.LESS,
            f"cores were throttled {count} times since boot",
            "improve cooling, or pause between runs; throttled trials are marked",
        )
    return HostFinding("heat", Health.GOOD, "no throttling since boot")


def clock_rate() -> HostFinding:
    """Whether cores may run slower because they have little to do."""
    found = governors()
    if not found:
        return HostFinding(
            "clock rate", Health.GOOD, "unknown: this host does not show the frequency governor"
        )
    if found != ["performance"]:
        return HostFinding(
            "clock rate",
            Health.LESS,
            f"governor {' and '.join(found)}: the cores may be slow in short starts",
            "cpupower frequency-set -g performance",
        )
    return HostFinding("clock rate", Health.GOOD, "performance")

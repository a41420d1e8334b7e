"""Limits of a service that no engine, or no kernel, would set: alone, and beside one another.

What an engine checks is in its `verifyPlatformContainerResources`
(https://github.com/moby/moby/blob/master/daemon/daemon_unix.go).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bench.compose.engine_checks import too_little, too_much_reserved
from bench.compose.values import MOST_CORES
from bench.core.units import format_bytes, parse_cores

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.compose.model import Service
    from bench.compose.places import Places
    from bench.core.errors import Diagnostic

_LEAST_QUOTA_US = 1000
_PERIODS_US = range(1000, 1_000_000 + 1)
_SHARES = range(2, 262_144 + 1)
"""Weights between which the kernel divides cores."""

_LONG = ("deploy", "resources", "limits")


def check_limits(service: Service, at: Places) -> Iterator[Diagnostic]:
    """Every such fault in `service`, whose keys stand `at` these places."""
    yield from _twice(service, at)
    yield from _too_little(service, at)
    yield from _of_time(service, at)
    yield from _of_memory(service, at)
    if service.cpu_shares and service.cpu_shares not in _SHARES:
        fault = f"{service.cpu_shares} is no share of the cores"
        advice = f"write {_SHARES[0]} to {_SHARES[-1]}; 1024 is usual"
        yield at.key("cpu_shares").diagnostic(fault, advice)


def absent_cores(cpuset: str | None) -> list[int]:
    """Cores of `cpuset` that this host has not; none where it is no list of cores."""
    try:
        cores = parse_cores(cpuset) if cpuset else frozenset[int]()
    except ValueError:
        return []
    return sorted(core for core in cores if core >= (os.cpu_count() or MOST_CORES))


def _twice(service: Service, at: Places) -> Iterator[Diagnostic]:
    """Limits that stand there in two ways, and differ."""
    given = service.deploy.resources.limits
    for key, short, long in (
        ("cpus", service.cpus, given.cpus),
        ("mem_limit", service.mem_limit, given.memory),
        ("pids_limit", service.pids_limit, given.pids),
    ):
        if short and long and short != long:  # 0 is no limit
            fault = f"`{key}` and `deploy.resources.limits` differ"
            yield at.key(key).diagnostic(fault, "keep one of them")


def _too_little(service: Service, at: Places) -> Iterator[Diagnostic]:
    given = service.deploy.resources.limits
    for path, memory, cpus in (
        (("mem_limit",), service.mem_limit, None),
        (("cpus",), None, service.cpus),
        ((*_LONG, "memory"), given.memory, None),
        ((*_LONG, "cpus"), None, given.cpus),
    ):
        yield from too_little(at.key(*path), memory, cpus)


def _of_time(service: Service, at: Places) -> Iterator[Diagnostic]:
    """Quotas and periods of the kernel's scheduler."""
    quota, period = service.cpu_quota or 0, service.cpu_period or 0
    cores = service.cpus or service.deploy.resources.limits.cpus
    for key, given in (("cpu_quota", quota > 0), ("cpu_period", period)):
        if cores and given:
            fault = f"`cpus` and `{key}` together, which no engine takes"
            yield at.key(key).diagnostic(fault, "keep one of them")
            return
    if period and period not in _PERIODS_US:
        fault = f"a period of {period} µs is none that the kernel takes"
        advice = f"write {_PERIODS_US[0]} to {_PERIODS_US[-1]} (1 ms to 1 s)"
        yield at.key("cpu_period").diagnostic(fault, advice)
    elif 0 < quota < _LEAST_QUOTA_US:
        fault = f"a quota of {quota} µs is less than the kernel takes"
        yield at.key("cpu_quota").diagnostic(fault, f"the least is {_LEAST_QUOTA_US} (1 ms)")
    elif quota > 0:
        yield from too_little(at.key("cpu_quota"), None, service.limits.cpus)
    runtime, whole = service.cpu_rt_runtime or 0, service.cpu_rt_period or 0
    if whole and runtime > whole:
        fault = "`cpu_rt_runtime` is longer than `cpu_rt_period`, of which it is a part"
        yield at.key("cpu_rt_runtime").diagnostic(fault, f"write at most {whole}")


def _of_memory(service: Service, at: Places) -> Iterator[Diagnostic]:
    """Reserved memory, and the sum of memory and swap, against the limit."""
    limit = service.limits.memory or 0
    reservations = ("deploy", "resources", "reservations", "memory")
    for path, reserved in (
        (("mem_reservation",), service.mem_reservation),
        (reservations, service.deploy.resources.reservations.memory),
    ):
        yield from too_much_reserved(at.key(*path), reserved or 0, limit)
    swap = service.memswap_limit or 0
    if swap > 0 and not limit:
        fault = "`memswap_limit` without a limit of memory, which no engine takes"
        yield at.key("memswap_limit").diagnostic(fault, "write `mem_limit` too, or leave it out")
    elif 0 < swap < limit:
        fault = f"{format_bytes(swap)} of memory with swap is less than of memory alone"
        advice = f"write at least the limit of {format_bytes(limit)}, or leave it out"
        yield at.key("memswap_limit").diagnostic(fault, advice)

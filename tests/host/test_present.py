"""What others do on this host just now, by two looks at it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bench.host.load import HostLoad, read_load
from bench.host.others import busiest, read_processes
from bench.host.present import Present, look
from bench.journal.facts.host import Busy
from bench.scenario.host_bounds import HostBounds
from tests.loops import busy_loops

if TYPE_CHECKING:
    from collections.abc import Callable


def readings(*loads: HostLoad) -> Callable[[], HostLoad]:
    left = list(loads)
    return lambda: left.pop(0)


def host(busy_s: float, idle_s: float, *, steal_s: float = 0.0, bench_s: float = 0.0) -> HostLoad:
    return HostLoad(busy_s, idle_s, steal_s, {"bench": bench_s}, 0, 0.0, busy_s)


def seen(*loads: HostLoad) -> Present:
    return look(readings(*loads), 0.0, sleep=lambda _: None)


def test_what_bench_and_its_daemons_use_is_not_that_of_others():
    now = seen(host(0.0, 0.0), host(1.0, 1.0, bench_s=0.6))
    assert (now.other_share, now.steal_share) == (0.2, 0.0)


def test_other_tenants_are_told_apart_from_other_programs():
    now = seen(host(0.0, 0.0), host(0.2, 1.0, steal_s=0.8))
    assert (now.other_share, now.steal_share) == (0.1, 0.4)
    assert "other tenants of the machine take 40%" in str(now)


def test_no_time_at_all_is_quiet():
    assert seen(host(1.0, 1.0), host(1.0, 1.0)) == Present(0.0, 0.0)


@pytest.mark.parametrize(
    ("now", "bounds", "quiet"),
    [
        (Present(0.19, 0.19), HostBounds(), True),
        (Present(0.20, 0.0), HostBounds(), False),
        (Present(0.0, 0.20), HostBounds(), False),
        (Present(0.20, 0.0), HostBounds(other_share=0.8), False),
        (Present(0.10, 0.0), HostBounds(other_share=0.1), False),
        (Present(1.0, 0.0), HostBounds(other_share=1.0), True),
        (Present(0.0, 1.0), HostBounds(steal_share=1.0), True),
    ],
)
def test_a_host_is_quiet_below_20_percent_or_below_a_stricter_bound(now, bounds, quiet):
    assert now.is_quiet(bounds) is quiet


def test_the_programs_are_named_with_what_they_take():
    now = Present(0.51, 0.0, (Busy("make", 7, 0.6), Busy("sh", 9, 0.4)))
    assert str(now) == (
        "other programs take 51% of the core time: make (pid 7, 0.6 cores), sh (pid 9, 0.4 cores)"
    )


def test_a_busy_loop_on_this_host_is_seen_and_named_within_half_a_second():
    """The load average takes a minute to say so. Others here may be busier still."""
    with busy_loops(1) as (pid,):
        before = read_processes()
        now = look(lambda: read_load({"bench": os.getpid()}), 0.5, names=3)
        found = busiest(before, read_processes(), 0.5, least=0.01)
    assert now.other_share > 0.4 / (os.cpu_count() or 1)
    assert now.busy
    assert pid in [one.pid for one in found]

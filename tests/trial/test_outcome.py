"""What of a host's load makes a trial invalid, and what does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.core.domain import TrialStatus
from bench.journal.facts.host import Heat, HostUse
from bench.scenario.host_bounds import HostBounds
from bench.trial.outcome import judge_host

BOUNDS = HostBounds()
QUIET = HostUse(
    wall_s=10.0,
    core_s=20.0,
    steal_share=0.0,
    busy_share=0.4,
    swapped_pages=0,
    clock_step_s=0.0,
)


def test_what_the_host_does_not_count_makes_no_doubt():
    assert judge_host(QUIET, BOUNDS) == (TrialStatus.OK, "")


@pytest.mark.parametrize(
    ("load", "reason"),
    [
        ({"steal_share": 0.31}, "31% of the core time went to other tenants"),
        ({"other_share": 0.51}, "51% of the core time went to other programs of this host"),
        ({"swapped_pages": 4097}, "the host moved 4097 pages of memory to or from swap"),
        (
            {"thermal": Heat(3, 0.6)},
            "a core was slowed down for its heat for 0.6 s of 10.0 s",
        ),
        ({"clock_step_s": -1.5}, "the wall clock jumped by -1.5 s"),
    ],
)
def test_above_a_bound_the_trial_is_invalid_with_the_reason(load, reason):
    assert judge_host(replace(QUIET, **load), BOUNDS) == (TrialStatus.INVALID, reason)


@pytest.mark.parametrize(
    "load",
    [
        {"steal_share": 0.30},
        {"other_share": 0.50},
        {"swapped_pages": 4096},
        {"thermal": Heat(3, 0.5)},
        {"thermal": Heat(3)},  # a kernel that does not say for how long
        {"clock_step_s": 1.0},
        {"swap_used_bytes": 2**30, "stalled_s": {"cpu": 9.0}},
    ],
)
def test_at_a_bound_it_is_not(load):
    assert judge_host(replace(QUIET, **load), BOUNDS) == (TrialStatus.OK, "")


def test_a_scenario_may_accept_a_busy_host():
    taken = replace(QUIET, other_share=0.97, steal_share=0.9)
    assert judge_host(taken, HostBounds(1.0, 1.0)) == (TrialStatus.OK, "")
    assert judge_host(taken, HostBounds(0.98, 0.89))[0] is TrialStatus.INVALID

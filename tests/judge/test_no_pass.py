"""Ways in which a blocking verdict once passed on evidence that did not bear it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bench.core.domain import TrialStatus
from bench.judge.model import Outcome
from bench.judge.verdicts import exit_code
from bench.standard.thresholds import parse_limit
from tests.facts import changed
from tests.judge.build import (
    CLOUD_NATIVE,
    GIB,
    MIB,
    failed,
    healthy,
    need,
    scenario,
    trial,
    trials,
    verdict,
    verdicts,
)
from tests.judge.replicas import QUIET, replicas

PASS, FAIL, OPEN = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
MAY_CRASH = {"expect": {"fail": [], "may_fail": ["READY"]}}


def only(*kept: str) -> dict[str, str]:
    """`checks` that leave just these rows of the standard."""
    rows = ("CI-3", "CI-4", "CI-5", "CI-7", "CI-8", "RS-3.1")
    return {name: "off" for name in rows if name not in kept}


@pytest.mark.parametrize("row", ["CI-7", "CI-8", "RS-3.1"])
def test_crashes_that_ready_is_not_about_are_not_excused_by_it(row):
    """The trials under limits are well; those without, and several at once, crash each time."""
    well = [one for one in healthy() if one.key.arm == "fit" and not one.key.replicas]
    crashed = [failed(40 + one, arm="need", cache="image") for one in range(2)]
    crashed += replicas(status=TrialStatus.FAILED, reason="exited with code 1", startup_s=0.0)
    of = scenario(MAY_CRASH, checks=only(row))
    found = verdicts(of, [*well, *crashed], checklist=CLOUD_NATIVE)
    assert {one.id: one.verdict for one in found}[row] is FAIL
    assert exit_code(found) == 1


def test_of_a_case_that_may_crash_and_always_does_nothing_is_known():
    """Crashing is as expected, and its memory is still to be judged."""
    ended = [failed(one, ready_s=1.0, startup_s=2.0) for one in range(6)]
    of = scenario(MAY_CRASH, thresholds={"memory_anon_peak_bytes": "<= 1GiB"})
    assert exit_code(verdicts(of, ended)) == 3
    must_not = scenario(thresholds={"memory_anon_peak_bytes": "<= 1GiB"})
    assert exit_code(verdicts(must_not, ended)) == 1


def test_a_limit_is_not_met_by_one_of_six_where_the_others_may_crash():
    of = scenario(
        MAY_CRASH
        | {"metrics": {"tps": {"pattern": "tps=([0-9.]+)", "unit": "count", "better": "higher"}}},
        thresholds={"tps": "min >= 10"},
    )
    crashed = [failed(one, ready_s=1.0) for one in range(1, 6)]
    found = verdict(of, [trial(0, figures={"tps": 50.0}), *crashed], "tps")
    assert (found.verdict, "missing in 5 of 6 trials" in found.reason) == (OPEN, True)


@pytest.mark.parametrize("killed", [1, 6])
def test_a_stop_that_ended_in_a_kill_meets_no_limit(killed):
    stops = [trial(one, stop_s=2.3, stop_killed=1.0 if one < killed else 0.0) for one in range(6)]
    found = verdict(scenario(thresholds={"stop_s": "max <= 3s"}), stops, "stop_s")
    assert found.verdict is OPEN
    assert f"in {killed} of 6 trials" in found.reason
    fails = verdict(scenario(thresholds={"stop_s": "max <= 1s"}), stops, "stop_s")
    assert fails.verdict is FAIL


def test_demand_of_threads_that_nobody_saw_meets_no_limit_whatever_the_row_is_called():
    rule = {"cpu_demand_cores_peak": {"limit": "<= 3", "arm": "need"}}
    half_seen = need(GIB, GIB, 0.5, unseen_pct=70.0)
    seen = need(GIB, GIB, 0.5, unseen_pct=0.0)
    context = {"host_cores": 8, "need_trials": {"app": 2}}
    of = scenario(thresholds=rule)
    assert verdict(of, half_seen, "cpu_demand_cores_peak", **context).verdict is OPEN
    assert verdict(of, seen, "cpu_demand_cores_peak", **context).verdict is PASS


def test_usage_that_the_cases_own_limit_held_meets_no_limit_above_that():
    of = scenario({"limits": {"memory": "111m"}}, thresholds={"memory_usage_peak_bytes": "<= 2GiB"})
    held = trials("memory_usage_peak_bytes", *[110.9 * MIB] * 6)
    assert verdict(of, held, "memory_usage_peak_bytes").verdict is OPEN


def test_a_stack_whose_services_were_held_by_their_own_limits_meets_none_above():
    of = scenario(
        {"image": None, "compose": "compose.yaml"}, thresholds={"memory_peak_bytes": "<= 2GiB"}
    )
    facts = {"limits": {"requested": {"memory_bytes": 100 * MIB, "cpus": None, "pids": None}}}

    def stack(share: float) -> list[Any]:
        peak = share * 100 * MIB
        figures = {"memory_peak_bytes": peak, "memory_peak_upper_bytes": peak}
        whole = [trial(one, figures=figures) for one in range(6)]
        parts = [trial(one, service="db", figures=figures, facts=facts) for one in range(6)]
        return [*whole, *parts]

    assert verdict(of, stack(0.999), "memory_peak_bytes").verdict is OPEN
    assert verdict(of, stack(0.5), "memory_peak_bytes").verdict is PASS


def test_a_plain_process_is_judged_by_a_start_without_a_pull():
    of = scenario(
        {"image": None, "host": {"command": "x"}, "ready": {"log": "up"}},
        thresholds={"startup_s": "max <= 1ms"},
    )
    found = verdicts(of, [trial(one, cache="warm", startup_s=0.3) for one in range(6)])
    assert found[0].verdict is FAIL
    assert exit_code(found) == 1


# thresholds and the rows of a checklist


WARM = replace(
    next(one for one in CLOUD_NATIVE.rules if one.id == "CI-5"),
    id="W-1",
    metric="ready_s",
    limit=parse_limit("<= 200ms", "s"),
)


def judged_with(row: Any, threshold: Any) -> list[tuple[str, str, Outcome]]:
    of = scenario({"cache": ["cold", "warm"]}, thresholds={"ready_s": threshold})
    made = [trial(one, ready_s=0.3) for one in range(6)]
    made += [trial(10 + one, cache="warm", ready_s=0.25) for one in range(6)]
    found = verdicts(of, made, checklist=replace(CLOUD_NATIVE, rules=(row,)))
    return [(one.id, one.cache, one.verdict) for one in found if one.id != "READY"]


def test_a_threshold_leaves_a_row_its_cache_state():
    from bench.core.domain import CacheState

    row = replace(WARM, cache=CacheState.WARM)
    assert judged_with(row, "max <= 260ms") == [("W-1", "warm", PASS)]


def test_a_threshold_that_names_a_state_does_not_take_the_place_of_a_row_without_one():
    row = replace(WARM, cache=None)
    found = judged_with(row, {"limit": "<= 60s", "cache": "warm", "required": False})
    assert found == [("W-1", "cold", FAIL), ("ready_s", "warm", PASS)]


# several at once


@pytest.mark.parametrize(
    ("hidden", "shown", "words"),
    [
        (
            {"writes": None},
            {
                "writes": {
                    "count": 5,
                    "folders": [{"path": "/usr/lib", "paths": 5}],
                    "paths": [],
                }
            },
            "5 paths written",
        ),
        (
            {"stop": None},
            {"stop": QUIET["stop"] | {"killed": True, "ended_s": 3.0}},
            "SIGTERM not honoured",
        ),
    ],
)
def test_what_is_not_seen_of_one_does_not_hide_what_is_seen_of_another(hidden, shown, words):
    of = scenario(checks=only("RS-3.1"))
    first, second, third = replicas()
    first = replace(first, facts=changed(first.facts, **dict.fromkeys(hidden)))
    second = replace(second, facts=changed(second.facts, **shown))
    found = verdict(of, [first, second, third], "RS-3.1", checklist=CLOUD_NATIVE)
    assert (found.verdict, words in found.reason) == (FAIL, True), found.reason


def test_without_a_second_start_or_a_process_on_record_it_is_open():
    of = scenario(checks=only("RS-3.1"))
    unstarted = [replace(one, phases=()) for one in replicas()]
    found = verdict(of, unstarted, "RS-3.1", checklist=CLOUD_NATIVE)
    assert (found.verdict, found.reason) == (
        Outcome.NOT_MEASURED,
        "it was not restarted",
    )
    empty = [replace(one, facts=changed(one.facts, processes=[])) for one in replicas()]
    found = verdict(of, empty, "RS-3.1", checklist=CLOUD_NATIVE)
    assert found.verdict is Outcome.NOT_MEASURED

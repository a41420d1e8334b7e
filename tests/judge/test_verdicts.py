"""Rows set against scenario settings, expectations and waivers, and the exit code of it all."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from bench.judge.model import Outcome, Verdict
from bench.judge.ready import READY
from bench.judge.verdicts import case_outcome, exit_code
from bench.scenario.model import CheckSetting, Scenario
from bench.standard.checklist import Checklist
from tests.judge.build import (
    CLOUD_NATIVE,
    GIB,
    TODAY,
    cut,
    failed,
    healthy,
    image,
    lost,
    need,
    scenario,
    trial,
    verdict,
    verdicts,
)
from tests.judge.replicas import replicas

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.analysis.model import TrialResult

LARGE = image(2 * GIB)


def by_id(found: Sequence[Verdict]) -> dict[str, Verdict]:
    return {one.id: one for one in found}


def fast() -> list[TrialResult]:
    return [trial(number, startup_s=5.0, pull_s=3.0) for number in range(6)]


APART = {"CI-3": "off", "RS-3.1": "off"}
"""The checks that have trials of their own."""


def slow() -> list[TrialResult]:
    return [trial(number, startup_s=40.0, pull_s=30.0, oom_kills=0.0) for number in range(6)] + [
        *need(GIB, GIB // 2, 1.0),
        *cut(),
        *replicas(),
    ]


START = {"startup_s": "max <= 30s"}


# Rows


def test_a_healthy_image_passes_the_standard():
    found = verdicts(scenario(), healthy(), checklist=CLOUD_NATIVE)
    outcomes = [(one.id, one.verdict) for one in found]
    assert outcomes == [
        ("CI-3", Outcome.PASS),
        ("CI-4", Outcome.PASS),
        ("CI-5", Outcome.PASS),
        ("CI-7", Outcome.PASS),
        ("CI-8", Outcome.PASS),
        ("RS-3.1", Outcome.PASS),
        ("READY", Outcome.PASS),
    ]
    assert exit_code(found) == 0
    assert case_outcome(found).as_expected


def test_without_a_checklist_the_thresholds_are_judged_and_that_it_gets_ready():
    found = verdicts(scenario(thresholds={"startup_s": "max <= 30s"}), healthy())
    assert [(one.id, one.title) for one in found] == [
        ("startup_s", "start incl. pull"),
        ("READY", "gets ready"),
    ]


def test_a_threshold_takes_the_place_of_the_row_on_its_metric_under_the_rows_id():
    of = scenario(thresholds={"startup_s": "p95 <= 10s", "ready_s": "<= 9s"})
    found = verdicts(of, healthy(), checklist=CLOUD_NATIVE)
    assert [one.id for one in found] == [
        "CI-3",
        "CI-4",
        "CI-5",
        "CI-7",
        "CI-8",
        "RS-3.1",
        "ready_s",
        "READY",
    ]
    start = by_id(found)["CI-5"]
    assert (start.over, start.limit, start.cache) == ("p95", "<= 10.0 s", "cold")
    assert start.title == "start including the pull"


def test_a_threshold_on_the_image_takes_the_place_of_its_row():
    of = scenario(thresholds={"image_size_bytes": "<= 50MiB"})
    found = verdict(of, healthy(), "CI-4", checklist=CLOUD_NATIVE)
    assert (found.verdict, found.limit) == (Outcome.FAIL, "<= 50.0 MiB")


def test_a_threshold_in_another_cache_state_is_a_row_of_its_own():
    of = scenario(
        {"cache": ["cold", "warm"]}, thresholds={"startup_s": {"limit": "<= 2s", "cache": "warm"}}
    )
    warm = [trial(number, cache="warm", startup_s=1.0) for number in range(6)]
    found = by_id(verdicts(of, healthy() + warm, checklist=CLOUD_NATIVE))
    assert (found["CI-5"].cache, found["CI-5"].limit) == ("cold", "<= 30.0 s")
    assert (found["startup_s"].cache, found["startup_s"].verdict) == ("warm", Outcome.PASS)


def own_row(arm: str) -> Checklist:
    row = {"title": "t", "rule": "r", "why": "w", "remedy": "m", "kind": "threshold"}
    row |= {"metric": "cpu_s", "limit": "<= 9s", "arm": arm}
    return Checklist.from_data({"version": 1, "name": "o", "title": "o", "rows": {"OPS-1": row}})


@pytest.mark.parametrize(
    ("row_arm", "asked", "rows"),
    [
        ("fit", None, [("OPS-1", "fit", "<= 1.00 s")]),
        ("need", None, [("OPS-1", "need", "<= 1.00 s")]),
        ("need", "need", [("OPS-1", "need", "<= 1.00 s")]),
        ("fit", "need", [("OPS-1", "fit", "<= 9.00 s"), ("cpu_s", "need", "<= 1.00 s")]),
    ],
)
def test_a_threshold_in_another_arm_is_a_row_of_its_own(row_arm, asked, rows):
    of = scenario(thresholds={"cpu_s": {"limit": "<= 1s"} | ({"arm": asked} if asked else {})})
    found = verdicts(of, healthy(), checklist=own_row(row_arm))
    assert [(one.id, one.arm, one.limit) for one in found if one.id != READY.id] == rows


@pytest.mark.parametrize(
    "threshold",
    [
        {"limit": ">= 1GiB"},
        {"limit": "<= 4GiB", "over": "median"},
        {"limit": "<= 4GiB", "cache": "cold"},
    ],
)
def test_a_threshold_that_asks_what_a_check_does_not_do_is_a_row_of_its_own(threshold):
    of = scenario(thresholds={"memory_peak_bytes": threshold})
    found = by_id(verdicts(of, healthy(), checklist=CLOUD_NATIVE))
    assert found["CI-7"].limit == "<= 8.00 GiB"
    assert "memory_peak_bytes" in found


def test_a_threshold_brings_its_severity_and_whether_it_is_required():
    of = scenario(
        thresholds={"startup_s": {"limit": "<= 1s", "severity": "warn", "required": False}}
    )
    found = verdict(of, healthy(), "CI-5", checklist=CLOUD_NATIVE)
    assert (found.severity, found.required) == ("warn", False)


def test_the_standard_does_not_judge_a_start_without_a_pull():
    of = scenario({"cache": "warm"})
    warm = [trial(number, cache="warm", startup_s=1.0) for number in range(6)]
    found = verdict(of, warm, "CI-5", checklist=CLOUD_NATIVE)
    assert found.verdict is Outcome.NOT_MEASURED
    own = scenario({"cache": "warm"}, thresholds={"startup_s": "<= 2s"})
    assert verdict(own, warm, "CI-5", checklist=CLOUD_NATIVE).verdict is Outcome.PASS


def test_a_check_set_off_is_not_judged():
    of = scenario(checks={"CI-4": "off", "RS-3.1": "off"})
    found = verdicts(of, healthy(), checklist=CLOUD_NATIVE)
    assert [one.id for one in found] == ["CI-3", "CI-5", "CI-7", "CI-8", "READY"]


def test_a_check_changes_what_weighs():
    of = scenario(checks={"CI-5": {"severity": "warn"}, "CI-3": {"required": False}})
    found = verdicts(of, slow(), checklist=CLOUD_NATIVE)
    assert by_id(found)["CI-5"].severity == "warn"
    assert by_id(found)["CI-5"].verdict is Outcome.FAIL
    assert not by_id(found)["CI-3"].required
    assert exit_code(found) == 0


def test_a_threshold_of_the_users_own_can_be_set_by_its_name():
    of = scenario(thresholds={"ready_s": "<= 1s"}, checks={"ready_s": {"severity": "warn"}})
    found = verdict(of, healthy(), "ready_s")
    assert (found.verdict, found.severity) == (Outcome.FAIL, "warn")


def test_the_remedy_stands_beside_a_failure_and_nowhere_else():
    assert "CI-4" in verdict(scenario(), slow(), "CI-5", checklist=CLOUD_NATIVE).remedy
    assert verdict(scenario(), healthy(), "CI-5", checklist=CLOUD_NATIVE).remedy == ""


def test_the_journal_of_a_resolved_scenario_is_judged_the_same():
    of = scenario(thresholds={"startup_s": "<= 10s", "memory_peak_bytes": "<= 2GiB"})
    again = of.model_copy(
        update={
            "thresholds": {
                name: type(one).model_validate(one.model_dump())
                for name, one in of.thresholds.items()
            }
        }
    )
    first = verdicts(of, healthy(), checklist=CLOUD_NATIVE)
    assert verdicts(again, healthy(), checklist=CLOUD_NATIVE) == first


# Waivers


def waived(until: dt.date) -> Scenario:
    return scenario(checks={"CI-5": {"waive": {"reason": "moving out", "until": until}}})


@pytest.mark.parametrize("until", [TODAY, TODAY + dt.timedelta(days=1)])
def test_a_waiver_holds_to_the_end_of_its_last_day(until):
    found = verdicts(waived(until), slow(), checklist=CLOUD_NATIVE)
    start = by_id(found)["CI-5"]
    assert (start.verdict, start.severity) == (Outcome.FAIL, "warn")
    assert f"waived until {until}: moving out" in start.reason
    assert exit_code(found) == 0


def test_a_waiver_that_expired_has_no_effect_and_is_told():
    until = TODAY - dt.timedelta(days=1)
    found = verdicts(waived(until), slow(), checklist=CLOUD_NATIVE)
    start = by_id(found)["CI-5"]
    assert (start.verdict, start.severity) == (Outcome.FAIL, "block")
    assert f"its waiver expired on {until}" in start.reason
    assert exit_code(found) == 1


# Expectations


def bad(*ids: str) -> Scenario:
    return scenario({"expect": {"fail": list(ids)}})


def test_without_an_expectation_a_failure_is_unexpected():
    found = verdicts(scenario(), slow(), checklist=CLOUD_NATIVE)
    assert [one.id for one in found if not one.expected] == ["CI-5"]
    assert exit_code(found) == 1
    assert case_outcome(found).outcome is Outcome.FAIL
    assert not case_outcome(found).as_expected


def test_exactly_the_expected_failures_are_a_success():
    found = verdicts(bad("CI-4", "CI-5"), slow(), checklist=CLOUD_NATIVE, facts=LARGE)
    assert all(one.expected for one in found)
    assert exit_code(found) == 0
    assert case_outcome(found).outcome is Outcome.FAIL
    assert case_outcome(found).as_expected
    assert not [one.reason for one in found if "expected to fail" in one.reason]


def test_a_failure_beside_the_expected_ones_is_a_miss():
    found = verdicts(bad("CI-4"), slow(), checklist=CLOUD_NATIVE, facts=LARGE)
    assert [one.id for one in found if not one.expected] == ["CI-5"]
    assert by_id(found)["CI-5"].reason.endswith("not expected to fail")
    assert exit_code(found) == 1


def test_a_pass_where_a_failure_was_expected_is_a_miss():
    found = verdicts(bad("CI-4", "CI-5"), slow(), checklist=CLOUD_NATIVE)
    size = by_id(found)["CI-4"]
    assert (size.verdict, size.expected) == (Outcome.PASS, False)
    assert size.reason.endswith("expected to fail but passed")
    assert exit_code(found) == 1
    assert not case_outcome(found).as_expected


def test_an_expectation_of_what_cannot_be_measured_is_open():
    """Else `exactly these must fail` would hold of a row that nobody looked at."""
    plain = {"host": {"command": "serve"}, "image": None, "expect": {"fail": ["CI-4"]}}
    found = verdicts(scenario(plain), slow(), checklist=CLOUD_NATIVE)
    row = by_id(found)["CI-4"]
    assert (row.verdict, row.required, row.expected) == (Outcome.NOT_MEASURED, True, False)
    assert row.reason.endswith("expected to fail, but could not be measured")
    assert exit_code(found) == 3


def test_an_expectation_is_not_met_where_no_trial_got_ready():
    crashed = [failed(number, oom_kills=0.0) for number in range(6)] + need(GIB, GIB, 1.0)
    of = scenario({"expect": {"fail": ["CI-5", "CI-7", "CI-8"]}}, checks=APART)
    measured = [
        replace(one, status=failed(0).status, reason="exited with code 1")
        if one.key.arm == "need"
        else one
        for one in crashed
    ]
    found = verdicts(of, measured, checklist=CLOUD_NATIVE)
    assert [one.id for one in found if one.verdict is Outcome.FAIL] == ["CI-5", "READY"]
    assert not any(by_id(found)[one].expected for one in ("CI-5", "CI-7", "CI-8"))
    assert "no trial got ready" in by_id(found)["CI-5"].reason
    assert by_id(found)["CI-5"].remedy == ""
    assert exit_code(found) == 1


LONG = {"startup_s": 40.0, "pull_s": 30.0}


@pytest.mark.parametrize("good", [1, 5])
def test_a_crash_is_another_failure_than_the_one_that_is_expected(good):
    """`expect: {fail: [startup_s]}` is of a start that is too slow, not of one that never came."""
    fast = [trial(number, startup_s=9.0, oom_kills=0.0) for number in range(good)]
    crashed = [failed(number, "exited with code 127") for number in range(good, 6)]
    of = scenario({"expect": {"fail": ["startup_s"], "may_fail": ["READY"]}}, thresholds=START)
    found = verdicts(of, [*fast, *crashed])
    assert by_id(found)["startup_s"].verdict is Outcome.FAIL
    assert not by_id(found)["startup_s"].expected
    assert "only because trials crashed" in by_id(found)["startup_s"].reason
    assert exit_code(found) == 1


def test_a_start_that_was_measured_to_be_too_slow_is_as_expected_beside_a_crash_that_is_allowed():
    slow = [trial(number, figures=LONG) for number in range(5)]
    of = scenario({"expect": {"fail": ["startup_s"], "may_fail": ["READY"]}}, thresholds=START)
    found = verdicts(of, [*slow, failed(5)])
    assert by_id(found)["startup_s"].expected
    assert exit_code(found) == 0


def test_a_crash_that_nobody_allowed_spoils_what_was_expected():
    slow = [trial(number, figures=LONG) for number in range(5)]
    of = scenario({"expect": {"fail": ["startup_s"]}}, thresholds=START)
    assert exit_code(verdicts(of, [*slow, failed(5)])) == 1


def test_what_never_gets_ready_is_not_said_to_need_little():
    crashing = [replace(one, status=failed(0).status, reason="") for one in need(GIB, GIB, 1.0)]
    found = by_id(verdicts(scenario({}), [*fast(), *crashing], checklist=CLOUD_NATIVE))
    assert found["CI-7"].verdict is Outcome.FAIL
    assert found["CI-8"].verdict is Outcome.FAIL
    assert "nothing to judge" in found["CI-7"].reason


def test_what_may_fail_is_as_expected_either_way():
    of = scenario({"expect": {"fail": [], "may_fail": ["CI-5"]}}, checks=APART)
    for measured in (slow(), fast()):
        found = verdicts(of, [*measured, *need(GIB, GIB, 1.0)], checklist=CLOUD_NATIVE)
        assert by_id(found)["CI-5"].expected
        assert exit_code(found) == 0


def test_what_may_fail_must_get_ready_all_the_same():
    never = [failed(number) for number in range(6)]
    of = scenario(
        {"expect": {"fail": [], "may_fail": ["CI-5"]}}, checks={"CI-7": "off", "CI-8": "off"}
    )
    found = verdicts(of, never, checklist=CLOUD_NATIVE)
    assert not by_id(found)["CI-5"].expected
    assert exit_code(found) == 1


def test_no_expectation_excuses_an_error():
    measured = [*slow()[:4], lost(4), lost(5), *need(GIB, GIB, 1.0)]
    found = verdicts(bad("CI-5"), measured, checklist=CLOUD_NATIVE)
    start = by_id(found)["CI-5"]
    assert (start.verdict, start.expected) == (Outcome.ERROR, False)
    assert exit_code(found) == 3


def test_an_expectation_on_a_row_that_is_not_there_is_an_error():
    found = verdicts(bad("CI-9"), healthy(), checklist=CLOUD_NATIVE)
    assert by_id(found)["CI-9"].verdict is Outcome.ERROR
    assert "`expect` lists 'CI-9'" in by_id(found)["CI-9"].reason
    assert exit_code(found) == 3


def test_an_expectation_on_what_need_not_be_measured_and_was_not_neither_holds_nor_blocks():
    of = bad("CI-3", "CI-5").model_copy(
        update={"checks": {"CI-3": CheckSetting.model_validate({"required": False})}}
    )
    uncut = [one for one in slow() if one.key.network == "open"]
    found = verdicts(of, uncut, checklist=CLOUD_NATIVE)
    assert not by_id(found)["CI-3"].expected
    assert exit_code(found) == 0


def test_each_case_is_held_to_its_own_expectation():
    of = scenario({"expect": {"fail": ["CI-5"]}})
    good = of.cases["app"].model_copy(update={"expect": None})
    both = of.model_copy(update={"cases": {"app": of.cases["app"], "good": good}})
    assert isinstance(both, Scenario)
    fine = [replace(one, key=replace(one.key, case="good")) for one in healthy()]
    found = verdicts(both, slow() + fine, checklist=CLOUD_NATIVE)
    outcomes = {(one.case, one.id): one.expected for one in found}
    assert outcomes["app", "CI-5"]
    assert outcomes["good", "CI-5"]
    assert [one.verdict for one in found if one.case == "good" and one.id == "CI-4"] == [
        Outcome.NOT_MEASURED
    ]


# Exit codes


def row(
    outcome: Outcome, *, severity: str = "block", expected: bool = True, required: bool = True
) -> Verdict:
    return Verdict(
        "app", "X", "startup_s", "max", "fit", "cold", "<= 1 s", None, 6, None,
        outcome, severity, expected, required, "",
    )  # fmt: skip


PASSES = row(Outcome.PASS)
FAILS = row(Outcome.FAIL, expected=False)


@pytest.mark.parametrize(
    ("verdict_", "code"),
    [
        (PASSES, 0),
        (FAILS, 1),
        (row(Outcome.FAIL, expected=True), 0),
        (row(Outcome.PASS, expected=False), 1),
        (row(Outcome.INCONCLUSIVE), 3),
        (row(Outcome.ERROR), 3),
        (row(Outcome.NOT_MEASURED), 3),
        (row(Outcome.NOT_MEASURED, required=False), 0),
        (row(Outcome.NOT_MEASURED, required=False, expected=False), 0),
        (row(Outcome.FAIL, required=False, expected=False), 1),
        (row(Outcome.INCONCLUSIVE, required=False), 3),
        (row(Outcome.ERROR, required=False), 3),
        *[(row(one, severity="warn", expected=False), 0) for one in Outcome],
    ],
)
def test_each_verdict_weighs_as_it_should(verdict_, code):
    assert exit_code([verdict_]) == code
    assert exit_code([verdict_, PASSES]) == code
    assert exit_code([verdict_, FAILS]) == max(code, 1)
    assert case_outcome([verdict_]).as_expected is (code == 0)


def test_what_is_open_weighs_more_than_a_failure_in_any_order():
    for order in permutations([PASSES, FAILS, row(Outcome.INCONCLUSIVE)]):
        assert exit_code(order) == 3


def test_nothing_to_judge_is_a_success():
    assert exit_code([]) == 0
    assert case_outcome([]).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("outcomes", "gravest"),
    [
        ([Outcome.PASS, Outcome.FAIL], Outcome.FAIL),
        ([Outcome.FAIL, Outcome.NOT_MEASURED], Outcome.NOT_MEASURED),
        ([Outcome.NOT_MEASURED, Outcome.INCONCLUSIVE], Outcome.INCONCLUSIVE),
        ([Outcome.INCONCLUSIVE, Outcome.ERROR], Outcome.ERROR),
    ],
)
def test_a_case_is_as_grave_as_its_gravest_verdict(outcomes, gravest):
    assert case_outcome([row(one) for one in outcomes]).outcome is gravest


def test_a_warning_does_not_make_a_case_grave():
    warned = row(Outcome.FAIL, severity="warn", expected=False)
    assert case_outcome([PASSES, warned]).outcome is Outcome.PASS
    assert case_outcome([PASSES, warned]).as_expected


def test_an_image_that_always_crashes_is_a_failure_and_not_an_open_question():
    crashed = [failed(number) for number in range(6)]
    crashed += [failed(10 + one, arm="need", cache="image") for one in range(2)]
    found = verdicts(scenario(), crashed, checklist=CLOUD_NATIVE, host_cores=2)
    assert exit_code(found) == 1

"""A case that does not get ready fails, whatever else is asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bench.judge.model import Outcome
from bench.judge.ready import READY
from bench.judge.verdicts import case_outcome, exit_code
from tests.judge.build import CLOUD_NATIVE, failed, healthy, lost, scenario, trial, verdicts

if TYPE_CHECKING:
    from bench.analysis.model import TrialResult
    from bench.judge.model import Verdict

WARN = {"ready_s": {"limit": "<= 30s", "severity": "warn"}}
CASE = {"repeat": 3}


def crashed(count: int = 3, **more: Any) -> list[TrialResult]:
    return [failed(number, **more) for number in range(count)]


def good(count: int = 3, **more: Any) -> list[TrialResult]:
    return [trial(number, ready_s=1.0, startup_s=1.0, **more) for number in range(count)]


def ready_row(found: tuple[Verdict, ...]) -> Verdict:
    (row,) = [one for one in found if one.id == READY.id]
    return row


@pytest.mark.parametrize(
    "top",
    [
        {},
        {"thresholds": WARN},
        {"thresholds": {"image_size_bytes": "<= 1GiB"}},
        {"thresholds": {"memory_peak_bytes": "<= 1GiB"}},  # which a crash meets with ease
    ],
    ids=["no row", "only a warning", "only the image", "only memory"],
)
def test_a_case_whose_every_trial_crashes_fails_whatever_is_asked_of_it(top):
    found = verdicts(scenario(CASE, **top), crashed(memory_peak_bytes=1000.0))
    row = ready_row(found)
    assert (row.verdict, row.n, row.severity) == (Outcome.FAIL, 3, "block")
    assert row.reason == "3 of 3 trials failed: exited with code 1"
    assert case_outcome(found).outcome is Outcome.FAIL
    assert not case_outcome(found).as_expected
    assert exit_code(found) == 1


def test_one_crash_among_good_trials_is_a_failure_too():
    """As it is where a limit is on the maximum: a failed trial counts as infinite."""
    found = verdicts(scenario(CASE), [*good(2), failed(2)])
    assert ready_row(found).reason == "1 of 3 trials failed: exited with code 1"
    assert exit_code(found) == 1


def test_a_case_that_gets_ready_passes_and_says_so():
    found = verdicts(scenario(CASE), good())
    assert ready_row(found).reason == "all of 3 trials got ready"
    assert exit_code(found) == 0


def test_trials_in_all_cache_states_are_looked_at():
    of = scenario(CASE | {"cache": ["cold", "warm"]})
    found = verdicts(of, [*good(cache="cold"), *crashed(cache="warm")])
    assert ready_row(found).reason == "3 of 6 trials failed: exited with code 1"


def test_a_limit_on_the_start_in_one_cache_state_says_nothing_of_the_others():
    of = scenario(CASE | {"cache": ["cold", "warm"]}, thresholds={"startup_s": {"limit": "<= 30s"}})
    found = verdicts(of, [*good(cache="cold"), *crashed(cache="warm")])
    assert [(one.id, one.verdict) for one in found] == [
        ("startup_s", Outcome.PASS),
        ("READY", Outcome.FAIL),
    ]
    assert exit_code(found) == 1
    found = verdicts(of, [*good(cache="cold"), *good(cache="warm")])
    assert ready_row(found).reason == "all of 6 trials got ready"


def test_a_limit_on_the_start_without_limits_says_nothing_of_that_under_them():
    of = scenario(CASE, thresholds={"startup_s": {"limit": "<= 30s", "arm": "need"}})
    found = verdicts(of, [*crashed(), *good(2, arm="need", cache="image")])
    assert ready_row(found).verdict is Outcome.FAIL


@pytest.mark.parametrize("limit", ["<= 30s", "min <= 30s", "median <= 30s", ">= 1s", "min >= 1s"])
@pytest.mark.parametrize("metric", ["ready_s", "startup_s"])
def test_a_crash_fails_it_whatever_limit_is_on_the_start(metric, limit):
    """The best of six trials, or five of them that never ended, would meet such a limit."""
    of = scenario({"repeat": 6}, thresholds={metric: limit})
    for crashes in (1, 5):
        measured = [*good(6 - crashes), *[failed(6 - one) for one in range(1, crashes + 1)]]
        found = verdicts(of, measured)
        assert ready_row(found).verdict is Outcome.FAIL
        assert exit_code(found) != 0


@pytest.mark.parametrize("limit", [">= 1s", "min >= 1s", "median >= 1s"])
def test_a_lower_limit_on_a_time_is_not_met_by_trials_that_crashed(limit):
    of = scenario({"repeat": 6}, thresholds={"startup_s": limit})
    found = verdicts(of, [trial(0, startup_s=10.0), *[failed(one) for one in range(1, 6)]])
    assert found[0].verdict is not Outcome.PASS


def test_a_checklist_row_on_the_start_that_was_left_out_leaves_the_question():
    of = scenario(CASE | {"repeat": 6}, checks={"CI-5": "off"})
    found = verdicts(of, healthy(), checklist=CLOUD_NATIVE)
    assert ready_row(found).verdict is Outcome.PASS


def test_trials_that_could_not_be_measured_leave_it_open():
    found = verdicts(scenario(CASE), [*good(2), lost(2)])
    assert ready_row(found).verdict is Outcome.ERROR
    assert exit_code(found) == 3


def test_a_crash_is_a_failure_even_where_other_trials_are_missing():
    found = verdicts(scenario(CASE), [failed(0), lost(1)], complete=False)
    assert ready_row(found).verdict is Outcome.FAIL


def test_a_case_without_an_image_could_not_be_judged():
    found = verdicts(scenario(CASE), [], failed_images={"app": "RUN make failed"})
    assert ready_row(found).reason == "it has no image: RUN make failed"
    assert exit_code(found) == 3


def test_trials_with_no_way_out_or_without_limits_do_not_count():
    others = [*crashed(network="cut", cache="image"), *crashed(arm="need", cache="image")]
    found = verdicts(scenario(CASE), [*good(), *others])
    assert ready_row(found).verdict is Outcome.PASS


def test_a_case_may_be_expected_to_crash_at_times():
    of = scenario(CASE | {"expect": {"fail": [], "may_fail": ["READY"]}})
    assert exit_code(verdicts(of, [*good(2), failed(2)])) == 0
    assert exit_code(verdicts(of, good())) == 0


def test_a_case_that_never_gets_ready_is_excused_by_no_expectation():
    """Else a case that is broken in another way would come out as expected."""
    of = scenario(CASE | {"expect": {"fail": ["READY"]}})
    found = verdicts(of, crashed())
    assert exit_code(found) == 1
    assert "no trial got ready" in ready_row(found).reason


def test_a_case_that_is_to_crash_at_times_and_does_not_is_not_as_expected():
    of = scenario(CASE | {"expect": {"fail": ["READY"]}}, thresholds={"ready_s": "<= 30s"})
    assert exit_code(verdicts(of, good())) == 1


def test_a_case_that_is_to_end_after_it_was_ready_fails_on_its_times_as_expected():
    """A worker that is killed on purpose: its crash is expected, and so is what follows from it."""
    crashing = [failed(number, ready_s=1.0, startup_s=2.0) for number in range(3)]
    needed = [failed(10 + one, arm="need", cache="image", ready_s=1.0) for one in range(2)]
    rules = {"ready_s": "<= 30s", "cpu_s": {"limit": "<= 9s", "arm": "need"}}
    of = scenario(CASE | {"expect": {"fail": ["READY"]}}, thresholds=rules)
    found = {one.id: one for one in verdicts(of, [*crashing, *needed])}
    assert (found["ready_s"].verdict, found["ready_s"].expected) == (Outcome.FAIL, True)
    assert exit_code(tuple(found.values())) == 0
    memory = scenario(CASE | {"expect": {"fail": ["READY"]}}, thresholds=MEMORY)
    (row, _) = verdicts(memory, [*crashing, *needed])
    assert row.reason == "not judged: it failed after it was ready in every trial"


MEMORY = {"memory_anon_peak_bytes": "<= 1GiB"}

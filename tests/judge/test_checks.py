"""What a pod needs: CI-7 and CI-8, and the checks that are not built yet."""

from __future__ import annotations

from typing import Any

import pytest

from bench.judge.model import Outcome, Verdict
from bench.results.model import TrialResult, TrialStatus
from tests.judge.build import (
    CLOUD_NATIVE,
    GIB,
    MIB,
    failed,
    lost,
    need,
    scenario,
    trial,
    trials,
    verdict,
)


def fit(number: int = 6, oom_kills: float = 0.0) -> list[TrialResult]:
    return [trial(one, oom_kills=oom_kills) for one in range(number)]


def memory(measured: list[TrialResult], case: dict[str, Any] | None = None, **more: Any) -> Verdict:
    top = more.pop("top", {})
    return verdict(scenario(case, **top), measured, "CI-7", checklist=CLOUD_NATIVE, **more)


def cpu(measured: list[TrialResult], **more: Any) -> Verdict:
    top = more.pop("top", {})
    return verdict(scenario(**top), measured, "CI-8", checklist=CLOUD_NATIVE, **more)


# CI-7


@pytest.mark.parametrize(
    ("peak", "anon", "outcome"),
    [
        (GIB, GIB // 2, Outcome.PASS),
        (8 * GIB, 8 * GIB, Outcome.PASS),
        (9 * GIB, 8 * GIB + 1, Outcome.FAIL),
        (9 * GIB, 2 * GIB, Outcome.PASS),
    ],
)
def test_memory_that_cannot_be_reclaimed_fails_and_page_cache_alone_does_not(peak, anon, outcome):
    found = memory(need(peak, anon, 1.0) + fit())
    assert (found.verdict, found.actual, found.n) == (outcome, peak, 2)
    assert (found.metric, found.arm, found.cache) == ("memory_peak_bytes", "need", "image")
    assert (found.over, found.limit) == ("max", "<= 8.00 GiB")


def test_the_highest_of_the_need_trials_is_judged():
    low, high = need(GIB, GIB, 1.0)[0], need(9 * GIB, 9 * GIB, 1.0)[1]
    found = memory([low, high, *fit()])
    assert (found.verdict, found.actual) == (Outcome.FAIL, 9 * GIB)


@pytest.mark.parametrize(
    ("trials_", "case", "outcome", "says"),
    [
        (fit(), {}, Outcome.PASS, "6 trials under the limit, none killed for memory"),
        (fit(oom_kills=1.0), {}, Outcome.FAIL, "6 processes were killed for memory"),
        ([*fit(5), failed(5, "killed for memory")], {}, Outcome.FAIL, "1 of 6 trials failed"),
        (fit(), {"limits": {"cpus": 4}}, Outcome.INCONCLUSIVE, "no memory limit as low"),
        (fit(), {"limits": {"memory": "16g"}}, Outcome.INCONCLUSIVE, "no memory limit as low"),
        ([], {}, Outcome.INCONCLUSIVE, "it has no trials"),
        ([trial(one) for one in range(6)], {}, Outcome.INCONCLUSIVE, "were not counted"),
        ([*fit(4), lost(4), lost(5)], {}, Outcome.ERROR, "only 4 of 6 trials"),
    ],
)
def test_where_page_cache_alone_exceeds_it_the_fit_arm_decides(trials_, case, outcome, says):
    found = memory(need(9 * GIB, 2 * GIB, 1.0) + trials_, case)
    assert found.verdict is outcome
    assert "only with page cache" in found.reason
    assert says in found.reason


@pytest.mark.parametrize(
    ("figures", "says"),
    [
        ({"memory_peak_bytes": 511 * MIB, "oom_kills": 0.0},
         "squeezes it: the peak, page cache included, came within 2% of it in 6 of 6 trials"),
        ({"memory_peak_bytes": 400 * MIB, "oom_kills": 1.0},
         "its own limit of 512 MiB squeezes it: processes were killed for memory in 6 trials"),
        ({"memory_peak_bytes": 512 * MIB, "oom_kills": 1.0}, ", and processes were killed"),
    ],
)  # fmt: skip
def test_a_case_that_its_own_limit_squeezes_is_judged_on_its_need_and_said_to_be(figures, says):
    measured = [trial(one, figures=figures) for one in range(6)]
    found = memory(need(GIB, GIB, 1.0) + measured, {"limits": {"memory": "512m"}})
    assert found.verdict is Outcome.PASS
    assert says in found.reason


def test_a_case_that_stays_clear_of_its_own_limit_is_not_said_to_be_squeezed():
    measured = [trial(one, memory_peak_bytes=300.0 * MIB, oom_kills=0.0) for one in range(6)]
    found = memory(need(GIB, GIB, 1.0) + measured, {"limits": {"memory": "512m"}})
    assert "squeezes" not in found.reason


def test_the_fit_trials_of_every_cache_state_decide():
    killed = [trial(one, cache="warm", oom_kills=1.0) for one in range(6)]
    case = {"cache": ["cold", "warm"]}
    assert memory(need(9 * GIB, GIB, 1.0) + fit() + killed, case).verdict is Outcome.FAIL


def test_a_peak_of_unknown_parts_over_the_limit_is_inconclusive():
    measured = trials("memory_peak_bytes", 9 * GIB, 9 * GIB, arm="need", cache="image")
    found = memory(measured + fit())
    assert found.verdict is Outcome.INCONCLUSIVE
    assert "how much of it is page cache is unknown" in found.reason


@pytest.mark.parametrize(
    ("anon", "outcome", "n"), [(9 * GIB, Outcome.FAIL, 2), (GIB, Outcome.NOT_MEASURED, 0)]
)
def test_without_a_peak_the_samples_can_fail_it_and_never_pass_it(anon, outcome, n):
    measured = trials("memory_anon_peak_bytes", anon, anon, arm="need", cache="image")
    found = memory(measured + fit())
    assert (found.verdict, found.actual, found.n) == (outcome, None, n)


@pytest.mark.parametrize(
    ("peak", "flagged"),
    [(7.8 * GIB, False), (7.85 * GIB, True), (8.15 * GIB, True), (8.2 * GIB, False)],
)
def test_a_peak_close_to_the_limit_is_flagged(peak, flagged):
    found = memory(need(int(peak), GIB, 1.0) + fit())
    assert ("within 2% of the limit" in found.reason) is flagged


def test_a_threshold_on_the_peak_moves_the_limit_of_the_check():
    top = {"thresholds": {"memory_peak_bytes": "<= 512MiB"}}
    found = memory(need(GIB, GIB, 1.0) + fit(), top=top)
    assert (found.id, found.verdict, found.limit) == ("CI-7", Outcome.FAIL, "<= 512 MiB")
    found = memory(need(500 * MIB, GIB // 4, 1.0) + fit(), top=top)
    assert found.verdict is Outcome.PASS


@pytest.mark.parametrize("judged", [memory, cpu])
def test_without_need_trials_what_a_pod_needs_is_not_measured(judged):
    found = judged(fit())
    assert found.verdict is Outcome.NOT_MEASURED


@pytest.mark.parametrize("judged", [memory, cpu])
def test_need_trials_that_were_lost_are_an_error(judged):
    one = need(GIB, GIB, 1.0)[:1]
    measured = [*one, lost(11, arm="need", cache="image"), *fit()]
    found = judged(measured)
    assert found.verdict is Outcome.ERROR
    assert found.reason == "only 1 of 2 trials could be measured: registry is gone"


@pytest.mark.parametrize("judged", [memory, cpu])
def test_an_interrupted_need_arm_is_inconclusive(judged):
    found = judged(need(GIB, GIB, 1.0)[:1] + fit(), complete=False)
    assert found.verdict is Outcome.INCONCLUSIVE


@pytest.mark.parametrize("judged", [memory, cpu])
@pytest.mark.parametrize("arms", [["fit", "need"], ["fit"]])
def test_an_image_that_always_fails_leaves_it_unjudged_and_unadvised(judged, arms):
    measured = [failed(number) for number in range(6)]
    if "need" in arms:
        measured += [failed(10 + one, arm="need", cache="image") for one in range(2)]
    found = judged(measured, host_cores=2)
    assert found.verdict is Outcome.NOT_MEASURED
    assert (found.reason, found.remedy) == ("not judged: it never got ready", "")
    assert not found.required


def test_what_a_failed_need_trial_took_is_judged_and_the_failure_told():
    measured = [
        trial(10 + one, arm="need", cache="image", status=TrialStatus.FAILED, reason="timed out",
              memory_peak_bytes=9.0 * GIB, memory_anon_peak_bytes=9.0 * GIB)
        for one in range(2)
    ]  # fmt: skip
    found = memory(measured + fit())
    assert found.verdict is Outcome.FAIL
    assert "2 of 2 trials failed: timed out" in found.reason


# CI-8


@pytest.mark.parametrize(
    ("demand", "outcome"),
    [(1.0, Outcome.PASS), (4.0, Outcome.PASS), (4.08, Outcome.PASS), (4.09, Outcome.FAIL)],
)
def test_demand_is_judged_with_its_tolerance(demand, outcome):
    found = cpu(need(GIB, GIB, demand) + fit(), host_cores=2)
    assert (found.verdict, found.actual, found.n) == (outcome, demand, 2)
    assert found.metric == "cpu_demand_cores_peak"
    assert ("tolerance" in found.reason) is (demand == 4.08)


@pytest.mark.parametrize("cores", [1, 4])
def test_without_schedstat_a_small_host_cannot_tell(cores):
    measured = trials("cpu_cores_peak", 1.0, 1.0, arm="need", cache="image")
    found = cpu(measured + fit(), host_cores=cores)
    assert found.verdict is Outcome.INCONCLUSIVE
    assert "no schedstat" in found.reason


@pytest.mark.parametrize(("used", "outcome"), [(3.0, Outcome.PASS), (6.0, Outcome.FAIL)])
def test_without_schedstat_a_larger_host_judges_cores_used(used, outcome):
    measured = trials("cpu_cores_peak", 1.0, used, arm="need", cache="image")
    found = cpu(measured + fit(), host_cores=5)
    assert (found.verdict, found.metric, found.actual) == (outcome, "cpu_cores_peak", used)
    assert "no schedstat" in found.reason


def test_without_any_figure_of_cores_it_is_not_measured():
    measured = [trial(10 + one, arm="need", cache="image") for one in range(2)]
    assert cpu(measured + fit()).verdict is Outcome.NOT_MEASURED


def test_a_threshold_on_demand_moves_the_limit():
    top = {"thresholds": {"cpu_demand_cores_peak": "<= 1"}}
    found = cpu(need(GIB, GIB, 1.5) + fit(), top=top)
    assert (found.id, found.verdict, found.limit) == ("CI-8", Outcome.FAIL, "<= 1.00 cores")

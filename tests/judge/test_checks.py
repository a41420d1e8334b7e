"""What a pod needs: CI-7 and CI-8, and the checks that are not built yet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bench.core.domain import TrialStatus
from bench.judge.checks.cpu_demand import judge_cpu
from bench.judge.evidence import Evidence
from bench.judge.model import Outcome, Verdict
from bench.scenario.model import Scenario
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

if TYPE_CHECKING:
    from bench.analysis.model import TrialResult
    from bench.judge.finding import Finding


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
        (fit(), {}, Outcome.PASS, "6 trials under the limit, without out-of-memory kills"),
        (fit(oom_kills=1.0), {}, Outcome.FAIL, "6 processes were OOM-killed"),
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
         "constrains it: the peak, page cache included, came within 2% of it in 6 of 6 trials"),
        ({"memory_peak_bytes": 400 * MIB, "oom_kills": 1.0},
         "its own limit of 512 MiB constrains it: processes were OOM-killed in 6 trials"),
        ({"memory_peak_bytes": 512 * MIB, "oom_kills": 1.0}, ", and processes were OOM-killed"),
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
    assert "constrains" not in found.reason


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
def test_what_never_gets_ready_is_not_judged_on_what_it_needs_and_gets_no_advice(judged, arms):
    measured = [failed(number) for number in range(6)]
    if "need" in arms:
        measured += [failed(10 + one, arm="need", cache="image") for one in range(2)]
    found = judged(measured, host_cores=2)
    assert (found.verdict, found.required) == (Outcome.NOT_MEASURED, False)
    assert (found.reason, found.remedy) == ("not judged: it never got ready", "")


def test_what_a_failed_need_trial_took_is_judged_and_the_failure_told():
    measured = [
        trial(10 + one, arm="need", cache="image", status=TrialStatus.FAILED, reason="timed out",
              memory_peak_bytes=9.0 * GIB, memory_anon_peak_bytes=9.0 * GIB)
        for one in range(2)
    ]  # fmt: skip
    found = memory(measured + fit())
    assert found.verdict is Outcome.FAIL
    assert "2 of 2 trials failed: timed out" in found.reason


# What was cut short


def needs(first: dict[str, float], second: dict[str, float]) -> list[TrialResult]:
    """The two need trials, each with its own figures over the ordinary ones."""
    ordinary = need(GIB, GIB // 2, 1.0)
    changed = []
    for one, figures in zip(ordinary, (first, second), strict=True):
        metrics = {name: value for name, value in (one.metrics | figures).items() if value >= 0}
        changed.append(replace(one, metrics=metrics))
    return changed


GONE = -1.0


@pytest.mark.parametrize(
    ("judged", "metric"), [(memory, "memory_peak_bytes"), (cpu, "cpu_demand_cores_peak")]
)
def test_a_need_trial_without_the_figure_leaves_it_open(judged, metric):
    found = judged(needs({}, {metric: GONE}) + fit(), host_cores=2)
    assert found.verdict is Outcome.INCONCLUSIVE
    assert f"{metric} is missing in 1 of 2 trials" in found.reason


def test_a_need_trial_without_the_figure_does_not_hide_what_the_other_shows():
    figures = {"memory_peak_bytes": 9.0 * GIB, "memory_anon_peak_bytes": 9.0 * GIB}
    found = memory(needs(figures, {"memory_peak_bytes": GONE}) + fit())
    assert found.verdict is Outcome.FAIL


@pytest.mark.parametrize("judged", [memory, cpu])
def test_kills_for_memory_cut_the_figures_off(judged):
    """Without a limit of its own it was the host that killed."""
    found = judged(needs({"oom_kills": 1.0}, {}) + fit())
    assert found.verdict is Outcome.INCONCLUSIVE
    assert "processes were OOM-killed in 1 of 2 trials, so the peak is cut off" in found.reason


def test_kills_for_memory_excuse_nothing_that_was_seen():
    figures = {"memory_anon_peak_bytes": 9.0 * GIB, "oom_kills": 1.0}
    assert memory(needs(figures, {}) + fit()).verdict is Outcome.FAIL


@pytest.mark.parametrize("judged", [memory, cpu])
def test_kills_that_were_not_counted_in_one_trial_leave_it_open(judged):
    found = judged(needs({"oom_kills": GONE}, {}) + fit())
    assert found.verdict is Outcome.INCONCLUSIVE
    assert "not counted in every trial" in found.reason


@pytest.mark.parametrize("judged", [memory, cpu])
def test_a_need_trial_that_failed_does_not_show_what_it_would_have_taken(judged):
    one, other = need(GIB, GIB // 2, 1.0)
    crashed = replace(other, status=TrialStatus.FAILED, reason="exited with code 1")
    found = judged([one, crashed, *fit()])
    assert found.verdict is Outcome.INCONCLUSIVE
    assert "1 of 2 trials failed: exited with code 1" in found.reason


def test_the_peak_of_one_trial_is_not_set_against_the_page_cache_of_another():
    """Each alone would do: the one has no split, the other no peak over the limit."""
    unsplit = {"memory_peak_bytes": 9.0 * GIB, "memory_anon_peak_bytes": GONE}
    found = memory(needs(unsplit, {}) + fit())
    assert found.verdict is Outcome.INCONCLUSIVE
    assert "how much of it is page cache is unknown" in found.reason


def test_what_no_sample_saw_may_be_anything():
    """The mark is at 9 GiB and the highest sample at 1: nobody knows what the rest was."""
    spike = {"memory_peak_bytes": 9.0 * GIB, "memory_usage_peak_bytes": 1.0 * GIB}
    found = memory(needs(spike, {}) + fit())
    assert found.verdict is Outcome.INCONCLUSIVE
    assert "no sample was close enough to the peak" in found.reason


def test_a_sampled_share_is_called_a_lower_bound():
    found = memory(need(9 * GIB, 9 * GIB, 1.0) + fit())
    assert found.reason.startswith("at least 9.00 GiB that is not cache")
    assert "a lower bound" in found.reason


def test_caches_of_the_kernel_that_are_not_told_apart_fail_nothing_by_themselves():
    """On cgroup v1 the kernel's memory is one figure, with caches that it gives up."""
    figures = {"memory_anon_peak_bytes": 9.0 * GIB, "memory_anon_shmem_peak_bytes": 1.0 * GIB}
    measured = needs({"memory_peak_bytes": 9.0 * GIB} | figures, {}) + fit()
    found = memory(measured)
    assert found.verdict is Outcome.INCONCLUSIVE
    known = {"memory_slab_reclaimable_peak_bytes": 0.0, "memory_peak_bytes": 9.0 * GIB}
    assert memory(needs(figures | known, {}) + fit()).verdict is Outcome.FAIL


# A stack's peak lies between two ends

STACK = {"image": None, "compose": {"file": "compose.yaml"}, "ready": None, "limits": None}


def stack(case: dict[str, Any] | None = None, **top: Any) -> Scenario:
    """A scenario whose one case is a stack."""
    whole = {name: value for name, value in STACK.items() if value is not None}
    return Scenario.model_validate(
        {"version": 1, "name": "test", "cases": {"app": whole | (case or {})}} | top
    )


def stack_needs(least: float, most: float | None, held: float = 100.0 * MIB) -> list[TrialResult]:
    ends = {"memory_peak_upper_bytes": most} if most is not None else {}
    return [
        replace(one, metrics=one.metrics | ends | {"memory_anon_peak_bytes": held})
        for one in need(least, held, 1.0)
    ]


def stack_fit() -> list[TrialResult]:
    return [trial(one, oom_kills=0.0) for one in range(6)]


@pytest.mark.parametrize(
    ("least", "most", "outcome"),
    [
        (GIB, 2 * GIB, Outcome.PASS),
        (GIB, 8 * GIB, Outcome.PASS),
        (175 * MIB, 9 * GIB, Outcome.INCONCLUSIVE),
        (GIB, None, Outcome.INCONCLUSIVE),
        (9 * GIB, 9 * GIB, Outcome.INCONCLUSIVE),  # page cache, and no limit to show it lives under
    ],
)
def test_a_stack_passes_only_by_the_upper_end_of_its_peak(least, most, outcome):
    measured = [*stack_needs(least, most), *stack_fit()]
    found = verdict(stack(), measured, "CI-7", checklist=CLOUD_NATIVE)
    assert found.verdict is outcome


def test_a_stack_that_passes_says_between_which_ends_its_peak_lies():
    measured = [*stack_needs(GIB, 2 * GIB), *stack_fit()]
    found = verdict(stack(), measured, "CI-7", checklist=CLOUD_NATIVE)
    assert found.reason.startswith("a peak of 1.00 GiB to 2.00 GiB with no limit set meets")


def test_a_stack_fails_by_what_its_services_held_together():
    measured = [*stack_needs(9 * GIB, 12 * GIB, 9.0 * GIB), *stack_fit()]
    found = verdict(stack(), measured, "CI-7", checklist=CLOUD_NATIVE)
    assert found.verdict is Outcome.FAIL


@pytest.mark.parametrize("row", ["CI-7", "CI-8"])
def test_a_service_without_samples_leaves_what_a_stack_needs_open(row):
    measured = [trial(10 + one, arm="need", cache="image", unsampled=("db",)) for one in range(2)]
    found = verdict(stack(), [*measured, *stack_fit()], row, checklist=CLOUD_NATIVE, host_cores=2)
    assert found.verdict is Outcome.INCONCLUSIVE
    assert "no samples of `db`" in found.reason


@pytest.mark.parametrize(
    ("limit", "most", "outcome"),
    [
        ("<= 2GiB", 2 * GIB, Outcome.PASS),
        ("<= 2GiB", 3 * GIB, Outcome.INCONCLUSIVE),
        ("<= 2GiB", None, Outcome.INCONCLUSIVE),
        ("<= 512MiB", None, Outcome.FAIL),
        (">= 1GiB", None, Outcome.PASS),
        (">= 2GiB", 3 * GIB, Outcome.INCONCLUSIVE),
    ],
)
def test_a_threshold_on_a_stacks_peak_is_judged_at_both_ends_too(limit, most, outcome):
    ends = {"memory_peak_upper_bytes": float(most)} if most is not None else {}
    measured = [trial(one, figures={"memory_peak_bytes": float(GIB)} | ends) for one in range(6)]
    of = stack(thresholds={"memory_peak_bytes": limit})
    assert verdict(of, measured, "memory_peak_bytes").verdict is outcome


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


def test_threads_too_short_lived_to_see_may_have_asked_for_more():
    found = cpu(need(GIB, GIB, 2.5, 5.1) + fit())
    assert (found.verdict, found.actual, found.n) == (Outcome.INCONCLUSIVE, 2.5, 2)
    assert "2.50 cores measured" in found.reason
    assert "5 % of the CPU time was used by threads too short-lived to see" in found.reason


def test_hardly_any_of_them_do_not_matter():
    assert cpu(need(GIB, GIB, 2.5, 5.0) + fit()).verdict is Outcome.PASS


def test_near_the_limit_few_of_them_do():
    found = cpu(need(GIB, GIB, 3.99, 4.0) + fit())
    assert found.verdict is Outcome.INCONCLUSIVE
    assert "4.0 % of the CPU time" in found.reason
    assert "4.16 cores" in found.reason


def test_what_was_seen_already_fails_whatever_was_not():
    assert cpu(need(GIB, GIB, 4.2, 80.0) + fit()).verdict is Outcome.FAIL
    assert cpu(need(GIB, GIB, 4.2, None) + fit()).verdict is Outcome.FAIL


def test_where_nobody_looked_for_them_demand_is_not_known():
    found = cpu(need(GIB, GIB, 1.0, None) + fit())
    assert found.verdict is Outcome.INCONCLUSIVE
    assert "was not recorded" in found.reason


@pytest.mark.parametrize("lacking", ["cpu_demand_cores_peak", "cpu_unseen_share_pct"])
def test_one_trial_does_not_speak_for_the_other(lacking):
    first, second = need(GIB, GIB, 1.0)
    rest = {name: value for name, value in second.metrics.items() if name != lacking}
    found = cpu([first, replace(second, metrics=rest), *fit()])
    assert found.verdict is Outcome.INCONCLUSIVE
    over = replace(first, metrics=first.metrics | {"cpu_demand_cores_peak": 9.0})
    assert cpu([over, replace(second, metrics=rest), *fit()]).verdict is Outcome.FAIL


def test_without_schedstat_one_trial_does_not_speak_for_the_other_either():
    measured = trials("cpu_cores_peak", 1.0, arm="need", cache="image")
    measured.append(trial(11, arm="need", cache="image"))
    found = cpu(measured + fit(), host_cores=16)
    assert found.verdict is Outcome.INCONCLUSIVE
    assert "cpu_cores_peak is missing in 1 of 2 trials" in found.reason


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


def cpu_of_services(*demands: float | None) -> Finding:
    """The finding on a stack of services with these demands, as far as they are known."""
    (row,) = [one for one in CLOUD_NATIVE.rules if one.id == "CI-8"]
    members = [
        trial(10, arm="need", service=f"s{number}", figures=need(GIB, GIB, demand)[0].metrics)
        for number, demand in enumerate(demands)
    ]
    if all(one is not None for one in demands):
        whole = need(GIB, GIB, sum(one for one in demands if one is not None))
    else:
        whole = [replace(one, metrics={"cpu_cores_peak": 0.5}) for one in need(GIB, GIB, None)]
    return judge_cpu(row, Evidence(2, tuple(whole)), 16, members)


def test_a_stack_is_the_sum_of_its_services():
    assert cpu_of_services(1.0, 2.0).outcome is Outcome.PASS
    assert cpu_of_services(3.0, 2.0).outcome is Outcome.FAIL


def test_a_service_whose_demand_is_not_known_leaves_that_of_the_stack_open():
    found = cpu_of_services(1.0, None)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "of s1 is unknown" in found.reason


def test_without_schedstat_a_stack_is_judged_by_cores_used():
    found = cpu_of_services(None, None)
    assert (found.outcome, found.metric) == (Outcome.PASS, "cpu_cores_peak")

"""Which trials a threshold is judged on, and what becomes of those that are not as they should."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bench.core.domain import CALIBRATION_CASE, TrialStatus
from bench.judge.model import Outcome
from bench.judge.verdicts import exit_code, judge
from tests.judge.build import (
    CLOUD_NATIVE,
    GIB,
    MIB,
    context,
    failed,
    image,
    lost,
    scenario,
    trial,
    trials,
    verdict,
    verdicts,
)

if TYPE_CHECKING:
    from bench.analysis.model import TrialResult
    from bench.scenario.model import Scenario

STARTUP = {"startup_s": "max <= 30s"}


def limited(
    metric: str, text: str | dict[str, Any], case: dict[str, Any] | None = None, **top: Any
) -> Scenario:
    return scenario(case, thresholds={metric: text}, **top)


def six(**more: Any) -> list[TrialResult]:
    return [trial(number, startup_s=10.0 + number, pull_s=6.0, **more) for number in range(6)]


# Which trials count


@pytest.mark.parametrize(
    "other",
    [
        {"cache": "warm"},
        {"arm": "need"},
        {"network": "cut"},
        {"replica": 1},
        {"warmup": True},
        {"case": CALIBRATION_CASE},
        {"case": "another"},
        {"service": "db"},
        {"status": TrialStatus.INVALID},
        {"status": TrialStatus.ERROR},
        {"status": TrialStatus.INTERRUPTED},
    ],
    ids=str,
)
def test_trials_of_another_kind_are_not_judged(other):
    found = verdict(
        limited("startup_s", STARTUP["startup_s"]),
        [*six(), trial(9, startup_s=99.0, **other)],
        "startup_s",
    )
    assert (found.verdict, found.n, found.actual) == (Outcome.PASS, 6, 15.0)


def test_a_trial_that_was_repeated_counts_once_and_by_its_good_attempt():
    spoilt = lost(0, status=TrialStatus.INVALID, startup_s=99.0)
    again = [trial(0, attempt=2, startup_s=10.0, pull_s=6.0), *six()[1:]]
    found = verdict(limited("startup_s", STARTUP["startup_s"]), [spoilt, *again], "startup_s")
    assert (found.verdict, found.n, found.actual) == (Outcome.PASS, 6, 15.0)


@pytest.mark.parametrize(
    ("states", "asked", "judged"),
    [
        (["cold", "warm"], None, "cold"),
        (["warm", "cold"], None, "cold"),
        (["image", "warm"], None, "image"),
        (["cold", "warm"], "warm", "warm"),
    ],
)
def test_a_threshold_is_judged_cold_unless_it_or_the_case_says_otherwise(states, asked, judged):
    threshold = {"limit": "<= 30s"} | ({"cache": asked} if asked else {})
    of = limited("ready_s", threshold, {"cache": states})
    measured = [one for state in states for one in trials("ready_s", *[1.0] * 6, cache=state)]
    found = verdict(of, measured, "ready_s")
    assert (found.verdict, found.cache, found.n, found.arm) == (Outcome.PASS, judged, 6, "fit")


def test_the_need_arm_is_judged_where_the_image_is_in_place():
    of = limited("cpu_s", {"limit": "<= 2s", "arm": "need"})
    found = verdict(of, [*trials("cpu_s", 1, 1.5, arm="need", cache="image"), *six()], "cpu_s")
    assert (found.verdict, found.arm, found.cache, found.n) == (Outcome.PASS, "need", "image", 2)


# Failed trials


def test_failed_trials_are_infinite_and_the_reason_says_so():
    measured = [*six()[:4], failed(4), failed(5)]
    found = verdict(limited("startup_s", "<= 30s"), measured, "startup_s")
    assert (found.verdict, found.actual, found.n) == (Outcome.FAIL, None, 6)
    assert found.reason.startswith(
        "2 of 6 trials failed: exited with code 1, which counts as infinite"
    )


def test_a_failed_trial_is_infinite_even_where_it_has_a_time():
    measured = [*six()[:5], failed(5, startup_s=1.0)]
    assert verdict(limited("startup_s", "<= 30s"), measured, "startup_s").verdict is Outcome.FAIL


def test_every_reason_is_named_with_its_number():
    measured = [*six()[:3], failed(3, "timed out"), failed(4), failed(5)]
    found = verdict(limited("startup_s", "<= 30s"), measured, "startup_s")
    assert "3 of 6 trials failed: exited with code 1 (2×), timed out (1×)" in found.reason  # noqa: RUF001


def test_a_median_bears_some_failures_and_tells_of_them():
    measured = [*trials("ready_s", *[1.0] * 8), failed(8)]
    found = verdict(limited("ready_s", "median <= 2s", {"repeat": 9}), measured, "ready_s")
    assert (found.verdict, found.actual, found.n) == (Outcome.PASS, 1.0, 9)
    assert "1 of 9 trials failed" in found.reason


def test_a_failed_trial_meets_no_lower_limit():
    measured = [*trials("run_s", *[5.0] * 5), failed(5)]
    found = verdict(limited("run_s", "min >= 1s"), measured, "run_s")
    assert found.verdict is Outcome.FAIL
    assert "meets no lower limit" in found.reason


@pytest.mark.parametrize("over", ["max", "median", "mean", "p95"])
def test_a_case_that_always_fails_fails_whatever_the_aggregate(over):
    measured = [failed(number) for number in range(3)]
    of = limited("startup_s", f"{over} <= 30s", {"repeat": 3})
    found = verdict(of, measured, "startup_s")
    assert (found.verdict, found.actual) == (Outcome.FAIL, None)
    assert found.reason.startswith("3 of 3 trials failed: exited with code 1, which counts as inf")


def test_failed_trials_give_what_they_measured_where_it_is_no_time():
    of = limited("memory_anon_peak_bytes", "<= 1GiB")
    measured = [
        *trials("memory_anon_peak_bytes", *[float(MIB)] * 4),
        failed(4, memory_anon_peak_bytes=float(2 * GIB)),
        failed(5),
    ]
    found = verdict(of, measured, "memory_anon_peak_bytes")
    assert (found.verdict, found.actual, found.n) == (Outcome.FAIL, 2 * GIB, 5)
    assert "2 of 6 trials failed" in found.reason


def test_a_figure_of_an_image_that_never_got_ready_is_not_judged_and_the_image_still_fails():
    of = limited("memory_anon_peak_bytes", "<= 1GiB")
    found = verdicts(of, [failed(number) for number in range(6)])
    by_id = {one.id: one for one in found}
    unjudged = by_id["memory_anon_peak_bytes"]
    assert (unjudged.verdict, unjudged.actual) == (Outcome.NOT_MEASURED, None)
    assert unjudged.reason == "not judged: it never got ready"
    assert by_id["READY"].verdict is Outcome.FAIL
    assert exit_code(found) == 1


# Missing trials and figures


def test_trials_lost_to_the_engine_make_an_error_even_where_the_rest_would_pass():
    found = verdict(limited("startup_s", "<= 30s"), [*six()[:4], lost(4), lost(5)], "startup_s")
    assert (found.verdict, found.n) == (Outcome.ERROR, 4)
    assert found.reason == "only 4 of 6 trials could be measured: registry is gone; link: 200mbit"


@pytest.mark.parametrize("status", [TrialStatus.ERROR, TrialStatus.INVALID])
def test_no_trial_at_all_is_an_error_with_the_last_reason(status):
    measured = [
        lost(0, "first", status=status),
        lost(0, "layers were there", status=status, attempt=2),
    ]
    found = verdict(limited("startup_s", "<= 30s"), measured, "startup_s")
    assert found.verdict is Outcome.ERROR
    assert found.reason == "no trial could be measured: layers were there; link: 200mbit"


def test_an_interrupted_run_is_inconclusive():
    measured = [*six()[:3], lost(3, "SIGINT", status=TrialStatus.INTERRUPTED)]
    of = limited("startup_s", "<= 30s")
    found = verdict(of, measured, "startup_s", complete=False)
    assert (found.verdict, found.n) == (Outcome.INCONCLUSIVE, 3)
    assert found.reason == "the run was interrupted after 3 of 6 trials; link: 200mbit"


def test_an_interrupted_run_is_judged_where_the_case_was_done():
    found = verdict(limited("startup_s", "<= 30s"), six(), "startup_s", complete=False)
    assert found.verdict is Outcome.PASS


def test_trials_that_are_not_there_without_a_reason_never_pass():
    found = verdict(limited("startup_s", "<= 30s"), six()[:4], "startup_s")
    assert found.verdict is Outcome.INCONCLUSIVE
    assert "only 4 of 6 planned trials are recorded" in found.reason


def test_a_figure_that_no_trial_has_is_not_measured():
    found = verdict(limited("gpu_memory_peak_bytes", "<= 1GiB"), six(), "gpu_memory_peak_bytes")
    assert (found.verdict, found.actual, found.n) == (Outcome.NOT_MEASURED, None, 0)
    assert found.reason == "none of 6 trials has gpu_memory_peak_bytes"


def test_a_cache_state_that_the_case_does_not_have_is_not_measured():
    found = verdict(limited("startup_s", {"limit": "<= 30s", "cache": "warm"}), six(), "startup_s")
    assert found.verdict is Outcome.NOT_MEASURED
    assert "no trial with cache `warm`" in found.reason


@pytest.mark.parametrize(
    ("limit", "required", "outcome"),
    [
        ("<= 2s", True, Outcome.INCONCLUSIVE),
        ("<= 2s", False, Outcome.PASS),
        ("<= 500ms", True, Outcome.FAIL),
        ("<= 500ms", False, Outcome.FAIL),
    ],
)
def test_a_figure_missing_in_some_trials_does_not_pass_unless_it_may_be_missing(
    limit, required, outcome
):
    of = limited("first_output_s", {"limit": limit, "required": required})
    measured = [*trials("first_output_s", *[1.0] * 4), trial(4), trial(5)]
    found = verdict(of, measured, "first_output_s")
    assert (found.verdict, found.n) == (outcome, 4)
    assert "first_output_s is missing in 2 of 6 trials" in found.reason


# What the image has one of


def test_a_figure_of_the_image_has_no_arm_no_cache_and_one_value():
    found = verdict(scenario(), six(), "CI-4", checklist=CLOUD_NATIVE, facts=image(GIB))
    assert found.verdict is Outcome.PASS
    assert (found.arm, found.cache, found.over, found.n) == ("", "", "", 1)
    assert (found.actual, found.interval) == (GIB, None)
    assert found.reason == (
        "1.00 GiB meets <= 1.00 GiB; 40.0 MiB to transfer, 110 MiB by the engine's own count"
    )


def test_an_image_one_byte_too_large_fails_and_is_shown_in_full():
    found = verdict(scenario(), six(), "CI-4", checklist=CLOUD_NATIVE, facts=image(GIB + 1))
    assert found.verdict is Outcome.FAIL
    assert "1.07374182e+09" not in found.reason
    assert f"{GIB + 1} bytes does not meet" in found.reason


def test_an_image_whose_size_is_unknown_is_not_measured():
    found = verdict(scenario(), six(), "CI-4", checklist=CLOUD_NATIVE, facts=image(None))
    assert (found.verdict, found.n) == (Outcome.NOT_MEASURED, 0)


@pytest.mark.parametrize(
    ("complete", "outcome"), [(True, Outcome.NOT_MEASURED), (False, Outcome.INCONCLUSIVE)]
)
def test_an_image_that_is_not_there_is_open_one_way_or_another(complete, outcome):
    found = judge(scenario(), CLOUD_NATIVE, {}, [], context=context(complete=complete))
    (size,) = [one for one in found if one.id == "CI-4"]
    assert size.verdict is outcome


@pytest.mark.parametrize("over", ["median", "p95"])
def test_an_image_is_decided_whatever_the_aggregate(over):
    found = verdict(limited("layer_count", f"{over} <= 3"), six(), "layer_count")
    assert (found.verdict, found.n) == (Outcome.PASS, 1)


def test_a_case_without_an_image_is_an_error_in_the_row_on_its_start_alone():
    found = verdicts(
        scenario(), [], checklist=CLOUD_NATIVE, failed_images={"app": "RUN pip install failed"}
    )
    by_id = {one.id: one for one in found}
    assert by_id["CI-5"].verdict is Outcome.ERROR
    assert by_id["CI-5"].reason == "it has no image: RUN pip install failed"
    for row in ("CI-3", "CI-4", "CI-7", "CI-8", "RS-3.1"):
        assert by_id[row].verdict is Outcome.NOT_MEASURED
        assert by_id[row].reason == "not judged: it has no image"
    assert exit_code(found) == 3


# What the sentence on the start says


def test_the_start_names_the_link_and_splits_the_slowest_trial():
    found = verdict(scenario(), six(), "CI-5", checklist=CLOUD_NATIVE, link="loopback, not shaped")
    assert found.verdict is Outcome.PASS
    assert found.reason == (
        "15.0 s, the max of 6 trials, meets <= 30.0 s, 6 of 6; with 95 % confidence at least "
        "61 % of starts meet it; the slowest spent 6.00 s on the pull "
        "(link: loopback, not shaped) and 9.00 s on the rest"
    )


def test_a_start_that_failed_still_names_the_link():
    measured = [failed(number) for number in range(6)]
    found = verdict(scenario(), measured, "CI-5", checklist=CLOUD_NATIVE)
    assert "link: 200mbit" in found.reason


def test_a_start_without_a_pull_says_that_it_has_none():
    of = limited("startup_s", "<= 30s", {"cache": "warm"})
    found = verdict(of, trials("startup_s", *[1.0] * 6, cache="warm"), "startup_s")
    assert "without a pull" in found.reason
    assert "link" not in found.reason


@pytest.mark.parametrize(
    ("ready", "says"),
    [
        ({"exit": True}, True),
        ({"all": [{"exit": True}]}, True),
        ({"any": [{"exit": True}, {"log": "done"}]}, False),
        ({"http": {"port": 80}}, False),
    ],
)
def test_a_batch_job_is_said_to_be_judged_whole(ready, says):
    found = verdict(scenario({"ready": ready}), six(), "CI-5", checklist=CLOUD_NATIVE)
    assert ("the whole job is judged" in found.reason) is says


def test_the_start_carries_how_finely_ready_is_known():
    measured = six(ready_resolution_s=0.004)
    measured[2].metrics["ready_resolution_s"] = 0.009
    of = limited("startup_s", "<= 30s")
    assert verdict(of, measured, "startup_s").resolution == 0.009
    assert (
        verdict(limited("cpu_s", "<= 30s"), trials("cpu_s", *[1] * 6), "cpu_s").resolution is None
    )


@pytest.mark.parametrize("metric", ["startup_s", "ready_s"])
def test_what_a_health_check_puts_under_a_start_is_said(metric):
    floor = {"ready": {"at_ns": 1, "resolution_ns": 1, "floor_ns": 30_000_000_000}}
    measured = [trial(one, facts=floor, figures={metric: 31.0}) for one in range(6)]
    reason = verdict(limited(metric, "<= 60s"), measured, metric).reason
    assert "the engine's health check, which first ran up to 30.0 s after" in reason


def test_where_bench_asked_by_itself_there_is_no_floor_to_speak_of():
    asked = {"ready": {"at_ns": 1, "resolution_ns": 1, "floor_ns": None}}
    measured = [trial(one, facts=asked, startup_s=3.0) for one in range(6)]
    reason = verdict(limited("startup_s", "<= 60s"), measured, "startup_s").reason
    assert "health check" not in reason


# Peaks that the case's own limit held


@pytest.mark.parametrize(
    ("metric", "limit", "value", "outcome"),
    [
        ("memory_peak_bytes", "<= 8GiB", 8 * GIB, Outcome.INCONCLUSIVE),
        ("memory_peak_bytes", "<= 8GiB", 7.9 * GIB, Outcome.INCONCLUSIVE),
        ("memory_peak_bytes", "<= 8GiB", 5 * GIB, Outcome.PASS),
        ("memory_peak_bytes", "<= 4GiB", 8 * GIB, Outcome.FAIL),
        ("cpu_cores_peak", "<= 4", 4.0, Outcome.INCONCLUSIVE),
        ("cpu_cores_peak", "<= 4", 2.0, Outcome.PASS),
        ("processes_peak", "<= 4", 4.0, Outcome.PASS),
    ],
)
def test_a_capped_peak_is_not_compared_with_its_own_cap(metric, limit, value, outcome):
    found = verdict(limited(metric, limit), trials(metric, *[value] * 6), metric)
    assert found.verdict is outcome, found.reason


def test_a_peak_of_the_need_arm_has_no_cap():
    of = limited("memory_peak_bytes", {"limit": "<= 8GiB", "arm": "need"})
    measured = trials("memory_peak_bytes", 8 * GIB, 8 * GIB, arm="need", cache="image")
    assert verdict(of, measured, "memory_peak_bytes").verdict is Outcome.PASS


# What this host could never show


@pytest.mark.parametrize(
    ("limit", "peak", "outcome"),
    [
        ("<= 3", 0.5, Outcome.INCONCLUSIVE),
        ("<= 2", 0.5, Outcome.INCONCLUSIVE),
        ("<= 1", 0.5, Outcome.PASS),
        ("<= 1", 1.5, Outcome.FAIL),
        (">= 3", 1.5, Outcome.INCONCLUSIVE),
    ],
)
def test_a_limit_on_cores_that_the_host_does_not_have_is_not_decided(limit, peak, outcome):
    of = limited("cpu_cores_peak", limit)
    found = verdict(of, trials("cpu_cores_peak", *[peak] * 6), "cpu_cores_peak", host_cores=2)
    assert found.verdict is outcome
    assert ("this host has 2 cores" in found.reason) is (outcome is Outcome.INCONCLUSIVE)


@pytest.mark.parametrize(
    ("peak", "outcome"),
    [(1.0, Outcome.PASS), (3.5, Outcome.INCONCLUSIVE), (3.9, Outcome.INCONCLUSIVE)],
)
def test_a_peak_that_nearly_fills_the_host_says_nothing_of_a_higher_limit(peak, outcome):
    of = limited("memory_peak_bytes", {"limit": "<= 8GiB", "arm": "need"})
    measured = trials("memory_peak_bytes", *[peak * GIB] * 2, arm="need", cache="image")
    found = verdict(of, measured, "memory_peak_bytes", host_memory_bytes=4 * GIB)
    assert found.verdict is outcome


def test_the_memory_of_the_gpus_is_such_a_bound():
    of = limited("gpu_memory_peak_bytes", "<= 200GiB")
    measured = trials("gpu_memory_peak_bytes", *[float(70 * GIB)] * 6)
    found = verdict(of, measured, "gpu_memory_peak_bytes", gpu_memory_bytes=80 * GIB)
    assert found.verdict is Outcome.INCONCLUSIVE
    assert "the GPUs of this host have 80.0 GiB" in found.reason


@pytest.mark.parametrize("arm", ["fit", "need"])
def test_a_memory_figure_that_kills_cut_off_does_not_pass(arm):
    of = limited("memory_anon_peak_bytes", {"limit": "<= 1GiB", "arm": arm})
    where = {"arm": arm, "cache": "image" if arm == "need" else "cold"}
    measured = [
        trial(one, memory_anon_peak_bytes=float(MIB), oom_kills=float(one == 1), **where)
        for one in range(2 if arm == "need" else 6)
    ]
    found = verdict(of, measured, "memory_anon_peak_bytes")
    assert found.verdict is Outcome.INCONCLUSIVE
    assert "OOM-killed" in found.reason


@pytest.mark.parametrize(
    ("metric", "limit"),
    [
        ("memory_working_set_peak_bytes", "<= 1GiB"),
        ("cpu_cores_peak", "<= 1"),
        ("ready_s", "min <= 9s"),
    ],
)
def test_a_need_trial_that_crashed_leaves_no_row_on_such_trials_as_a_pass(metric, limit):
    text = {"limit": limit.replace("min ", ""), "arm": "need"}
    text |= {"over": "min"} if "min" in limit else {}
    good = trial(10, arm="need", cache="image", figures={metric: 0.5})
    crashed = failed(11, arm="need", cache="image", figures={metric: 0.5})
    found = verdict(limited(metric, text), [*six(), good, crashed], metric)
    assert found.verdict is not Outcome.PASS

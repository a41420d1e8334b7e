"""Comparisons: the decision at every n, the directions, zeros, images, and the correction."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from bench.errors import CompareError
from bench.judge.compare import NOT_COMPARED, Sample, compare_cases
from bench.judge.difference import Pair, call_difference, direction
from bench.judge.model import Comparison, Difference, Interval
from bench.metrics import METRICS, Better, Scope
from bench.results.model import TrialStatus
from tests.judge.build import GIB, MIB, failed, image, trial

WORSE, BETTER, SAME = Difference.WORSE, Difference.BETTER, Difference.SAME
INCONCLUSIVE, NOT_MEASURED = Difference.INCONCLUSIVE, Difference.NOT_MEASURED
STARTUP = METRICS["startup_s"]


def side(name: str, values: list[Any], metric: str = "startup_s", **more: Any) -> Sample:
    measured = tuple(
        trial(number, case=name, figures={metric: float(value)})
        for number, value in enumerate(values)
    )
    return Sample(name, name, measured, **more)


def compared(
    baseline: Sample, candidate: Sample, metric: str = "startup_s", **more: Any
) -> Comparison:
    found = compare_cases(baseline, candidate, resamples=more.pop("resamples", 500), **more)
    (one,) = [one for one in found if one.metric == metric]
    return one


def called(
    baseline: list[Any], candidate: list[Any], metric: str = "startup_s", **more: Any
) -> Difference:
    return compared(
        side("bad", baseline, metric), side("good", candidate, metric), metric, **more
    ).difference


def spread(middle: float, n: int) -> list[float]:
    return [middle * (1 + one / 1000) for one in range(n)]


# The decision at every n


@pytest.mark.parametrize("n", range(1, 13))
def test_separated_samples_differ_from_six_trials_on(n):
    expected = (WORSE, BETTER) if n >= 6 else (INCONCLUSIVE, INCONCLUSIVE)
    near, far = spread(10, n), spread(20, n)
    assert (called(near, far), called(far, near)) == expected


@pytest.mark.parametrize("n", range(1, 13))
def test_equal_samples_are_the_same_from_six_trials_on(n):
    expected = SAME if n >= 6 else INCONCLUSIVE
    assert called(spread(10, n), spread(10, n)) is expected
    assert called([10] * n, [10] * n) is expected


@pytest.mark.parametrize("n", range(1, 13))
def test_tied_samples_that_overlap_are_not_called(n):
    values = [10 if one % 2 else 20 for one in range(n)]
    assert called(values, values[::-1]) is INCONCLUSIVE


@pytest.mark.parametrize("n", range(1, 13))
def test_separated_samples_within_the_band_are_the_same(n):
    assert called(spread(10, n), spread(10.2, n)) is (SAME if n >= 6 else INCONCLUSIVE)


@pytest.mark.parametrize(("left", "right"), [(5, 6), (6, 5), (5, 40)])
def test_both_sides_need_six_trials(left, right):
    found = compared(side("bad", spread(10, left)), side("good", spread(20, right)))
    assert found.difference is INCONCLUSIVE
    assert (found.p_value, found.interval) == (None, None)
    assert found.reason == f"needs at least 6 trials on each side, there are {left} and {right}"


def alike(name: str, rows: list[dict[str, float]]) -> Sample:
    return Sample(
        name,
        name,
        tuple(trial(number, case=name, figures=figures) for number, figures in enumerate(rows)),
    )


@pytest.mark.parametrize("n", [6, 7, 12])
def test_separated_samples_differ_in_every_metric_at_once(n):
    """The correction must not ask for more than these n can give, however many metrics."""
    names = [
        name
        for name, one in METRICS.items()
        if one.scope is Scope.TRIAL and name not in NOT_COMPARED
    ]
    assert len(names) > 23
    near = alike("bad", [dict.fromkeys(names, value) for value in spread(10, n)])
    far = alike("good", [dict.fromkeys(names, value) for value in spread(20, n)])
    found = {one.metric: one.difference for one in compare_cases(near, far, resamples=200)}
    assert set(found) == set(names)
    for name, difference in found.items():
        neither = METRICS[name].better is Better.NEITHER
        assert difference is (Difference.DIFFERENT if neither else WORSE), name


def test_one_metric_that_differs_among_many_that_do_not_is_called():
    times = [
        name
        for name, one in METRICS.items()
        if one.is_time and one.scope is Scope.TRIAL and name not in NOT_COMPARED
    ]
    still = dict.fromkeys(times, 5.0)
    near = alike("bad", [still | {"startup_s": value} for value in spread(100, 6)])
    far = alike("good", [still | {"startup_s": value} for value in spread(200, 6)])
    found = compare_cases(near, far, resamples=200)
    assert [one.metric for one in found if one.difference is WORSE] == ["startup_s"]


# Both parts are needed


def test_an_interval_outside_the_band_is_not_enough_without_the_test():
    pair = Pair.of(STARTUP, spread(10, 6), spread(20, 6), resamples=200)
    assert call_difference(pair, 0.05, 0.0499, 1)[0] is WORSE
    difference, reason = call_difference(pair, 0.05, 0.05, 1)
    assert difference is INCONCLUSIVE
    assert "the test does not bear it out" in reason


@pytest.mark.parametrize(
    ("low", "high", "difference"),
    [
        (0.90, 0.94, BETTER),
        (0.90, 0.95, INCONCLUSIVE),
        (0.94, 1.00, INCONCLUSIVE),
        (0.95, 1.05, SAME),
        (1.00, 1.06, INCONCLUSIVE),
        (1.05, 1.10, INCONCLUSIVE),
        (1.06, 1.10, WORSE),
        (0.90, 1.10, INCONCLUSIVE),
        (1.06, math.inf, WORSE),
    ],
)
def test_the_whole_interval_must_lie_on_one_side_of_the_bands_edge(low, high, difference):
    pair = Pair(STARTUP, (10.0,) * 6, (10.0,) * 6, Interval(low, high), 0.002)
    assert call_difference(pair, 0.05, 0.002, 1)[0] is difference


def test_a_metric_looked_at_alone_is_not_corrected():
    assert "corrected" not in compared(side("bad", spread(10, 6)), side("good", [20] * 6)).reason


def test_a_significant_difference_of_no_consequence_is_not_called():
    small = compared(side("bad", spread(10, 12)), side("good", spread(10.3, 12)))
    assert small.p_value is not None
    assert small.p_value < 0.001
    assert small.difference is SAME
    assert called(spread(10, 12), spread(10.5, 12)) is INCONCLUSIVE
    assert called(spread(10, 12), spread(10.5, 12), band=0.01) is WORSE


def test_the_reason_names_both_p_values_and_the_record_keeps_the_raw_one():
    def rows(middle: float) -> list[dict[str, float]]:
        return [{"startup_s": one, "ready_s": one, "pull_s": 1.0} for one in spread(middle, 6)]

    found = compared(alike("bad", rows(10.0)), alike("good", rows(20.0)))
    assert found.p_value == pytest.approx(2 / 924)
    assert "rank test p = 0.0022, corrected over 3 metrics 0.0065" in found.reason
    assert found.reason.startswith("2 times, 95 % interval 2 to 2.01, rank test")


# Directions, zeros


@pytest.mark.parametrize(
    ("metric", "larger", "smaller"),
    [("startup_s", WORSE, BETTER), ("net_rx_bytes", Difference.DIFFERENT, Difference.DIFFERENT)],
)
def test_the_direction_comes_from_the_metric(metric, larger, smaller):
    assert called(spread(10, 6), spread(20, 6), metric) is larger
    assert called(spread(20, 6), spread(10, 6), metric) is smaller


def test_where_more_is_better_less_is_worse():
    speed = replace(STARTUP, better=Better.HIGHER)
    assert direction(speed, larger=True) is BETTER
    assert direction(speed, larger=False) is WORSE


@pytest.mark.parametrize(
    ("baseline", "candidate", "difference", "ratio"),
    [
        ([0] * 6, [0] * 6, SAME, None),
        ([0] * 6, spread(3, 6), WORSE, None),
        (spread(3, 6), [0] * 6, BETTER, 0.0),
        ([0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 1, 0], INCONCLUSIVE, None),
    ],
)
def test_medians_of_zero_divide_nothing(baseline, candidate, difference, ratio):
    found = compared(
        side("bad", baseline, "cpu_throttled_s"),
        side("good", candidate, "cpu_throttled_s"),
        "cpu_throttled_s",
    )
    assert (found.difference, found.ratio) == (difference, ratio)
    if ratio is None:
        both = baseline == candidate or difference is INCONCLUSIVE
        assert found.interval is None
        assert ("both medians are zero" in found.reason) is both
        assert ("the baseline's median is zero" in found.reason) is not both


# What is compared


def test_failed_trials_are_left_out_and_told():
    crashes = (failed(6, case="good", startup_s=0.1), failed(7, case="good"))
    good = Sample("good", "good", side("good", spread(10, 6)).trials + crashes)
    found = compared(side("bad", spread(10, 6)), good)
    assert (found.n_candidate, found.difference) == (6, SAME)
    assert "good: 2 of 8 trials failed: exited with code 1, left out here" in found.reason


def test_a_side_without_values_is_not_measured():
    crashed = Sample("good", "good", tuple(failed(one, case="good") for one in range(6)))
    found = compared(side("bad", spread(10, 6)), crashed)
    assert (found.difference, found.n_candidate, found.candidate_median) == (NOT_MEASURED, 0, None)
    assert "6 of 6 trials failed" in found.reason


@pytest.mark.parametrize(
    "other",
    [{"arm": "need"}, {"network": "cut"}, {"replica": 1}, {"warmup": True}, {"case": "x"},
     {"status": TrialStatus.ERROR}, {"status": TrialStatus.INVALID}],
    ids=str,
)  # fmt: skip
def test_trials_of_another_kind_are_not_compared(other):
    odd = trial(9, **({"case": "good"} | other), startup_s=500.0)
    good = Sample("good", "good", (*side("good", spread(10, 6)).trials, odd))
    assert compared(side("bad", spread(10, 6)), good).n_candidate == 6


def test_every_cache_state_that_both_have_is_compared():
    def of(name: str, states: list[str]) -> Sample:
        measured = [
            trial(number, case=name, cache=state, startup_s=10.0)
            for state in states
            for number in range(6)
        ]
        return Sample(name, name, tuple(measured))

    found = compare_cases(of("bad", ["cold", "warm"]), of("good", ["warm", "cold", "image"]))
    assert [(one.cache, one.arm) for one in found] == [("cold", "fit"), ("warm", "fit")]


@pytest.mark.parametrize("other", [{"arm": "need"}, {"warmup": True}, {"case": "x"}], ids=str)
def test_a_cache_state_of_trials_of_another_kind_is_not_one_of_the_case(other):
    odd = trial(0, **({"case": "bad"} | other), cache="image", startup_s=1.0)
    assert Sample("bad", "bad", (odd, *side("bad", [1.0]).trials)).caches() == ["cold"]


def test_sides_without_a_cache_state_in_common_cannot_be_compared():
    warm = Sample("good", "good", (trial(0, case="good", cache="warm", startup_s=1.0),))
    with pytest.raises(CompareError, match="cold against warm"):
        compare_cases(side("bad", [1.0]), warm)


@pytest.mark.parametrize("name", NOT_COMPARED)
def test_figures_that_say_nothing_of_the_image_are_not_compared(name):
    assert compare_cases(side("bad", [1] * 6, name), side("good", [2] * 6, name)) == []


def test_the_same_trials_always_compare_the_same():
    bad, good = side("bad", [9, 11, 10, 14, 8, 12]), side("good", [8, 7, 9, 6, 11, 10])
    assert compare_cases(bad, good) == compare_cases(bad, good)


# Images


@pytest.mark.parametrize(
    ("baseline", "candidate", "difference"),
    [
        (100 * MIB, 105 * MIB, SAME),
        (100 * MIB, 95 * MIB, SAME),
        (100 * MIB, 106 * MIB, WORSE),
        (GIB, 100 * MIB, BETTER),
        (100 * MIB, None, NOT_MEASURED),
    ],
)
def test_an_image_is_judged_by_the_band_alone(baseline, candidate, difference):
    found = compared(
        Sample("bad", "bad", (), image(baseline)),
        Sample("good", "good", (), image(candidate)),
        "image_size_bytes",
    )
    assert found.difference is difference
    assert (found.cache, found.arm, found.p_value, found.interval) == ("", "", None, None)
    if difference is not NOT_MEASURED:
        assert (found.n_baseline, found.n_candidate) == (1, 1)
        assert "without spread" in found.reason


@pytest.mark.parametrize(
    ("baseline", "candidate", "difference"), [(0, 0, SAME), (0, MIB, WORSE), (MIB, 0, BETTER)]
)
def test_waste_that_was_zero_is_compared_without_a_ratio(baseline, candidate, difference):
    found = compared(
        Sample("bad", "bad", (), image(waste_bytes=baseline)),
        Sample("good", "good", (), image(waste_bytes=candidate)),
        "layer_waste_bytes",
    )
    assert found.difference is difference
    assert found.ratio == (None if baseline == 0 else 0.0)


def test_a_build_is_timed_once_and_never_called():
    found = compared(
        Sample("bad", "bad", (), image(build_s=100.0)),
        Sample("good", "good", (), image(build_s=1.0)),
        "build_s",
    )
    assert (found.difference, found.ratio) == (INCONCLUSIVE, 0.01)
    assert "timed once" in found.reason

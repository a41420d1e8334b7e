"""Comparisons: the decision at every n, the directions, zeros, images, and the correction."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bench.core.domain import TrialStatus
from bench.core.metrics import METRICS, Better, Metric, Scope
from bench.journal.facts.comparison import Comparison, Difference, Interval
from bench.judge.compare import NOT_COMPARED, ComparisonSide, compare_cases
from bench.judge.statistics.difference import Pair, call_difference, direction, effect_word
from bench.judge.statistics.noise import Band, HostNoise, NoiseFloor
from tests.judge.build import GIB, MIB, failed, image, trial
from tests.judge.replicas import QUIET

if TYPE_CHECKING:
    from bench.analysis.model import TrialResult

WORSE, BETTER, SAME = Difference.WORSE, Difference.BETTER, Difference.SAME
INCONCLUSIVE, NOT_MEASURED = Difference.INCONCLUSIVE, Difference.NOT_MEASURED
STARTUP = METRICS["startup_s"]


def side(name: str, values: list[Any], metric: str = "startup_s", **more: Any) -> ComparisonSide:
    measured = tuple(
        trial(number, case=name, figures={metric: float(value)})
        for number, value in enumerate(values)
    )
    return ComparisonSide(name, name, measured, **more)


def compared(
    baseline: ComparisonSide, candidate: ComparisonSide, metric: str = "startup_s", **more: Any
) -> Comparison:
    found = compare_cases(baseline, candidate, **more)
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
def test_tied_samples_that_overlap_are_never_called_different(n):
    values = [10 if one % 2 else 20 for one in range(n)]
    assert called(values, values[::-1]) is (INCONCLUSIVE if n < 11 else SAME)


@pytest.mark.parametrize("n", range(1, 13))
def test_separated_samples_within_the_band_are_the_same(n):
    assert called(spread(10, n), spread(10.2, n)) is (SAME if n >= 6 else INCONCLUSIVE)


@pytest.mark.parametrize(("left", "right"), [(5, 6), (6, 5), (5, 40)])
def test_both_sides_need_six_trials(left, right):
    found = compared(side("bad", spread(10, left)), side("good", spread(20, right)))
    assert found.difference is INCONCLUSIVE
    assert (found.p_value, found.interval) == (None, None)
    assert found.reason == f"needs at least 6 trials on each side, there are {left} and {right}"


def alike(name: str, rows: list[dict[str, float]]) -> ComparisonSide:
    return ComparisonSide(
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
        if one.scope is Scope.TRIAL and name not in (*NOT_COMPARED, "stop_killed")
    ]
    assert len(names) > 23
    near = alike("bad", [dict.fromkeys(names, value) for value in spread(10 * MIB, n)])
    far = alike("good", [dict.fromkeys(names, value) for value in spread(20 * MIB, n)])
    found = {one.metric: one.difference for one in compare_cases(near, far)}
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
    found = compare_cases(near, far)
    assert [one.metric for one in found if one.difference is WORSE] == ["startup_s"]


# Both parts are needed


def test_an_interval_outside_the_band_is_not_enough_without_the_test():
    pair = Pair.of(STARTUP, spread(10, 6), spread(20, 6))
    assert call_difference(pair, Band(), 0.0499, 1)[0] is WORSE
    difference, reason = call_difference(pair, Band(), 0.05, 1)
    assert difference is INCONCLUSIVE
    assert "not statistically significant" in reason


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
    assert call_difference(pair, Band(), 0.002, 1)[0] is difference


@pytest.mark.parametrize("n", [1, 6, 12])
def test_values_below_zero_have_no_ratio(n):
    own = {"loss": Metric("loss", "", "loss", Better.LOWER, "of the validation set")}
    bad, good = side("bad", [-1] * n, "loss"), side("good", [-2] * n, "loss")
    found = compared(replace(bad, own=own), replace(good, own=own), "loss")
    assert (found.difference, found.ratio, found.interval) == (INCONCLUSIVE, None, None)
    assert found.reason == "has values below zero, which have no ratio"


def test_a_metric_looked_at_alone_is_not_corrected():
    assert "corrected" not in compared(side("bad", spread(10, 6)), side("good", [20] * 6)).reason


def test_a_significant_difference_of_no_consequence_is_not_called():
    small = compared(side("bad", spread(10, 12)), side("good", spread(10.3, 12)))
    assert small.p_value is not None
    assert small.p_value < 0.001
    assert small.difference is SAME
    assert called(spread(10, 12), spread(10.5, 12)) is INCONCLUSIVE
    assert called(spread(10, 12), spread(10.5, 12), practical=0.01) is WORSE


def test_the_reason_names_both_p_values_and_the_record_keeps_the_raw_one():
    def rows(middle: float) -> list[dict[str, float]]:
        return [{"startup_s": one, "ready_s": one, "pull_s": 1.0} for one in spread(middle, 6)]

    found = compared(alike("bad", rows(10.0)), alike("good", rows(20.0)))
    assert found.p_value == pytest.approx(2 / 924)
    assert found.corrected_p == pytest.approx(2 / 924)
    assert "rank test p = 0.0022, corrected over 3 metrics 0.0022" in found.reason
    assert found.reason.startswith("2 times, 95 % interval 1.99 to 2.01, rank test")


def test_the_corrected_p_decides():
    near, far = [10.0, 11, 12, 13, 14, 15], [12.5, 13.5, 15.2, 16, 17, 18]
    alone = compared(side("bad", near), side("good", far), practical=0.0)
    assert alone.p_value == alone.corrected_p == pytest.approx(0.041, abs=0.001)
    assert alone.difference is WORSE

    def rows(values: list[float], others: list[float]) -> list[dict[str, float]]:
        return [
            {"startup_s": one, "stop_s": other} for one, other in zip(values, others, strict=True)
        ]

    bad = alike("bad", rows(near, [3.0, 1, 4, 1.5, 9, 2.6]))
    good = alike("good", rows(far, [5.0, 3.5, 8, 9.7, 9.3, 2.3]))
    found = compared(bad, good, practical=0.0)
    assert found.p_value == alone.p_value
    assert found.corrected_p is not None
    assert 0.06 < found.corrected_p < 0.09
    assert found.difference is INCONCLUSIVE
    assert "not statistically significant" in found.reason


# What else is said: the effect, what could have been found, the host's noise


@pytest.mark.parametrize("n", range(1, 13))
def test_effect_and_detectable_ratio_are_there_from_six_trials_on(n):
    found = compared(side("bad", spread(10, n)), side("good", spread(20, n)))
    if n < 6:
        assert (found.effect, found.detectable, found.corrected_p) == (None, None, None)
    else:
        assert found.effect == 1
        assert found.detectable is not None
        assert 1.05 < found.detectable < 1.07
        assert "larger in 100 of 100 pairs (large effect)" in found.reason


@pytest.mark.parametrize("n", range(6, 13))
def test_equal_and_tied_samples_have_no_effect(n):
    ties = [10 if one % 2 else 20 for one in range(n)]
    for values in (spread(10, n), ties):
        found = compared(side("bad", values), side("good", values[::-1]))
        assert found.effect == 0.5
        assert "(negligible effect)" in found.reason


@pytest.mark.parametrize(
    ("effect", "word"),
    [(0.5, "negligible"), (0.55, "negligible"), (0.56, "small"), (0.36, "medium"), (0.63, "small"),
     (0.64, "medium"), (0.7, "medium"), (0.71, "large"), (0.0, "large"), (0.29, "large")],
)  # fmt: skip
def test_the_effect_has_the_words_of_vargha_and_delaney(effect, word):
    assert effect_word(effect) == word


def noise(share: float, median: float = 11.0, metric: str = "startup_s") -> HostNoise:
    return HostNoise("2026-03-01T12:00:00+00:00", {metric: NoiseFloor(share, median, 20)})


@pytest.mark.parametrize(
    ("known", "band", "origin", "difference"),
    [
        (None, 0.05, "noise not known", WORSE),
        (noise(0.03), 0.05, "practical", WORSE),
        (noise(0.03, metric="pull_s"), 0.05, "noise not known", WORSE),
        (noise(0.2), 0.2, "noise", INCONCLUSIVE),
        (noise(0.3), 0.3, "noise", SAME),
        (noise(0.3, median=1.0), 0.05, "practical", WORSE),
    ],
)
@pytest.mark.parametrize("where", ["baseline", "candidate"])
def test_the_band_is_the_hosts_noise_where_that_is_larger(known, band, origin, difference, where):
    sides = {"baseline": side("bad", spread(10, 8)), "candidate": side("good", spread(12, 8))}
    sides[where] = replace(sides[where], noise=known)
    found = compared(sides["baseline"], sides["candidate"])
    assert found.band == pytest.approx(band)
    assert found.band_from == origin
    assert found.difference is difference
    assert ("the host's own noise" in found.reason) is (origin == "noise")


def test_of_two_noises_the_larger_counts():
    bad = replace(side("bad", spread(10, 8)), noise=noise(0.1))
    good = replace(side("good", spread(12, 8)), noise=noise(0.3))
    assert compared(bad, good).band == pytest.approx(0.3)


# Directions, zeros


@pytest.mark.parametrize(
    ("metric", "larger", "smaller"),
    [("startup_s", WORSE, BETTER), ("net_rx_bytes", Difference.DIFFERENT, Difference.DIFFERENT)],
)
def test_the_direction_comes_from_the_metric(metric, larger, smaller):
    less, more = spread(10 * MIB, 6), spread(20 * MIB, 6)
    assert called(less, more, metric) is larger
    assert called(more, less, metric) is smaller


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
        ([0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 1, 0], SAME, None),
        ([0, 0, 0, 0, 0, 1], [0, 0, 0, 1, 1, 1], INCONCLUSIVE, None),
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
        assert (found.interval, found.detectable) == (None, None)
        both = "both medians are zero" if difference is SAME else "the baseline's median is zero"
        assert both in found.reason


# What is too close to tell apart


@pytest.mark.parametrize(
    ("metric", "baseline", "candidate"),
    [
        ("disk_wait_share_pct", 0.30, 0.11),
        ("core_wait_share_pct", 0.0, 0.4),
        ("cpu_throttled_s", 0.0002, 0.0009),
        ("net_rx_bytes", 1000.0, 9000.0),
        ("memory_peak_bytes", 0.3 * MIB, 0.9 * MIB),
        ("cpu_cores_peak", 0.005, 0.015),
    ],
)
def test_figures_closer_than_they_can_be_told_apart_have_no_ratio(metric, baseline, candidate):
    found = compared(
        side("bad", spread(baseline, 6), metric), side("good", spread(candidate, 6), metric), metric
    )
    assert (found.difference, found.ratio, found.interval) == (SAME, None, None)
    assert "too little to tell apart" in found.reason


def test_layer_waste_of_a_few_bytes_has_no_ratio():
    found = compared(
        ComparisonSide("bad", "bad", (), image(waste_bytes=12)),
        ComparisonSide("good", "good", (), image(waste_bytes=4096)),
        "layer_waste_bytes",
    )
    assert (found.difference, found.ratio) == (SAME, None)


def timed(name: str, ready_s: float, resolution_s: float) -> ComparisonSide:
    row = {"ready_s": ready_s, "ready_resolution_s": resolution_s}
    return alike(name, [row] * 6)


def test_a_time_is_as_fine_as_its_probe():
    near, far = timed("bad", 0.02, 0.05), timed("good", 0.06, 0.05)
    assert compared(near, far, "ready_s").difference is SAME
    near, far = timed("bad", 0.02, 0.005), timed("good", 0.06, 0.005)
    assert compared(near, far, "ready_s").difference is WORSE


def test_what_the_runtime_itself_takes_is_not_compared():
    """Nobody gains by 15 ms of CPU against 5 ms where starting nothing takes 20 ms."""
    idle = [trial(number, case="calibration", cache="warm", cpu_s=0.02) for number in range(3)]
    near, far = side("bad", spread(0.015, 6), "cpu_s"), side("good", spread(0.005, 6), "cpu_s")
    assert compared(near, far, "cpu_s").difference is BETTER
    near, far = (replace(one, trials=(*one.trials, *idle)) for one in (near, far))
    found = compared(near, far, "cpu_s")
    assert (found.difference, found.ratio) == (SAME, None)


# A stop that ended in SIGKILL


def stopped(
    name: str, stop_s: float, killed: int, n: int = 6, answer: str = "default"
) -> ComparisonSide:
    """`killed` of `n` stops ended in SIGKILL, after a grace period of 2 s."""

    def one(number: int) -> TrialResult:
        is_killed = number < killed
        process = QUIET["process"] | {"disposition": answer}
        stop = {"killed": is_killed, "grace_s": 2.0}
        return trial(
            number,
            case=name,
            facts={"process": process, "stop": stop},
            stop_s=2.1 + number / 1000 if is_killed else stop_s + number / 1000,
            stop_killed=float(is_killed),
        )

    return ComparisonSide(name, name, tuple(one(number) for number in range(n)))


def test_a_stop_that_was_killed_is_no_slower_stop_of_the_other():
    found = compared(stopped("bad", 0.3, 6), stopped("good", 0.3, 0), "stop_s")
    assert found.difference is BETTER
    assert (found.ratio, found.interval, found.p_value, found.detectable) == (None,) * 4
    assert (found.killed_baseline, found.killed_candidate) == (
        "SIGTERM ignored, killed after 2 s",
        "",
    )
    assert found.reason.startswith("bad: SIGTERM ignored, killed after 2 s; a killed stop")


@pytest.mark.parametrize(
    ("before", "after", "difference"),
    [(0, 6, WORSE), (6, 6, SAME), (3, 3, INCONCLUSIVE), (1, 0, INCONCLUSIVE), (0, 1, INCONCLUSIVE)],
)
def test_stops_that_were_killed_are_counted_and_not_timed(before, after, difference):
    found = compared(stopped("bad", 0.3, before), stopped("good", 0.1, after), "stop_s")
    assert (found.difference, found.ratio) == (difference, None)


def test_how_often_and_why_a_stop_was_killed_is_told():
    slow = stopped("bad", 0.3, 2, answer="handler")
    found = compared(slow, stopped("good", 0.3, 0), "stop_s")
    assert found.killed_baseline == "SIGTERM handled too slowly, killed after 2 s (2 of 6 trials)"


def test_stops_that_nobody_killed_are_compared_by_their_time():
    found = compared(stopped("bad", 1.8, 0), stopped("good", 0.3, 0), "stop_s")
    assert found.difference is BETTER
    assert found.ratio == pytest.approx(0.168, abs=0.001)


# Memory is compared in the need arm


def remembered(
    name: str, fit: float, need: float, trials: int = 6, fit_trials: int = 6
) -> ComparisonSide:
    """Memory peaks of so many MiB under limits, cold, and without, with the image in place."""

    def of(number: int, mib: float, **more: Any) -> TrialResult:
        peak = mib * MIB + number * 1000
        return trial(number, case=name, figures={"memory_peak_bytes": peak}, **more)

    cold = [of(number, fit) for number in range(fit_trials)]
    free = [of(10 + number, need, arm="need", cache="image") for number in range(trials)]
    return ComparisonSide(name, name, (*cold, *free))


def test_memory_is_compared_without_limits_and_with_the_image_in_place():
    bad, good = remembered("bad", 35, 160), remembered("good", 35, 80)
    (found,) = [one for one in compare_cases(bad, good) if one.metric == "memory_peak_bytes"]
    assert (found.arm, found.cache, found.difference) == ("need", "image", BETTER)
    assert (found.n_baseline, found.n_candidate) == (6, 6)


def test_where_only_the_cold_trials_are_enough_the_row_says_what_they_lack():
    bad, good = remembered("bad", 70, 160, trials=2), remembered("good", 35, 80, trials=2)
    (found,) = [one for one in compare_cases(bad, good) if one.metric == "memory_peak_bytes"]
    assert (found.arm, found.cache, found.difference) == ("fit", "cold", BETTER)
    assert "without the page cache of the image" in found.reason


def test_where_neither_is_enough_memory_stays_with_the_need_arm():
    bad, good = (remembered(one, 70, 160, trials=2, fit_trials=3) for one in ("bad", "good"))
    (found,) = [one for one in compare_cases(bad, good) if one.metric == "memory_peak_bytes"]
    assert (found.arm, found.difference) == ("need", INCONCLUSIVE)


# What is compared


def test_failed_trials_are_left_out_and_told():
    crashes = (failed(6, case="good", startup_s=0.1), failed(7, case="good"))
    good = ComparisonSide("good", "good", side("good", spread(10, 6)).trials + crashes)
    found = compared(side("bad", spread(10, 6)), good)
    assert (found.n_candidate, found.difference) == (6, SAME)
    assert (
        "good: 2 of 8 trials failed: exited with code 1, left out of the comparison" in found.reason
    )


def test_a_side_without_values_is_not_measured():
    crashed = ComparisonSide("good", "good", tuple(failed(one, case="good") for one in range(6)))
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
    good = ComparisonSide("good", "good", (*side("good", spread(10, 6)).trials, odd))
    assert compared(side("bad", spread(10, 6)), good).n_candidate == 6


def test_every_cache_state_that_both_have_is_compared():
    def of(name: str, states: list[str]) -> ComparisonSide:
        measured = [
            trial(number, case=name, cache=state, startup_s=10.0)
            for state in states
            for number in range(6)
        ]
        return ComparisonSide(name, name, tuple(measured))

    found = compare_cases(of("bad", ["cold", "warm"]), of("good", ["warm", "cold", "image"]))
    assert [(one.cache, one.arm) for one in found] == [("cold", "fit"), ("warm", "fit")]


@pytest.mark.parametrize("other", [{"arm": "need"}, {"warmup": True}, {"case": "x"}], ids=str)
def test_a_cache_state_of_trials_of_another_kind_is_not_one_of_the_case(other):
    odd = trial(0, **({"case": "bad"} | other), cache="image", startup_s=1.0)
    assert ComparisonSide("bad", "bad", (odd, *side("bad", [1.0]).trials)).caches() == ["cold"]


def test_without_a_cache_state_in_common_nothing_is_measured_on_both_sides():
    warm = ComparisonSide("good", "good", (trial(0, case="good", cache="warm", startup_s=1.0),))
    found = compared(side("bad", [1.0] * 6), warm)
    assert (found.cache, found.difference) == ("cold", NOT_MEASURED)
    assert "measured in 6 and 0 trials" in found.reason


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
        ComparisonSide("bad", "bad", (), image(baseline)),
        ComparisonSide("good", "good", (), image(candidate)),
        "image_size_bytes",
    )
    assert found.difference is difference
    assert (found.cache, found.arm, found.p_value, found.interval) == ("", "", None, None)
    if difference is not NOT_MEASURED:
        assert (found.n_baseline, found.n_candidate) == (1, 1)
        assert "one value per image" in found.reason


@pytest.mark.parametrize(
    ("baseline", "candidate", "difference"), [(0, 0, SAME), (0, MIB, WORSE), (MIB, 0, BETTER)]
)
def test_waste_that_was_zero_is_compared_without_a_ratio(baseline, candidate, difference):
    found = compared(
        ComparisonSide("bad", "bad", (), image(waste_bytes=baseline)),
        ComparisonSide("good", "good", (), image(waste_bytes=candidate)),
        "layer_waste_bytes",
    )
    assert found.difference is difference
    assert found.ratio == (None if baseline == 0 else 0.0)


def test_a_build_is_timed_once_and_never_called():
    found = compared(
        ComparisonSide("bad", "bad", (), image(build_s=100.0)),
        ComparisonSide("good", "good", (), image(build_s=1.0)),
        "build_s",
    )
    assert (found.difference, found.ratio) == (INCONCLUSIVE, 0.01)
    assert "measured once" in found.reason


def test_what_a_rule_judges_without_limits_is_compared_there():
    def side(name: str, demand: float) -> ComparisonSide:
        made = [trial(one, startup_s=1.0, case=name) for one in range(6)]
        made += [
            trial(
                20 + one,
                case=name,
                arm="need",
                cache="image",
                cpu_demand_cores_peak=demand + one / 100,
            )
            for one in range(6)
        ]
        return ComparisonSide(
            name, name, tuple(made), without_limits=frozenset({"cpu_demand_cores_peak"})
        )

    found = compare_cases(side("a", 0.5), side("b", 3.5))
    (one,) = [one for one in found if one.metric == "cpu_demand_cores_peak" and one.arm == "need"]
    assert one.difference is Difference.WORSE


def test_crashes_without_limits_are_a_part_of_the_comparison_of_memory():
    def side(name: str, need: list[TrialResult]) -> ComparisonSide:
        fit = [
            trial(one, startup_s=1.0, memory_peak_bytes=100.0 * MIB, case=name) for one in range(6)
        ]
        return ComparisonSide(name, name, (*fit, *need))

    well = [
        trial(20 + one, case="a", arm="need", cache="image", memory_peak_bytes=100.0 * MIB)
        for one in range(6)
    ]
    crashed = [failed(20 + one, case="b", arm="need", cache="image") for one in range(6)]
    found = compare_cases(side("a", well), side("b", crashed))
    (one,) = [one for one in found if one.metric == "memory_peak_bytes"]
    assert (one.arm, one.failed_candidate, one.candidate_fails_more_often) == ("need", 6, True)

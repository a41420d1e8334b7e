"""The statistics: against brute force, against scipy and numpy, and by their properties."""

from __future__ import annotations

import math
import statistics
import sys
from subprocess import run

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as reference

from bench.judge import stats

finite = st.floats(-1e6, 1e6, allow_nan=False)
samples = st.lists(finite, min_size=1, max_size=30)
positive = st.lists(st.floats(0.001, 1e6), min_size=1, max_size=12)


def test_importing_the_statistics_is_cheap():
    code = "import sys, bench.judge.stats, bench.judge.rank_test; print(*sys.modules)"
    done = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "scipy", "pandas"} & set(done.stdout.split())


@given(samples)
def test_median_agrees_with_the_standard_library(values):
    assert stats.median(values) == pytest.approx(statistics.median(values))


@given(samples, st.floats(0, 1))
def test_quantile_agrees_with_numpy(values, share):
    assert stats.quantile(values, share) == pytest.approx(np.quantile(values, share), abs=1e-3)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([1, 2, 3, math.inf], 0.5, 2.5),
        ([1, 2, math.inf, math.inf], 0.5, math.inf),
        ([math.inf, math.inf], 0.5, math.inf),
        ([-math.inf, 1, 2, 3], 0.25, -math.inf),
        ([*range(30), math.inf], 29 / 30, 29),
        ([*range(19), math.inf], 0.95, math.inf),
    ],
)
def test_an_infinite_neighbour_makes_a_quantile_infinite_and_no_other_does(values, share, expected):
    assert stats.quantile(values, share) == expected


@pytest.mark.parametrize("call", [stats.median, stats.median_interval, stats.mean_interval])
def test_no_values_are_refused(call):
    with pytest.raises(ValueError, match="at least one"):
        call([])


def test_a_value_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="not a number"):
        stats.median([1.0, math.nan])


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_outside_its_range_is_refused(share):
    with pytest.raises(ValueError, match="between 0 and 1"):
        stats.quantile([1.0], share)


@pytest.mark.parametrize(
    ("n", "ranks"),
    # Tabulated in many textbooks for the sign test: largest k with 2 P(Bin(n, 1/2) < k) <= 5 %.
    [
        (5, None),
        (6, (1, 6)),
        (8, (1, 8)),
        (9, (2, 8)),
        (12, (3, 10)),
        (20, (6, 15)),
        (30, (10, 21)),
    ],
)
def test_the_interval_of_the_median_takes_the_tabulated_ranks(n, ranks):
    interval = stats.median_interval([float(one) for one in range(1, n + 1)])
    assert (interval and (interval.low, interval.high)) == ranks


@pytest.mark.parametrize("n", range(6, 41))
def test_the_interval_of_the_median_covers_and_is_the_narrowest_that_does(n):
    interval = stats.median_interval(list(range(1, n + 1)))
    assert interval is not None
    low = int(interval.low)
    covers = 1 - 2 * reference.binom.cdf(low - 1, n, 0.5)
    narrower = 1 - 2 * reference.binom.cdf(low, n, 0.5)
    assert covers >= 0.95 > narrower


@pytest.mark.parametrize(("share", "fewest"), [(0.9, 29), (0.95, 59), (0.99, 299)])
def test_an_upper_bound_of_a_quantile_needs_the_known_number_of_trials(share, fewest):
    assert stats.trials_for_upper_bound(share) == fewest
    assert stats.quantile_upper_bound(list(range(fewest)), share) == fewest - 1
    assert stats.quantile_upper_bound(list(range(fewest - 1)), share) is None


@pytest.mark.parametrize("n", [60, 93, 124, 500, 2000])
def test_the_upper_bound_of_a_quantile_is_the_smallest_that_has_the_confidence(n):
    bound = stats.quantile_upper_bound(list(range(1, n + 1)), 0.95)
    assert bound is not None
    rank = int(bound)
    assert reference.binom.cdf(rank - 1, n, 0.95) >= 0.95 > reference.binom.cdf(rank - 2, n, 0.95)


def test_the_interval_of_a_mean_lies_around_it_and_within_the_values():
    values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    interval = stats.mean_interval(values)
    assert 1 < interval.low < 3.5 < interval.high < 6


def test_the_bootstrap_gives_the_same_for_the_same_seed_and_another_for_another():
    one, other = [1.0, 2.5, 3.1, 4.7, 5.2, 6.9], [2.3, 3.4, 4.9, 5.1, 6.6, 9.8]
    first = stats.ratio_interval(one, other, seed=1, resamples=500)
    assert first == stats.ratio_interval(one, other, seed=1, resamples=500)
    seeds = {stats.ratio_interval(one, other, seed=seed, resamples=500) for seed in range(8)}
    assert len(seeds) > 1


@given(positive, positive, st.floats(0.01, 100))
def test_the_ratio_scales_with_the_candidate(baseline, candidate, factor):
    plain = stats.ratio_interval(baseline, candidate, resamples=200)
    scaled = stats.ratio_interval(baseline, [factor * one for one in candidate], resamples=200)
    assert scaled.low == pytest.approx(factor * plain.low)
    assert scaled.high == pytest.approx(factor * plain.high)


@given(positive)
def test_the_ratio_of_a_sample_to_itself_spans_one(values):
    interval = stats.ratio_interval(values, values, resamples=400)
    assert interval.low <= 1 <= interval.high


def test_the_interval_of_the_ratio_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(7)
    hits = 0
    for number in range(200):
        baseline, candidate = rng.lognormal(0, 0.2, 10), rng.lognormal(0, 0.2, 10) * 1.5
        interval = stats.ratio_interval(list(baseline), list(candidate), resamples=400, seed=number)
        hits += interval.low <= 1.5 <= interval.high
    assert 0.90 <= hits / 200 <= 0.995


@pytest.mark.parametrize(
    ("baseline", "candidate", "ends"),
    [
        ([0.0] * 6, [0.0] * 6, (1.0, 1.0)),
        ([0.0] * 6, [2.0] * 6, (math.inf, math.inf)),
        ([2.0] * 6, [0.0] * 6, (0.0, 0.0)),
        ([2.0] * 6, [3.0] * 6, (1.5, 1.5)),
    ],
)
def test_a_ratio_with_zeros_divides_nothing_by_zero(baseline, candidate, ends):
    interval = stats.ratio_interval(baseline, candidate, resamples=100)
    assert (interval.low, interval.high) == ends


def test_a_baseline_that_is_zero_now_and_then_leaves_no_upper_end():
    interval = stats.ratio_interval([0.0, 0.0, 0.0, 1.0, 1.0, 1.0], [2.0] * 6, resamples=500)
    assert interval.high == math.inf


def test_a_ratio_of_negative_values_is_refused():
    with pytest.raises(ValueError, match="zero or more"):
        stats.ratio_interval([-1.0, 2.0], [1.0])


@pytest.mark.parametrize(
    ("baseline", "candidate", "delta"),
    [
        ([1, 2, 3], [4, 5, 6], 1),
        ([4, 5, 6], [1, 2, 3], -1),
        ([1, 2], [1, 2], 0),
        ([1, 2], [2], 0.5),
    ],
)
def test_cliffs_delta_counts_pairs(baseline, candidate, delta):
    assert stats.cliffs_delta(baseline, candidate) == delta


@given(samples, samples)
def test_cliffs_delta_turns_round_with_the_sides(one, other):
    assert stats.cliffs_delta(one, other) == -stats.cliffs_delta(other, one)


def test_cliffs_delta_needs_both_sides():
    with pytest.raises(ValueError, match="both sides"):
        stats.cliffs_delta([], [1.0])


@pytest.mark.parametrize("values", [[], [3.0], [-1.0, 1.0]])
def test_the_coefficient_of_variation_is_absent_where_it_has_no_meaning(values):
    assert stats.coefficient_of_variation(values) is None


def test_the_coefficient_of_variation_agrees_with_scipy():
    values = [1.0, 2.0, 4.0]
    assert stats.coefficient_of_variation(values) == pytest.approx(
        reference.variation(values, ddof=1)
    )


def test_holm_gives_the_textbook_figures():
    corrected = stats.holm([0.01, 0.04, 0.03, 0.005])
    assert corrected == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(st.lists(st.floats(1e-6, 1), max_size=12))
def test_holm_never_makes_a_p_smaller_and_keeps_their_order(p_values):
    corrected = stats.holm(p_values)
    pairs = sorted(zip(p_values, corrected, strict=True))
    assert all(raw <= other <= 1 for raw, other in pairs)
    assert [other for _, other in pairs] == sorted(corrected)

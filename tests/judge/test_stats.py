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

from bench.judge.statistics import stats

finite = st.floats(-1e6, 1e6, allow_nan=False)
samples = st.lists(finite, min_size=1, max_size=30)


def test_importing_the_statistics_is_cheap():
    code = (
        "import sys, bench.judge.statistics.stats, bench.judge.statistics.rank_test;"
        "print(*sys.modules)"
    )
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


@pytest.mark.parametrize("call", [stats.median, stats.median_interval, stats.mean_lower_bound])
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
    assert stats.quantile_upper_bound(list(range(fewest)), share) == fewest - 1
    assert stats.quantile_upper_bound(list(range(fewest - 1)), share) is None


@pytest.mark.parametrize("n", [60, 93, 124, 500, 2000])
def test_the_upper_bound_of_a_quantile_is_the_smallest_that_has_the_confidence(n):
    bound = stats.quantile_upper_bound(list(range(1, n + 1)), 0.95)
    assert bound is not None
    rank = int(bound)
    assert reference.binom.cdf(rank - 1, n, 0.95) >= 0.95 > reference.binom.cdf(rank - 2, n, 0.95)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30))
def test_the_lower_bound_of_a_mean_lies_between_zero_and_the_mean(values):
    assert 0 <= stats.mean_lower_bound(values) <= statistics.fmean(values)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30), st.floats(0.001, 1000))
def test_the_lower_bound_of_a_mean_goes_with_the_unit(values, factor):
    bound = stats.mean_lower_bound([factor * one for one in values])
    assert bound == pytest.approx(factor * stats.mean_lower_bound(values), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("n", [1, 6, 20, 59, 300])
def test_equal_values_bound_their_mean_nearly_as_closely_as_any_bound_can(n):
    # A value that is equally zero may come in a share of 1 - 0.05^(1/n) of trials, and never show.
    best = 0.05 ** (1 / n)
    assert best * 0.5 ** (1 / n) < stats.mean_lower_bound([1.0] * n) < best


@pytest.mark.parametrize("n", [1, 2, 6, 20])
@pytest.mark.parametrize("rare", [0.01, 0.05, 0.1, 0.3, 0.5, 0.9])
def test_the_lower_bound_of_a_mean_holds_for_every_split_of_two_values(n, rare):
    """The chance that the bound lies above the mean, counted and not simulated."""
    for low, high in ((0.0, 1.0), (0.1, 1.0), (1.0, 20.0), (1.0, 1.5)):
        mean = rare * high + (1 - rare) * low
        wrong = sum(
            reference.binom.pmf(hits, n, rare)
            for hits in range(n + 1)
            if stats.mean_lower_bound([high] * hits + [low] * (n - hits)) > mean
        )
        assert wrong <= 0.05


def test_values_below_zero_have_no_lower_bound_of_the_mean():
    with pytest.raises(ValueError, match="below zero"):
        stats.mean_lower_bound([-1.0, 2.0])


def test_the_upper_bound_of_a_mean_is_the_lower_one_seen_from_the_largest_possible_value():
    values = [1.0, 2.0, 3.0, 4.0]
    turned = 10 - stats.mean_lower_bound([10 - one for one in values])
    assert stats.mean_upper_bound(values, 10.0) == pytest.approx(turned)


@pytest.mark.parametrize(("hits", "n"), [(1, 1), (6, 6), (1, 6), (3, 6), (58, 60), (299, 299)])
def test_the_share_of_starts_is_the_exact_one_sided_bound(hits, n):
    expected = reference.binomtest(hits, n, alternative="greater").proportion_ci(0.95).low
    assert stats.share_lower_bound(hits, n) == pytest.approx(expected)


@pytest.mark.parametrize("n", [60, 93, 124, 500, 2000])
def test_the_lower_bound_of_a_quantile_is_the_largest_that_has_the_confidence(n):
    bound = stats.quantile_lower_bound(list(range(1, n + 1)), 0.95)
    assert bound is not None
    rank = int(bound)
    above = reference.binom.sf
    assert above(rank - 1, n, 0.95) >= 0.95 > above(rank, n, 0.95)


@pytest.mark.parametrize(("share", "fewest"), [(0.05, 59), (0.1, 29)])
def test_a_lower_bound_of_a_low_quantile_needs_as_many_trials(share, fewest):
    assert stats.quantile_lower_bound(list(range(fewest)), share) == 0
    assert stats.quantile_lower_bound(list(range(fewest - 1)), share) is None


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


@pytest.mark.parametrize("n", range(1, 13))
def test_the_chance_of_the_larger_value_is_all_none_or_half(n):
    low, high = [1.0 + one for one in range(n)], [101.0 + one for one in range(n)]
    assert stats.vargha_delaney(low, high) == 1
    assert stats.vargha_delaney(high, low) == 0
    assert stats.vargha_delaney(low, low) == 0.5
    assert stats.vargha_delaney([2.0] * n, [2.0] * n) == 0.5


@given(samples, samples)
def test_the_chance_of_the_larger_value_agrees_with_the_statistic_of_the_test(one, other):
    statistic = reference.mannwhitneyu(other, one).statistic
    assert stats.vargha_delaney(one, other) == pytest.approx(statistic / len(one) / len(other))


@given(samples, samples)
def test_cliffs_delta_turns_round_with_the_sides(one, other):
    assert stats.cliffs_delta(one, other) == -stats.cliffs_delta(other, one)


@given(st.lists(st.integers(0, 9), min_size=1), st.lists(st.integers(0, 9), min_size=1))
def test_cliffs_delta_is_that_of_every_pair(one, other):
    pairs = [(mine > theirs) - (mine < theirs) for mine in other for theirs in one]
    assert stats.cliffs_delta(one, other) == sum(pairs) / len(pairs)


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

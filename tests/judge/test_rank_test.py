"""The exact rank test: against counting every deal by hand, and against scipy."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu, rankdata

from bench.judge.statistics import rank_test
from bench.judge.statistics.rank_test import end_rank, rank_test_p

few = st.lists(st.integers(0, 4).map(float), min_size=1, max_size=5)


def by_hand(one: list[float], other: list[float]) -> float:
    """The share of deals whose rank sum is as far from its mean as the observed one."""
    ranks = rankdata([*one, *other])
    mean = len(one) * (len(ranks) + 1) / 2
    seen = abs(sum(ranks[: len(one)]) - mean)
    deals = list(itertools.combinations(ranks, len(one)))
    return sum(abs(sum(deal) - mean) >= seen - 1e-9 for deal in deals) / len(deals)


@given(few, few)
def test_p_is_the_share_of_all_deals_ties_and_all(one, other):
    assert rank_test_p(one, other) == pytest.approx(by_hand(one, other), rel=1e-12)


@given(st.permutations(range(14)), st.integers(1, 13))
def test_p_agrees_with_scipy_where_nothing_is_tied(order, cut):
    one, other = [float(value) for value in order[:cut]], [float(value) for value in order[cut:]]
    expected = mannwhitneyu(one, other, method="exact").pvalue
    assert rank_test_p(one, other) == pytest.approx(expected, rel=1e-9)


@given(few, few)
def test_p_is_a_probability_and_the_same_with_the_sides_swapped(one, other):
    p = rank_test_p(one, other)
    assert 0 < p <= 1
    assert rank_test_p(other, one) == p


@given(few, few, st.integers(-100, 100), st.integers(1, 9))
def test_p_does_not_change_with_the_scale(one, other, shift, factor):
    moved = ([factor * value + shift for value in side] for side in (one, other))
    assert rank_test_p(*moved) == rank_test_p(one, other)


@pytest.mark.parametrize("n", range(1, 13))
def test_separated_samples_reach_the_smallest_p_there_is(n):
    one, other = list(range(n)), list(range(100, 100 + n))
    assert rank_test_p(one, other) == 2 / math.comb(2 * n, n)


@pytest.mark.parametrize(("n", "p"), [(3, 0.10), (4, 0.029), (5, 0.0079), (6, 0.0022), (7, 0.0006)])
def test_the_smallest_p_is_the_known_one(n, p):
    assert rank_test_p(range(n), range(100, 100 + n)) == pytest.approx(p, rel=0.05)


@pytest.mark.parametrize("n", range(1, 13))
def test_equal_samples_have_a_p_of_one(n):
    assert rank_test_p([2.0] * n, [2.0] * n) == 1
    assert rank_test_p(list(range(n)), list(range(n))) == 1


@pytest.mark.parametrize("n", range(1, 13))
def test_tied_samples_that_overlap_alike_have_a_p_of_one(n):
    values = [10.0 if one % 2 else 20.0 for one in range(n)]
    assert rank_test_p(values, values[::-1]) == 1


@pytest.mark.parametrize(
    ("n", "rank"),
    # Critical values of the two-sided test at 5 % for n against n, tabulated everywhere, plus 1.
    [(1, 0), (2, 0), (3, 0), (4, 1), (5, 3), (6, 6), (7, 9), (8, 14), (9, 18), (10, 24),
     (11, 31), (12, 38), (20, 128)],
)  # fmt: skip
def test_the_interval_ends_at_the_tabulated_rank(n, rank):
    assert end_rank(n, n) == rank


@pytest.mark.parametrize(("one", "other"), [(6, 6), (6, 12), (12, 6), (5, 9), (20, 20)])
def test_the_interval_leaves_out_what_the_test_rejects_and_no_more(one, other):
    """With `rank` pairs on the wrong side p is above 5 %, with one fewer it is not."""
    rank = end_rank(one, other)
    low = [float(value) for value in range(1, one + 1)]

    def p_with(pairs: int) -> float:
        """Of samples in which the second is the smaller in that many pairs."""
        high = [one + 0.5 + value / 100 for value in range(other)]
        for index in range(other):
            taken = min(pairs, one)
            high[index] -= taken
            pairs -= taken
        return rank_test_p(low, high)

    assert p_with(rank - 1) <= 0.05 < p_with(rank)


def test_with_many_values_the_rank_comes_from_the_approximation_which_is_close(monkeypatch):
    exact = end_rank(40, 45)
    monkeypatch.setattr(rank_test, "EXACT_UP_TO", 10)
    assert abs(end_rank(40, 45) - exact) <= 2
    assert end_rank(1, 200) == 0


def test_an_infinite_value_is_the_largest():
    assert rank_test_p([1, 2, 3], [4, 5, math.inf]) == rank_test_p([1, 2, 3], [4, 5, 6])


def test_large_samples_take_the_approximation_which_is_close(monkeypatch):
    one = [float(value % 17) for value in range(45)]
    other = [float((value * 5) % 23) for value in range(50)]
    exact = rank_test_p(one, other)
    monkeypatch.setattr(rank_test, "EXACT_UP_TO", 10)
    approximate = rank_test_p(one, other)
    assert approximate == pytest.approx(exact, rel=0.06)
    assert approximate == pytest.approx(mannwhitneyu(one, other, method="asymptotic").pvalue)
    assert approximate != exact


def test_the_approximation_knows_samples_without_any_difference():
    assert rank_test_p([3.0] * 80, [3.0] * 80) == 1


def test_the_approximation_never_gives_zero():
    assert 0 < rank_test_p(list(range(9000)), list(range(9000, 18000))) < 1e-200


@pytest.mark.parametrize(("one", "other"), [([], [1.0]), ([1.0], []), ([math.nan], [1.0])])
def test_sides_that_cannot_be_ranked_are_refused(one, other):
    with pytest.raises(ValueError):
        rank_test_p(one, other)

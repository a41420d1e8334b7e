"""The interval of the ratio and the smallest ratio that could be seen."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.judge.statistics.rank_test import rank_test_p
from bench.judge.statistics.ratio import detectable_ratio, ratio_interval

positive = st.lists(st.floats(0.001, 1e6), min_size=4, max_size=12)


def ends(baseline, candidate, confidence: float = 0.95) -> tuple[float, float] | None:
    found = ratio_interval(baseline, candidate, confidence)
    return (found.low, found.high) if found else None


def spread(middle: float, n: int) -> list[float]:
    return [middle * (1 + one / 1000) for one in range(n)]


@pytest.mark.parametrize("n", range(1, 13))
def test_separated_samples_have_an_interval_from_four_values_on(n):
    found = ratio_interval(spread(10, n), spread(20, n))
    if n < 4:
        assert found is None
    else:
        assert found is not None
        assert 1.9 < found.low <= 2 <= found.high < 2.1


@pytest.mark.parametrize("n", range(4, 13))
def test_equal_samples_have_an_interval_around_one(n):
    assert ends([3.0] * n, [3.0] * n) == (1, 1)
    low, high = ends(spread(10, n), spread(10, n)) or (0, 0)
    assert low == pytest.approx(1 / high)
    assert 0.98 < low < 1


@pytest.mark.parametrize("n", range(4, 13))
def test_tied_samples_have_an_interval_that_ends_at_one_of_their_ratios(n):
    values = [10.0 if one % 2 else 20.0 for one in range(n)]
    assert ends(values, values[::-1]) == ((0.5, 2) if n < 11 else (1, 1))


def test_the_ends_are_the_pairwise_ratios_that_the_test_names():
    baseline = [1.0, 1.1, 1.21, 1.3, 1.45, 1.52]
    candidate = [1.03, 1.17, 1.27, 1.42, 1.57, 1.63]
    ratios = sorted(one / other for one in candidate for other in baseline)
    assert ends(baseline, candidate) == (ratios[5], ratios[-6])


@given(positive, positive)
def test_just_outside_the_interval_the_test_rejects_and_just_inside_it_does_not(one, other):
    found = ratio_interval(one, other)
    assert found is not None
    for factor in (found.low * (1 - 1e-6), found.high * (1 + 1e-6)):
        assert rank_test_p([factor * value for value in one], other) <= 0.05 + 1e-9


@given(positive, positive, st.floats(0.01, 100))
def test_the_interval_scales_with_the_candidate(baseline, candidate, factor):
    plain = ends(baseline, candidate)
    scaled = ends(baseline, [factor * one for one in candidate])
    assert plain is not None
    assert scaled == pytest.approx([factor * one for one in plain])


@given(positive, positive)
def test_the_interval_turns_round_with_the_sides(one, other):
    plain, turned = ends(one, other), ends(other, one)
    assert plain is not None
    assert turned == pytest.approx((1 / plain[1], 1 / plain[0]))


@given(positive, positive)
def test_the_interval_holds_the_ratio_of_the_medians(one, other):
    low, high = ends(one, other) or (0, 0)
    assert low <= np.median(other) / np.median(one) <= high


@given(positive, positive)
def test_more_confidence_makes_the_interval_no_narrower(one, other):
    wide, narrow = ends(one, other, 0.97), ends(one, other, 0.8)
    assert narrow is not None
    if wide is not None:
        assert wide[0] <= narrow[0] <= narrow[1] <= wide[1]


@pytest.mark.parametrize("n", [4, 6, 10, 20])
def test_the_interval_covers_the_truth_as_often_as_it_says(n):
    rng = np.random.default_rng(n)
    samples = rng.lognormal(0, 0.2, (1000, 2, n)) * [[1], [1.5]]
    found = [ends(list(one), list(other)) or (0, 0) for one, other in samples]
    hits = sum(low <= 1.5 <= high for low, high in found)
    assert 0.93 <= hits / 1000 <= 0.99


@pytest.mark.parametrize(
    ("baseline", "candidate", "expected"),
    [
        ([0.0] * 6, [0.0] * 6, (1.0, 1.0)),
        ([0.0] * 6, [2.0] * 6, (math.inf, math.inf)),
        ([2.0] * 6, [0.0] * 6, (0.0, 0.0)),
        ([2.0] * 6, [3.0] * 6, (1.5, 1.5)),
        ([0.0, 0.0, 0.0, 1.0, 1.0, 1.0], [2.0] * 6, (2.0, math.inf)),
    ],
)
def test_a_ratio_with_zeros_divides_nothing_by_zero(baseline, candidate, expected):
    assert ends(baseline, candidate) == expected


def test_a_ratio_of_negative_values_is_refused():
    with pytest.raises(ValueError, match="zero or more"):
        ratio_interval([-1.0, 2.0], [1.0])


@pytest.mark.parametrize(("one", "other"), [([], [1.0]), ([1.0], [])])
def test_a_side_without_values_is_refused(one, other):
    with pytest.raises(ValueError, match="at least one"):
        ratio_interval(one, other)


# The smallest ratio that could be seen


@pytest.mark.parametrize("n", range(1, 13))
def test_without_any_spread_whatever_is_beyond_the_band_can_be_seen(n):
    found = detectable_ratio([3.0] * n, [3.0] * n, band=0.05, alpha=0.05)
    assert found == (None if n < 4 else pytest.approx(1.05))


def test_more_trials_see_less_and_a_wider_band_or_spread_sees_more():
    rng = np.random.default_rng(3)
    values = list(rng.lognormal(0, 0.05, 80))

    def seen(n: int, *, band: float = 0.05, alpha: float = 0.05, power: float = 1) -> float:
        one, other = ([value**power for value in values[at : at + n]] for at in (0, 40))
        found = detectable_ratio(one, other, band=band, alpha=alpha)
        assert found is not None
        return found

    assert 1.05 < seen(40) < seen(20) < seen(6)
    assert seen(20) < seen(20, band=0.1)
    assert seen(20) < seen(20, power=2)
    assert seen(6) < seen(6, alpha=0.05 / 11)


def test_what_no_number_of_them_could_show_has_no_figure():
    """6 against 6 reach p = 0.0022 at best: corrected over 24 metrics, that is not enough."""
    one, other = spread(10, 6), spread(11, 6)
    assert detectable_ratio(one, other, band=0.05, alpha=0.05 / 23) is not None
    assert detectable_ratio(one, other, band=0.05, alpha=0.05 / 24) is None


@pytest.mark.parametrize(
    ("baseline", "candidate"),
    [([0.0] * 6, [2.0] * 6), ([2.0] * 6, [0.0] * 6), ([0.0, 0, 0, 1, 1, 1], [2.0] * 6)],
)
def test_where_zeros_leave_no_ratio_none_is_named(baseline, candidate):
    assert detectable_ratio(baseline, candidate, band=0.05, alpha=0.05) is None


def test_a_slow_down_of_the_size_named_is_called_about_8_times_in_10():
    rng = np.random.default_rng(11)
    named, called = [], []
    for _ in range(300):
        one, other = rng.lognormal(0, 0.06, (2, 12))
        ratio = detectable_ratio(list(one), list(other), band=0.05, alpha=0.05 / 5)
        assert ratio is not None
        named.append(ratio)
        one, other = rng.lognormal(0, 0.06, (2, 12)) * [[1], [ratio]]
        found = ratio_interval(list(one), list(other))
        assert found is not None
        called.append(found.low > 1.05 and rank_test_p(list(one), list(other)) < 0.05 / 5)
    assert 0.68 <= np.mean(called) <= 0.88
    assert 1.1 < np.median(named) < 1.2


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_an_interval_says_what_confidence_it_was_made_for(confidence):
    found = ratio_interval(spread(1, 8), spread(1, 8), confidence)
    assert found is not None
    assert found.confidence == confidence


def test_the_ends_among_many_ratios_are_found_without_listing_them(monkeypatch):
    rng = np.random.default_rng(5)
    before, after = (list(np.exp(rng.normal(0, 0.3, n))) for n in (110, 120))
    listed = ratio_interval(before, after)
    monkeypatch.setattr("bench.judge.statistics.ratio.MOST_LISTED", 10)
    found = ratio_interval(before, after)
    assert listed is not None
    assert found is not None
    assert (found.low, found.high) == pytest.approx((listed.low, listed.high), rel=1e-9)

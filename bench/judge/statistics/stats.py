"""The statistics that verdicts and comparisons rest on: values in, values out, no containers.

Values may be infinite (a failed trial) where a docstring says so, and are never NaN.

What the docstrings refer to:

- Hyndman and Fan, "Sample Quantiles in Statistical Packages", The American Statistician 50(4),
  1996: the definitions of a sample quantile.
- Hahn, Meeker and Escobar, "Statistical Intervals", 2nd edition, 2017, chapter 5: intervals for
  a quantile from order statistics, with no assumption on the distribution.
- Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the
  binomial", Biometrika 26(4), 1934.
- Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", Journal of
  the Royal Statistical Society B 86(1), 2024.
- Cliff, "Dominance statistics", Psychological Bulletin 114(3), 1993.
- Vargha and Delaney, "A critique and improvement of the CL common language effect size
  statistics", Journal of Educational and Behavioral Statistics 25(2), 2000.

The rank test has a module of its own, `rank_test`, and so have its interval, `ratio`, and its
correction for several metrics, `multiple_testing`.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from functools import cache
from typing import TYPE_CHECKING

from bench.journal.facts.comparison import Interval

if TYPE_CHECKING:
    from collections.abc import Sequence

SEED = 20_240
"""Seed of everything that is drawn, so that the same journal always gives the same report."""

_NOTHING = 1e-12
"""A bound of a mean is found to this share of the mean; a smaller one counts as zero."""


def median(values: Sequence[float]) -> float:
    """The middle value, or the mean of the two middle ones; infinite values are allowed.

    Raises:
        ValueError: no values.
    """
    return quantile(values, 0.5)


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the sample lies, interpolated linearly.

    This is type 7 of Hyndman and Fan, the default of numpy and pandas, so that a notebook finds
    the same figure. An infinite neighbour makes the result infinite.

    Raises:
        ValueError: no values, or a share outside 0 to 1.
    """
    ordered = _ordered(values)
    if not 0 <= share <= 1:
        raise ValueError(f"a share lies between 0 and 1, not at {share}")
    position = share * (len(ordered) - 1)
    nearest = round(position)
    # A product such as 27.000000000000004 must not reach for a neighbour, which may be infinite.
    if math.isclose(position, nearest, abs_tol=1e-9):
        return ordered[nearest]
    below = math.floor(position)
    weight = position - below
    low, high = ordered[below], ordered[below + 1]
    if low == high:
        return low
    return min(max((1 - weight) * low + weight * high, low), high)


def median_interval(values: Sequence[float], confidence: float = 0.95) -> Interval | None:
    """The narrowest pair of order statistics that holds the median with that confidence.

    Nothing is assumed of the distribution but independence (Hahn, Meeker and Escobar, section
    5.2): the number of values below the median is binomial with p = 1/2. At 95 % such a pair
    exists from 6 values on, where it is the smallest and the largest. Ends may be infinite.

    Returns:
        The interval, or None where even the full range covers less than asked for.

    Raises:
        ValueError: no values.
    """
    ordered = _ordered(values)
    n = len(ordered)
    outside, rank = 0, 0
    while rank < n // 2:
        outside += math.comb(n, rank)
        if 2 * outside / 2**n > 1 - confidence:
            break
        rank += 1
    if rank == 0:
        return None
    return Interval(ordered[rank - 1], ordered[n - rank], confidence)


def quantile_lower_bound(
    values: Sequence[float], share: float, confidence: float = 0.95
) -> float | None:
    """The largest order statistic that lies below the true quantile with that confidence.

    The mirror image of `quantile_upper_bound`.
    """
    bound = quantile_upper_bound([-value for value in values], 1 - share, confidence)
    return None if bound is None else -bound


def quantile_upper_bound(
    values: Sequence[float], share: float, confidence: float = 0.95
) -> float | None:
    """The smallest order statistic that lies above the true quantile with that confidence.

    One-sided and free of distributions (Hahn, Meeker and Escobar, section 5.2.4).

    Returns:
        The bound, or None where even the largest value gives less confidence than asked for:
        see `bench.standard.thresholds.least_trials`.

    Raises:
        ValueError: no values.
    """
    ordered = _ordered(values)
    rank = _upper_rank(len(ordered), share, confidence)
    return None if rank is None else ordered[rank - 1]


def mean_lower_bound(values: Sequence[float], confidence: float = 0.95) -> float:
    """A lower bound of the true mean with that confidence, given that no value is below zero.

    Exact for any such distribution and any number of values, by a bet against each candidate m
    (Waudby-Smith and Ramdas): if m were the mean, then for a stake s from 0 to 1 the product of
    1 - s + s x/m over independent values x would be 1 on average, and by Markov's inequality
    20 or more in at most 5 % of samples. The same holds for the mean of two such products. The
    bound is the largest m at which it is 20.

    Raises:
        ValueError: no values, or one below zero.
    """
    ordered = _ordered(values)
    if ordered[0] < 0:
        raise ValueError("a value below zero allows no lower bound of the mean")
    mean = math.fsum(ordered) / len(ordered)
    if not mean:
        return 0.0
    shares = [value / mean for value in ordered]  # the bound goes with the unit
    enough, low = -math.log(1 - confidence), 1.0
    while low > _NOTHING and _log_capital(shares, low) < enough:
        low /= 2
    if low <= _NOTHING:
        return 0.0
    from scipy.optimize import brentq

    bound = brentq(lambda share: _log_capital(shares, share) - enough, low, 2 * low, xtol=_NOTHING)
    return min(float(bound), 1.0) * mean


def mean_upper_bound(values: Sequence[float], most: float, confidence: float = 0.95) -> float:
    """An upper bound of the true mean with that confidence, given that no value is above `most`.

    Nothing bounds a mean from above without such a value: what is rare and large enough can be
    missing from any sample. The mirror image of `mean_lower_bound`.

    Raises:
        ValueError: no values, or one above `most`.
    """
    return most - mean_lower_bound([most - value for value in values], confidence)


def share_lower_bound(hits: int, n: int, confidence: float = 0.95) -> float:
    """The share that is exceeded with that confidence where `hits` of `n` were counted.

    One-sided and exact (Clopper and Pearson).
    """
    if not hits:
        return 0.0
    if hits == n:
        return float((1 - confidence) ** (1 / n))
    from scipy.stats import beta

    return float(beta.ppf(1 - confidence, hits, n - hits + 1))


def cliffs_delta(baseline: Sequence[float], candidate: Sequence[float]) -> float:
    """How far the candidate's values lie above the baseline's, from -1 to 1.

    The share of pairs in which the candidate is larger, less the share in which it is smaller.

    Raises:
        ValueError: no values on a side.
    """
    if not baseline or not candidate:
        raise ValueError("needs values on both sides")
    ordered = sorted(baseline)
    above = sum(bisect_left(ordered, value) for value in candidate)
    below = sum(len(ordered) - bisect_right(ordered, value) for value in candidate)
    return (above - below) / (len(baseline) * len(candidate))


def vargha_delaney(baseline: Sequence[float], candidate: Sequence[float]) -> float:
    """The chance, from 0 to 1, that a value of the candidate is the larger of a pair.

    Pairs of equal values count half; 0.5 means that neither side tends to be larger. The same
    as (1 + Cliff's delta) / 2.

    Raises:
        ValueError: no values on a side.
    """
    return (1 + cliffs_delta(baseline, candidate)) / 2


def coefficient_of_variation(values: Sequence[float]) -> float | None:
    """Sample standard deviation over the mean, as a share.

    Returns:
        None for fewer than two values and for a mean of zero, which have no such figure.
    """
    n = len(values)
    mean = math.fsum(values) / n if n else 0.0
    if n < 2 or mean == 0:
        return None
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    return spread / abs(mean)


def _ordered(values: Sequence[float]) -> list[float]:
    if not values:
        raise ValueError("needs at least one value")
    if any(map(math.isnan, values)):
        raise ValueError("a value that is not a number cannot be ordered")
    return sorted(values)


def _binomial(hits: int, n: int, share: float) -> float:
    """Probability of `hits` in `n` draws; through logarithms, as n choose k overflows a float."""
    ways = math.lgamma(n + 1) - math.lgamma(hits + 1) - math.lgamma(n - hits + 1)
    return math.exp(ways + hits * math.log(share) + (n - hits) * math.log1p(-share))


@cache
def _upper_rank(n: int, share: float, confidence: float) -> int | None:
    below = 0.0
    for rank in range(1, n + 1):
        below += _binomial(rank - 1, n, share)
        # A hair of slack, for the sum of many small terms may fall short of an exact share.
        if below >= confidence - 1e-12:
            return rank
    return None


def _log_capital(ordered: Sequence[float], mean: float) -> float:
    """Logarithm of what a capital of 1 became, on average over a stake of half and of all of it.

    All of it suits values that hardly scatter; half of it survives a value near zero.
    """
    half = sum(math.log(0.5 + 0.5 * value / mean) for value in ordered)
    if ordered[0] / mean == 0:
        return half - math.log(2)
    whole = sum(math.log(value / mean) for value in ordered)
    most = max(half, whole)
    return most + math.log((math.exp(half - most) + math.exp(whole - most)) / 2)

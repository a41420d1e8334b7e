"""The ratio of two samples: its interval, and the smallest ratio that could be detected.

Both rest on the rank test alone: nothing is drawn at random, and nothing is assumed of the
shape of the distribution but that both sides have the same one up to a factor. Where they do
not, the interval speaks of the median of all pairwise ratios; how often it then holds the ratio
of the medians is in the table of docs/statistics.md.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING

from bench.journal.facts.comparison import Interval
from bench.judge.statistics.rank_test import end_rank
from bench.judge.statistics.stats import median

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

POWER = 0.8
"""How often the smallest detectable ratio is to be called."""

CONFIDENCE = 0.95
"""Of the interval that decides."""

MOST_LISTED = 40_000
"""Pairwise ratios that are listed and sorted; an end among more of them is searched for."""

_CLOSE_ENOUGH = 1e-10
"""Share to which such an end is found."""


def ratio_interval(
    baseline: Sequence[float], candidate: Sequence[float], confidence: float = CONFIDENCE
) -> Interval | None:
    """Every factor between the sides that the rank test would not reject.

    The interval of Hodges, Lehmann and Moses, taken on ratios (see `rank_test`), widened where
    it must be to hold the ratio of the sample medians. Nothing over nothing counts as 1 and
    something over nothing as infinite, so an end may be infinite.

    Returns:
        The interval, or None where so few values allow none with that confidence.

    Raises:
        ValueError: no values on a side, or a negative one, for which a ratio has no meaning.
    """
    middles = median(baseline), median(candidate)
    if min(*baseline, *candidate) < 0:
        raise ValueError("a ratio needs values of zero or more")
    rank = end_rank(len(baseline), len(candidate), confidence)
    if not rank:
        return None
    low, high = _ends(tuple(baseline), tuple(candidate), rank)
    if middles[0]:
        ratio = middles[1] / middles[0]
        low, high = min(low, ratio), max(high, ratio)
    return Interval(low, high, confidence)


def _ends(
    baseline: tuple[float, ...], candidate: tuple[float, ...], rank: int
) -> tuple[float, float]:
    """The `rank`-th of the ratios, counted from either side."""
    pairs = len(baseline) * len(candidate)
    if pairs <= MOST_LISTED or min(*baseline, *candidate) <= 0:
        ratios = _ratios(baseline, candidate)
        return float(ratios[rank - 1]), float(ratios[-rank])
    return _found(baseline, candidate, rank), _found(baseline, candidate, pairs - rank + 1)


def _found(baseline: tuple[float, ...], candidate: tuple[float, ...], rank: int) -> float:
    """The `rank`-th smallest ratio, found by halving."""
    import numpy as np

    below, above = np.sort(np.asarray(baseline)), np.sort(np.asarray(candidate))
    low, high = float(above[0] / below[-1]), float(above[-1] / below[0])
    while high - low > _CLOSE_ENOUGH * high:
        middle = math.sqrt(low) * math.sqrt(high)
        if np.searchsorted(above, below * middle, side="right").sum() >= rank:
            high = middle
        else:
            low = middle
    return high


@lru_cache(maxsize=1)  # an interval is taken at several confidences
def _ratios(baseline: tuple[float, ...], candidate: tuple[float, ...]) -> npt.NDArray[np.float64]:
    """The ratio of each value of `candidate` to each of `baseline`, ascending."""
    import numpy as np

    below, above = np.asarray(baseline, dtype=float), np.asarray(candidate, dtype=float)[:, None]
    ratios = np.where(above == 0, 1.0, np.inf) * np.ones_like(below)
    np.divide(above, below, out=ratios, where=below != 0)
    return np.sort(ratios, axis=None)


def detectable_ratio(
    baseline: Sequence[float], candidate: Sequence[float], *, band: float, alpha: float
) -> float | None:
    """The smallest slow-down that trials like these, as many of them, would call 8 times of 10.

    The standard error of the logarithm of the ratio is read from the width of the interval
    observed. A true ratio is called when the interval's lower end lies above 1 + `band` and
    the test is below `alpha`; the ratio that stands off from both by as much as a normal
    variable stays within 8 times of 10 is the answer. A speed-up by its inverse is about as
    hard to see.

    Args:
        baseline: values of zero or more.
        candidate: likewise.
        band: the practical band, as a share.
        alpha: what an uncorrected p must not be above, the other metrics considered; 0 where
            none is small enough.

    Returns:
        A ratio above 1, or None where none could be called or none can be named: too few
        values, or zeros on which no ratio stands.
    """
    decides = ratio_interval(baseline, candidate)
    tests = ratio_interval(baseline, candidate, 1 - alpha)
    if decides is None or tests is None:
        return None
    reach, test_reach = _half_width(decides), _half_width(tests)
    if not math.isfinite(reach) or not math.isfinite(test_reach):
        return None
    normal = NormalDist()
    error = reach / normal.inv_cdf((1 + CONFIDENCE) / 2)
    return math.exp(max(math.log1p(band) + reach, test_reach) + normal.inv_cdf(POWER) * error)


def _half_width(interval: Interval) -> float:
    """Half the interval's width on a logarithmic scale; infinite where an end is 0 or infinite."""
    if interval.low <= 0:
        return math.inf
    return math.log(interval.high / interval.low) / 2

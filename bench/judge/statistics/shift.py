"""The difference between two samples, in their unit: its interval, which the rank test gives.

The interval of Hodges, Lehmann and Moses as `ratio` has it, taken on differences: nothing is
drawn at random, and nothing is assumed of the distribution but that both sides have the same
shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.journal.facts.comparison import Interval
from bench.judge.statistics.rank_test import end_rank
from bench.judge.statistics.stats import median

if TYPE_CHECKING:
    from collections.abc import Sequence


def shift_interval(
    baseline: Sequence[float], candidate: Sequence[float], confidence: float = 0.95
) -> Interval | None:
    """Every shift between the sides that the rank test would not reject.

    Widened where it must be to hold the difference of the sample medians. Sides without spread
    have the exact difference for both ends.

    Returns:
        The interval, or None where so few values allow none: with as many on both sides, it takes
        four.

    Raises:
        ValueError: no values on a side.
    """
    change = median(candidate) - median(baseline)
    rank = end_rank(len(baseline), len(candidate), confidence)
    if not rank:
        return None
    shifts = sorted(after - before for before in baseline for after in candidate)
    return Interval(min(shifts[rank - 1], change), max(shifts[-rank], change), confidence)

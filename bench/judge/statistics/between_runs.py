"""How far runs of the same thing lie apart, beyond what the trials of one run tell.

The trials of a run share its boot, its files' places on the disk and its neighbours, so that they
are more alike than those of two runs. What a rank test of trials finds between runs may be that.
"""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import NormalDist
from typing import TYPE_CHECKING

from bench.judge.statistics.stats import median

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST_PAIRS = 5
"""Pairs of neighbouring runs that an estimate takes."""

LEAST_ERRORS = 3.5
"""Standard errors by which two stretches have to differ at least: of few runs the scatter itself is
known badly. By simulation (docs/history.md)."""

_OF_A_DEVIATION = 0.6745 * math.sqrt(2)
"""Median distance of two draws from a normal distribution, in its standard deviations."""


def scatter_between(medians: Sequence[float]) -> float:
    """Standard deviation of the logarithm of the medians of runs where nothing changes.

    From the differences of neighbours, of which a change touches only one, and their median,
    which a few large ones do not move.

    Args:
        medians: in the order of time.

    Returns:
        0 for too few runs to tell, and where a median is zero or less.
    """
    if len(medians) <= LEAST_PAIRS or min(medians) <= 0:
        return 0.0
    steps = [abs(math.log(after / before)) for before, after in pairwise(medians)]
    return median(steps) / _OF_A_DEVIATION


def errors_needed(tried: int, alpha: float = 0.05) -> float:
    """The standard errors that chance exceeds in any of so many places with probability `alpha`."""
    if not tried:
        return LEAST_ERRORS
    return max(LEAST_ERRORS, NormalDist().inv_cdf(1 - alpha / tried / 2))


def exceeds(reach: float, before: float, after: float, runs: tuple[int, int]) -> bool:
    """Whether two stretches of runs lie further apart than their scatter makes them.

    Args:
        reach: scatter (see `scatter_between`) times the errors needed; 0 where it is not known.
        before: median of the first stretch.
        after: median of the second.
        runs: how many runs each has.
    """
    if not reach or before <= 0 or after <= 0:
        return True
    return abs(math.log(after / before)) > reach * math.sqrt(1 / runs[0] + 1 / runs[1])

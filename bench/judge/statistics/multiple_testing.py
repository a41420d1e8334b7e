"""p-values corrected for all the metrics that a comparison looks at together.

Westfall and Young's step-down correction ("Resampling-Based Multiple Testing", 1993, algorithm
2.8): whole trials are dealt out to the two sides anew, so that metrics which go up and down
together go on doing so, and a metric's corrected p is the share of deals in which chance makes
any metric stand out as much. The chance of even one false call among all metrics stays at or
below alpha, and metrics that say the same thing cost nothing, as they would by Bonferroni.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bench.judge.statistics.stats import SEED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.floating[Any]]

DEALS = 10_000
"""Deals looked at where there are more: enough to hold a p of 0.05 to within 0.005."""

_SLACK = 1e-9
"""Rank sums that are the same may come out of the matrix product a little apart."""


@dataclass(frozen=True)
class Together:
    """The result of correcting several metrics together.

    Attributes:
        corrected: p by metric, with the correction.
        alpha: an uncorrected p below or at this is called, whichever metric has it; 0 where so
            few trials allow none.
    """

    corrected: Mapping[str, float]
    alpha: float


def correct(
    baseline: Sequence[Mapping[str, float]],
    candidate: Sequence[Mapping[str, float]],
    p_values: Mapping[str, float],
    alpha: float,
) -> Together:
    """Correct the p-values of the rank test for one another.

    Args:
        baseline: the metrics of each of its trials; a trial may lack some.
        candidate: likewise.
        p_values: of each metric that is looked at, uncorrected.
        alpha: what the chance of any false call is held to.
    """
    if len(p_values) < 2:
        return Together(p_values, alpha)
    import numpy as np

    names = list(p_values)
    rows = [[metrics.get(name, math.nan) for name in names] for metrics in (*baseline, *candidate)]
    ranked = _Ranked.of(np.array(rows, dtype=float))
    own = np.zeros((1, len(rows)), dtype=np.float32)
    own[0, : len(baseline)] = 1
    seen = ranked.standing_out(own)[0]
    blocks = _deals(len(rows), len(baseline))
    chance = np.concatenate([ranked.standing_out(deals) for deals in blocks])
    order = np.argsort(seen)
    # For each metric the largest of its own and of all that stand out less.
    largest = np.maximum.accumulate(chance[:, order], axis=1)
    shares = (largest >= seen[order] - _SLACK).mean(axis=0)
    shares = np.maximum.accumulate(shares[::-1])[::-1]
    by_name = {names[index]: float(share) for index, share in zip(order, shares, strict=True)}
    corrected = {name: max(p_value, by_name[name]) for name, p_value in p_values.items()}
    return Together(corrected, _single_alpha(largest[:, -1], len(baseline), len(candidate), alpha))


@dataclass(frozen=True)
class _Ranked:
    """All trials ranked by each metric; one row per trial, one column per metric.

    Attributes:
        known: whether the trial has the metric.
        centred: its rank, ties sharing theirs, less the mean rank; 0 where it has none.
    """

    known: npt.NDArray[np.bool_]
    centred: Array

    @classmethod
    def of(cls, values: Array) -> _Ranked:
        """Rank the columns of `values`, in which what is not there is not-a-number."""
        import numpy as np

        known = ~np.isnan(values)
        centred = np.zeros_like(values)
        for column, has, own in zip(values.T, known.T, centred.T, strict=True):
            _, level, counts = np.unique(column[has], return_inverse=True, return_counts=True)
            own[has] = (np.cumsum(counts) - (counts - 1) / 2)[level] - (has.sum() + 1) / 2
        return cls(known, centred)

    def standing_out(self, deals: Array) -> Array:
        """|rank sum - mean| / deviation of each metric in each deal; 0 without any spread."""
        import numpy as np

        total = self.known.sum(axis=0)
        side = deals @ self.known.astype(deals.dtype)
        variance = side * (total - side) * (self.centred**2).sum(axis=0)
        variance /= np.maximum(total * (total - 1), 1)
        apart: Array = np.abs(deals @ self.centred)
        np.divide(apart, np.sqrt(variance), out=apart, where=variance > _SLACK)
        return apart


@lru_cache(maxsize=2)
def _deals(trials: int, side: int) -> tuple[Array, ...]:
    """Ways of dealing `side` of the trials to the first side: all, or many with the same seed.

    One row per deal, 1 where the trial goes to the first side; in blocks, to bound the memory.
    """
    import numpy as np

    if math.comb(trials, side) <= DEALS:
        all_deals = np.zeros((math.comb(trials, side), trials), dtype=np.float32)
        for row, chosen in enumerate(itertools.combinations(range(trials), side)):
            all_deals[row, list(chosen)] = 1
        return (all_deals,)
    rng = np.random.default_rng(SEED)
    own = np.zeros(trials, dtype=np.float32)
    own[:side] = 1
    block = 1000
    drawn = [rng.permuted(np.tile(own, (block, 1)), axis=1) for _ in range(DEALS // block)]
    return (own[None, :], *drawn)


def _single_alpha(largest: Array, n_first: int, n_second: int, alpha: float) -> float:
    """The uncorrected p that goes with the height which chance passes with `alpha` or less."""
    import numpy as np

    ordered = np.sort(largest)[::-1]
    passed = ordered[math.floor(alpha * len(ordered))]
    above = ordered[ordered > passed + _SLACK]
    separated = math.sqrt(3 * n_first * n_second / (n_first + n_second + 1))
    if len(above):
        return math.erfc(float(above[-1]) / math.sqrt(2))
    return math.erfc(separated / math.sqrt(2)) if separated > passed + _SLACK else 0.0

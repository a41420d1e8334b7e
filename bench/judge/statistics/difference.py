"""The decision whether one metric differs between two sides, from numbers alone.

A metric that each trial has a value of differs only where two things agree: the rank test calls
the samples different (p < 0.05, corrected for the metrics looked at together), and the whole
95 % interval of the ratio lies outside the practical band. Either alone misleads: with many
trials a test calls a difference that nobody would notice, and an interval that knows nothing of
the other metrics is now and then off by chance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from bench.core.metrics import Better, Metric
from bench.core.units import format_value
from bench.journal.facts.comparison import Difference, Interval
from bench.judge.statistics import stats
from bench.judge.statistics.noise import PRACTICAL_BAND
from bench.judge.statistics.rank_test import rank_test_p
from bench.judge.statistics.ratio import detectable_ratio, ratio_interval
from bench.standard.thresholds import INTERVAL_NEEDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.judge.statistics.noise import Band

ALPHA = 0.05
"""A corrected p below this counts as different."""


@dataclass(frozen=True)
class Pair:
    """One metric's values on both sides, in the metric's unit.

    Attributes:
        bounds: 95 % interval of the ratio, whose ends may be infinite; None where a side has
            too few values for one, or negative ones.
        p_value: of the rank test, uncorrected; None likewise.
        step: the difference of medians up to which nothing can be told.
    """

    metric: Metric
    baseline: tuple[float, ...]
    candidate: tuple[float, ...]
    bounds: Interval | None = None
    p_value: float | None = None
    step: float = 0.0

    @classmethod
    def of(
        cls,
        metric: Metric,
        baseline: Sequence[float],
        candidate: Sequence[float],
        step: float = 0.0,
    ) -> Pair:
        """The pair, with interval and test where there are trials enough."""
        sides = tuple(baseline), tuple(candidate)
        if min(len(values) for values in sides) < INTERVAL_NEEDS or min(*baseline, *candidate) < 0:
            return cls(metric, *sides, step=step)
        return cls(metric, *sides, ratio_interval(*sides), rank_test_p(*sides), step)

    @cached_property
    def medians(self) -> tuple[float | None, float | None]:
        """The median of each side, None where it has no values."""
        sides = (self.baseline, self.candidate)
        before, after = (stats.median(values) if values else None for values in sides)
        return before, after

    @property
    def too_close(self) -> bool:
        """Whether the medians differ, but by no more than can be told."""
        before, after = self.medians
        return before is not None and after is not None and 0 < abs(after - before) <= self.step

    @property
    def ratio(self) -> float | None:
        """Candidate median / baseline median; None where a side is empty or has no such ratio.

        Nor have medians that are too close to tell apart, unless the ratio says so itself.
        """
        before, after = self.medians
        if after is None or not before or min(before, after) < 0:
            return None
        ratio = after / before
        return None if self.too_close and abs(ratio - 1) > PRACTICAL_BAND else ratio

    @property
    def interval(self) -> Interval | None:
        """The interval of the ratio, None where it or the ratio is not finite."""
        bounds = self.bounds
        if bounds is None or self.ratio is None or not math.isfinite(bounds.high):
            return None
        return bounds if math.isfinite(bounds.low) else None

    @property
    def effect(self) -> float | None:
        """Vargha and Delaney's A; None where there are too few values for a test."""
        if self.p_value is None:
            return None
        return stats.vargha_delaney(self.baseline, self.candidate)

    def detectable(self, band: Band, alpha: float) -> float | None:
        """The smallest ratio above 1 that such trials would call; see `ratio.detectable_ratio`."""
        if self.interval is None:
            return None
        return detectable_ratio(self.baseline, self.candidate, band=band.share, alpha=alpha)


def call_difference(
    pair: Pair, band: Band, corrected_p: float | None, family: int
) -> tuple[Difference, str]:
    """The difference that the trials show, and the reason.

    Args:
        pair: the values.
        band: ratios within it are called the same.
        corrected_p: p-value after the correction; None where the pair has none.
        family: number of metrics that were corrected together.
    """
    sizes = f"{len(pair.baseline)} and {len(pair.candidate)}"
    if not pair.baseline or not pair.candidate:
        return Difference.NOT_MEASURED, f"measured in {sizes} trials"
    if pair.bounds is None or corrected_p is None:
        reason = f"needs at least {INTERVAL_NEEDS} trials on each side, there are {sizes}"
        if min(*pair.baseline, *pair.candidate) < 0:
            reason = "has values below zero, which have no ratio"
        return Difference.INCONCLUSIVE, reason
    if pair.too_close and pair.ratio is None:
        return Difference.SAME, _too_close(pair)
    low, high = pair.bounds.low, pair.bounds.high
    evidence = f"{_change(pair)}, {_test(pair, corrected_p, family)}, {_effect(pair)}"
    if 1 - band.share <= low and high <= 1 + band.share:
        return Difference.SAME, f"{evidence}; the interval lies within {band}"
    outside = high < 1 - band.share or low > 1 + band.share
    if outside and corrected_p < ALPHA:
        return direction(pair.metric, larger=low > 1), f"{evidence}; a significant difference"
    if outside:
        return Difference.INCONCLUSIVE, f"{evidence}; not statistically significant"
    return Difference.INCONCLUSIVE, f"{evidence}; the interval lies partly within {band}"


def call_once(pair: Pair, band: Band) -> tuple[Difference, str]:
    """The difference between two single values, which belong to images and not to trials."""
    if not pair.baseline or not pair.candidate:
        return Difference.NOT_MEASURED, "measured on one side only"
    before, after = pair.baseline[0], pair.candidate[0]
    ratio = pair.ratio
    if pair.too_close and ratio is None:
        return Difference.SAME, _too_close(pair)
    if pair.metric.is_time:
        return Difference.INCONCLUSIVE, "measured once on each side, so its spread is unknown"
    inside = before == after if ratio is None else 1 - band.share <= ratio <= 1 + band.share
    what = "the baseline is zero, so there is no ratio" if ratio is None else f"{ratio:.3g} times"
    reason = f"{what}; one value per image, compared with {band}"
    return Difference.SAME if inside else direction(pair.metric, larger=after > before), reason


def direction(metric: Metric, *, larger: bool) -> Difference:
    """Better, worse or different, where the candidate has more or less of `metric`."""
    if metric.better is Better.NEITHER:
        return Difference.DIFFERENT
    return Difference.WORSE if larger is (metric.better is Better.LOWER) else Difference.BETTER


def _too_close(pair: Pair) -> str:
    before, after, step = (
        format_value(value or 0.0, pair.metric.unit) for value in (*pair.medians, pair.step)
    )
    return f"{before} and {after} differ by at most {step}, too little to tell apart"


def _change(pair: Pair) -> str:
    if pair.ratio is None:
        before, after = pair.medians
        return "both medians are zero" if before == after else "the baseline's median is zero"
    bounds = pair.interval
    if bounds is None:
        return f"{pair.ratio:.3g} times, 95 % interval without an upper bound"
    return f"{pair.ratio:.3g} times, 95 % interval {bounds.low:.3g} to {bounds.high:.3g}"


def _test(pair: Pair, corrected_p: float, family: int) -> str:
    text = f"rank test p = {pair.p_value:.2g}"
    if family < 2:
        return text
    return f"{text}, corrected over {family} metrics {corrected_p:.2g}"


_EFFECTS = ((0.21, "large"), (0.14, "medium"), (0.06, "small"))
"""How far A must lie from 1/2 for each word, after Vargha and Delaney 2000."""


def effect_word(effect: float) -> str:
    """The size of an effect A: `large`, `medium`, `small` or `negligible`."""
    apart = abs(effect - 0.5)
    return next((word for least, word in _EFFECTS if apart >= least - 1e-12), "negligible")


def _effect(pair: Pair) -> str:
    effect = pair.effect
    assert effect is not None
    larger = max(effect, 1 - effect)
    side = "larger" if effect >= 0.5 else "smaller"
    return f"{side} in {100 * larger:.0f} of 100 pairs ({effect_word(effect)} effect)"

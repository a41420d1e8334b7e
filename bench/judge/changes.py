"""Where a figure changed over a sequence of runs: change points, called as comparisons are.

Two stretches of runs differ where `bench compare` would say so of their trials: by the rank test,
and by the interval of the ratio of medians against the practical band. As the place is searched
for, the p-value is multiplied by the number of splits tried in the whole sequence (Bonferroni),
which holds the chance of any false change in it at or below 5 %. And as runs of the same thing lie
further apart than the trials of one, it has to exceed that too (`between_runs`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from bench.core.metrics import Scope
from bench.journal.facts.comparison import BandFrom, Difference
from bench.judge.statistics import stats
from bench.judge.statistics.between_runs import errors_needed, exceeds, scatter_between
from bench.judge.statistics.difference import Pair, call_difference, direction
from bench.judge.statistics.noise import PRACTICAL_BAND, Band, band_for
from bench.judge.statistics.splits import farthest, outstanding_splits, splits_tried
from bench.standard.thresholds import INTERVAL_NEEDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.core.metrics import Metric
    from bench.journal.facts.comparison import Interval
    from bench.judge.statistics.noise import HostNoise

CALLED = (Difference.BETTER, Difference.WORSE, Difference.DIFFERENT)
"""Verdicts of a comparison that are changes."""

_MOST_LOOKED_AT = 100
"""Splits of one search that are looked at closely, the most outstanding first."""


@dataclass(frozen=True)
class RunFigures:
    """The values of one metric in one run.

    Attributes:
        values: of the trials that count; empty where there are none.
        step: the difference of medians up to which nothing can be told; see `resolution.step`.
        floor: of the metric, what the runtime itself takes, or 0.
        noise: of the host, where it is known.
    """

    values: tuple[float, ...]
    step: float = 0.0
    floor: float = 0.0
    noise: HostNoise | None = field(default=None, compare=False)

    @cached_property
    def median(self) -> float | None:
        """Of the values; None where there are none."""
        return stats.median(self.values) if self.values else None


@dataclass(frozen=True)
class Shift:
    """A change of a metric from one stretch of runs to the next.

    Attributes:
        index: of the first run after it.
        before, after: medians of the two stretches, in the metric's unit; of values without noise,
            the first of each.
        n_before, n_after: trials in them; of an image's size, runs.
        ratio: after / before; None from zero.
        interval: 95 % interval of the ratio; None for values without noise, and from zero.
        corrected_p: of the rank test by which it was found, times the splits tried; None for
            values without noise.
        tried: number of these splits.
        band: ratios within it are called the same.
        difference: better, worse or different.
    """

    index: int
    before: float
    after: float
    n_before: int
    n_after: int
    ratio: float | None
    interval: Interval | None
    corrected_p: float | None
    tried: int
    band: Band
    difference: Difference


def find_shifts(metric: Metric, runs: Sequence[RunFigures]) -> list[Shift]:
    """The changes of `metric` over `runs`, in their order.

    Times of builds, of which a run has one, have a spread that nobody knows: none is called.

    Args:
        metric: of the table, or a scenario's own.
        runs: in the order of time; those without values are passed over.
    """
    if metric.scope is Scope.IMAGE:
        return [] if metric.is_time else list(_steps(metric, runs))
    return _Search(metric, runs).shifts()


def _steps(metric: Metric, runs: Sequence[RunFigures]) -> Iterator[Shift]:
    """Changes of values without noise: by more than the band from the value after the last one."""
    band = Band(PRACTICAL_BAND, BandFrom.PRACTICAL)
    known = [(index, run.values[0], run.step) for index, run in enumerate(runs) if run.values]
    stretches: list[list[float]] = []
    starts: list[int] = []
    for index, value, step in known:
        first = stretches[-1][0] if stretches else math.inf
        if not stretches or abs(value - first) > max(band.share * first, step):
            stretches.append([])
            starts.append(index)
        stretches[-1].append(value)
    for index, before, after in zip(starts[1:], stretches, stretches[1:], strict=False):
        yield Shift(
            index=index,
            before=before[0],
            after=after[0],
            n_before=len(before),
            n_after=len(after),
            ratio=after[0] / before[0] if before[0] else None,
            interval=None,
            corrected_p=None,
            tried=0,
            band=band,
            difference=direction(metric, larger=after[0] > before[0]),
        )


class _Search:
    """The search for the changes of one metric."""

    def __init__(self, metric: Metric, runs: Sequence[RunFigures]) -> None:
        self.metric = metric
        self.runs = runs
        self.tried = splits_tried([len(run.values) for run in runs], INTERVAL_NEEDS)
        self._pairs: dict[tuple[int, int, int], tuple[Pair, Band]] = {}
        medians = [run.median for run in runs if run.median is not None]
        self.reach = scatter_between(medians) * errors_needed(self.tried)

    def shifts(self) -> list[Shift]:
        """The changes, each between the stretches that the others leave."""
        found = dict(self._split(0, len(self.runs)))
        while found:
            places = [0, *sorted(found), len(self.runs)]
            shifts = [
                self._shift(before, at, after, found[at])
                for (before, at), after in zip(pairwise(places), places[2:], strict=False)
            ]
            weak = [
                shift
                for before, shift, after in zip(places, shifts, places[2:], strict=False)
                if shift.difference not in CALLED or not self._stands_out(before, shift, after)
            ]
            if not weak:
                return shifts
            # what a neighbour explains is no change of its own
            del found[max(weak, key=lambda shift: found[shift.index]).index]
        return []

    def _stands_out(self, first: int, shift: Shift, last: int) -> bool:
        return exceeds(
            self.reach,
            shift.before,
            shift.after,
            (self._measured(first, shift.index), self._measured(shift.index, last)),
        )

    def _measured(self, start: int, end: int) -> int:
        return sum(bool(run.values) for run in self.runs[start:end])

    def _split(self, start: int, end: int) -> Iterator[tuple[int, float]]:
        """The changes between two runs, each with its corrected p."""
        if (split := self._strongest(start, end)) is None:
            return
        at, corrected_p = split
        yield from self._split(start, at)
        yield at, corrected_p
        yield from self._split(at, end)

    def _strongest(self, start: int, end: int) -> tuple[int, float] | None:
        values = [run.values for run in self.runs[start:end]]
        # means are looked at first, and are not the medians that decide: hence the half
        splits = outstanding_splits(values, INTERVAL_NEEDS, 0.5 * PRACTICAL_BAND, 0.5 * self.reach)
        for split in islice(splits, _MOST_LOOKED_AT):
            first, at, last = (start + place for place in (split.start, split.at, split.end))
            if self._is_hopeless(first, at, last, split.distance):
                continue
            pair, band = self._pair(first, at, last)
            if pair.p_value is None:
                continue
            corrected_p = min(1.0, pair.p_value * self.tried)
            if call_difference(pair, band, corrected_p, 1)[0] in CALLED:
                return at, corrected_p
        return None

    def _is_hopeless(self, first: int, at: int, last: int, distance: float) -> bool:
        """Whether a split cannot be called, told without counting what takes long to count."""
        before, after = self._values(first, at), self._values(at, last)
        most = farthest(len(before), len(after))
        if distance < 0.9 * most and math.erfc(distance / math.sqrt(2)) * self.tried > 1:
            return True
        medians = stats.median(before), stats.median(after)
        if abs(medians[1] - medians[0]) <= PRACTICAL_BAND * abs(medians[0]):
            return True
        runs = self._measured(first, at), self._measured(at, last)
        return not exceeds(self.reach, *medians, runs)

    def _values(self, start: int, end: int) -> list[float]:
        return [value for run in self.runs[start:end] for value in run.values]

    def _pair(self, first: int, at: int, last: int) -> tuple[Pair, Band]:
        """Both sides of a split; kept, as the one found first is often the one that is left."""
        key = first, at, last
        if key not in self._pairs:
            self._pairs[key] = self._made_pair(first, at, last)
        return self._pairs[key]

    def _made_pair(self, first: int, at: int, last: int) -> tuple[Pair, Band]:
        before, after = self._values(first, at), self._values(at, last)
        runs = [run for run in self.runs[first:last] if run.values]
        medians = stats.median(before), stats.median(after)
        floor = min(run.floor for run in runs)
        step = max(floor if max(medians) <= floor else 0.0, stats.median([r.step for r in runs]))
        noises = {id(run.noise): run.noise for run in runs}.values()
        pair = Pair.of(self.metric, before, after, step)
        return pair, band_for(self.metric.name, medians[0], noises)

    def _shift(self, first: int, at: int, last: int, corrected_p: float) -> Shift:
        pair, band = self._pair(first, at, last)
        before, after = pair.medians
        assert before is not None
        assert after is not None
        return Shift(
            index=at,
            before=before,
            after=after,
            n_before=len(pair.baseline),
            n_after=len(pair.candidate),
            ratio=pair.ratio,
            interval=pair.interval,
            corrected_p=corrected_p,
            tried=self.tried,
            band=band,
            difference=call_difference(pair, band, pair.p_value, 1)[0],
        )

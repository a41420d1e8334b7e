"""How each metric changes along a ladder, from one rung to the next: pure, from comparisons.

The change at a rung is the difference between its median and that of the rung before it, so the
changes of all rungs add up to the change from the first to the last.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bench.core.domain import Arm
from bench.core.metrics import METRICS, Metric, Scope
from bench.core.schema_keywords import Count  # noqa: TC001 - pydantic reads the annotations
from bench.journal.facts.comparison import Difference, Interval
from bench.judge.compare import compare_cases
from bench.judge.finding import sentence
from bench.judge.statistics import stats
from bench.judge.statistics.shift import shift_interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.journal.facts.comparison import Comparison
    from bench.judge.compare import ComparisonSide

LADDER_METRICS = (
    "image_size_bytes",
    "image_transfer_bytes",
    "downloaded_bytes",
    "pull_s",
    "ready_s",
    "startup_s",
    "memory_peak_bytes",
    "cpu_to_ready_s",
    "stop_s",
)
"""Metrics that are followed along a ladder, in the order of a report."""

_FIXED = "downloaded_bytes"
"""A metric of trials that belongs to the image: every pull of it fetches the same layers."""


@dataclass(frozen=True)
class LadderStep:
    """One metric at one rung, and its change from the rung before.

    Attributes:
        rung: its name.
        before: the rung that it is compared with; empty for the first, and where it has no value.
        n: number of values.
        value: their median, in the metric's unit; None where there are none.
        change: this median less that of `before`. The changes of a metric add up to its `whole`.
        interval: 95 % interval of the change; None where there are too few values for one.
        difference: whether the change can be told from noise, and which way it goes.
        reason: how that came about, or why there is no value.
    """

    rung: str
    before: str = ""
    n: Count = 0
    value: float | None = None
    change: float | None = None
    interval: Interval | None = None
    difference: Difference | None = None
    reason: str = ""


@dataclass(frozen=True)
class LadderFigure:
    """One metric along a ladder.

    Attributes:
        metric: its name.
        title: its name for people.
        unit: of its values; empty for counts.
        cache: cache state of the trials; empty for a metric of the image.
        arm: `fit`, under the case's limits; empty for a metric of the image.
        steps: one for each rung, in order; empty where the metric is absent.
        whole: from the first rung with a value to the last one.
        reason: why the metric is absent; empty where it is there.
    """

    metric: str
    title: str
    unit: str
    cache: str = ""
    arm: str = ""
    steps: tuple[LadderStep, ...] = ()
    whole: LadderStep | None = None
    reason: str = ""


def follow_ladder(sides: Sequence[ComparisonSide]) -> tuple[LadderFigure, ...]:
    """Every metric of `LADDER_METRICS` along the rungs `sides`, in their order.

    Args:
        sides: the case of each rung, under the rung's name.
    """
    return _Way(sides).figures()


class _Way:
    """The rungs, and the comparisons between them, each made once."""

    def __init__(self, sides: Sequence[ComparisonSide]) -> None:
        self._sides = {side.name: side for side in sides}
        states = [side.caches() for side in sides if side.caches()]
        shared = set.intersection(*map(set, states)) if states else set()
        self._cache = next((cache for cache in states[0] if cache in shared), "") if shared else ""
        self._rows = {name: self._rows_of(side) for name, side in self._sides.items()}
        self._compared: dict[tuple[str, str], list[Comparison]] = {}

    def _rows_of(self, side: ComparisonSide) -> list[Mapping[str, float]]:
        if not self._cache:
            return []
        evidence = side.evidence(self._cache)
        return [trial.metrics for trial in evidence.trials if trial not in evidence.failed]

    def figures(self) -> tuple[LadderFigure, ...]:
        return tuple(self._figure(METRICS[name]) for name in LADDER_METRICS)

    def _figure(self, metric: Metric) -> LadderFigure:
        names = metric.name, metric.title, metric.unit
        values = {rung: self._values(rung, metric) for rung in self._sides}
        measured = [rung for rung, found in values.items() if found]
        gaps = [rung for rung in self._sides if rung not in measured and self._rows[rung]]
        if len(measured) < 2 or gaps:
            return LadderFigure(*names, reason=self._why_absent(measured, gaps))
        steps, before = [], ""
        for rung in self._sides:
            if not values[rung]:
                steps.append(LadderStep(rung, reason=self._why_no_value(rung)))
                continue
            steps.append(self._step(metric, values, before, rung))
            before = rung
        whole = self._step(metric, values, measured[0], measured[-1])
        names_of = list(self._sides)
        if (measured[0], measured[-1]) != (names_of[0], names_of[-1]):
            where = f"from {measured[0]} to {measured[-1]}, the first and the last with a value"
            whole = replace(whole, reason=sentence(where, whole.reason))
        is_trials = metric.scope is Scope.TRIAL
        state = (self._cache, Arm.FIT.value) if is_trials else ("", "")
        return LadderFigure(*names, *state, tuple(steps), whole)

    def _values(self, rung: str, metric: Metric) -> list[float]:
        image = self._sides[rung].image
        if metric.scope is Scope.IMAGE:
            figures = image.metric_values() if image else {}
            return [figures[metric.name]] if metric.name in figures else []
        return [row[metric.name] for row in self._rows[rung] if metric.name in row]

    def _why_absent(self, measured: list[str], gaps: list[str]) -> str:
        if gaps:
            return f"not measured at {', '.join(gaps)}"
        if not self._cache:
            return "the rungs have no cache state in common"
        return f"measured at {measured[0]} only" if measured else "measured at no rung"

    def _why_no_value(self, rung: str) -> str:
        evidence = self._sides[rung].evidence(self._cache)
        return evidence.failures() or "no trial of it could be measured"

    def _step(
        self, metric: Metric, values: Mapping[str, Sequence[float]], before: str, rung: str
    ) -> LadderStep:
        own = values[rung]
        value = stats.median(own)
        if not before:
            return LadderStep(rung, n=len(own), value=value)
        earlier = values[before]
        compared = self._comparison(metric, before, rung)
        change = value - stats.median(earlier)
        is_fixed = metric.scope is Scope.IMAGE or metric.name == _FIXED
        if is_fixed and len(set(own)) == len(set(earlier)) == 1:
            interval: Interval | None = Interval(change, change)
        elif compared is not None and (compared.killed_baseline or compared.killed_candidate):
            interval = None
        else:
            interval = shift_interval(earlier, own)
        passed = self._between(before, rung)
        bridge = f"from {before}, for {', '.join(passed)} has no value" if passed else ""
        return LadderStep(
            rung,
            before,
            len(own),
            value,
            change,
            interval,
            compared.difference if compared else None,
            sentence(bridge, compared.reason if compared else ""),
        )

    def _between(self, before: str, rung: str) -> list[str]:
        """The rungs without a trial that stand between two that have a value."""
        names = list(self._sides)
        between = names[names.index(before) + 1 : names.index(rung)]
        return [name for name in between if not self._rows[name]]

    def _comparison(self, metric: Metric, before: str, rung: str) -> Comparison | None:
        pair = before, rung
        if pair not in self._compared:
            self._compared[pair] = compare_cases(self._sides[before], self._sides[rung])
        cache = self._cache if metric.scope is Scope.TRIAL else ""
        found = (
            comparison
            for comparison in self._compared[pair]
            if (comparison.metric, comparison.cache) == (metric.name, cache)
        )
        return next(found, None)

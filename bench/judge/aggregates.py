"""One list of values against one limit: the rule for each aggregate.

A `max` or `min` is a fact about the trials that were made, and is decided as it stands. A median
or a mean speaks of trials that were not made, so it is decided only where its whole 95 %
interval lies on one side of the limit; both need 6 trials. A `pXX` needs 20. It is decided by
its 95 % bounds where n can bear them, and else on the point estimate, which is said.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bench.judge import stats
from bench.judge.finding import Finding, counted, sentence
from bench.judge.model import Interval, Outcome
from bench.scenario.thresholds import (
    INTERVAL_NEEDS,
    QUANTILE_NEEDS,
    Aggregate,
    Limit,
    Operator,
)
from bench.units import format_value

if TYPE_CHECKING:
    from collections.abc import Sequence


def is_upper(limit: Limit) -> bool:
    """Whether `limit` bounds from above, so that small values are good."""
    return limit.operator in (Operator.AT_MOST, Operator.BELOW)


def worst_value(limit: Limit) -> float:
    """What a failed trial counts as: infinite, on the side on which it meets no limit."""
    return math.inf if is_upper(limit) else -math.inf


@dataclass(frozen=True)
class _Question:
    over: Aggregate
    limit: Limit
    unit: str

    @property
    def limit_text(self) -> str:
        return self.limit.text(self.unit)


def decide(values: Sequence[float], over: Aggregate, limit: Limit, unit: str) -> Finding:
    """Judge `values`, in `unit` and at least one of them, of which some may be infinite."""
    asked = _Question(over, limit, unit)
    n = len(values)
    if all(math.isinf(one) for one in values):
        return Finding(Outcome.FAIL, "no trial has a time", n=n)
    if over in (Aggregate.MAX, Aggregate.MIN):
        return _point(max(values) if over is Aggregate.MAX else min(values), n, asked)
    if over is Aggregate.MEAN:
        return _mean(values, asked)
    if over.quantile is not None:
        return _quantile(values, over.quantile, asked)
    return _interval(stats.median(values), n, stats.median_interval(values), asked)


def _mean(values: Sequence[float], asked: _Question) -> Finding:
    n = len(values)
    if any(math.isinf(one) for one in values):
        return Finding(Outcome.FAIL, "one trial without a time makes the mean infinite", n=n)
    interval = stats.mean_interval(values) if n >= INTERVAL_NEEDS else None
    return _interval(math.fsum(values) / n, n, interval, asked)


def _quantile(values: Sequence[float], share: float, asked: _Question) -> Finding:
    n, over = len(values), asked.over
    value = stats.quantile(values, share)
    if n < QUANTILE_NEEDS:
        reason = f"{over} needs at least {QUANTILE_NEEDS} trials, there are {n}"
        return Finding(Outcome.INCONCLUSIVE, reason, _finite(value), n)
    low = stats.quantile_lower_bound(values, share)
    high = stats.quantile_upper_bound(values, share)
    if low is None or high is None:
        found = _point(value, n, asked)
        note = f"point estimate: n={n} is too few for a 95 % bound on {over}"
        return replace(found, reason=sentence(found.reason, note))
    # A 95 % bound on either side leaves 5 % outside each end.
    return _interval(value, n, Interval(low, high, 0.9), asked)


def _point(value: float, n: int, asked: _Question) -> Finding:
    holds = asked.limit.holds(value)
    verb = "meets" if holds else "does not meet"
    shown = shown_against(value, asked.limit, asked.unit)
    reason = f"{shown}, the {asked.over} of {counted(n, 'trial')}, {verb} {asked.limit_text}"
    return Finding(Outcome.PASS if holds else Outcome.FAIL, reason, _finite(value), n)


def _interval(value: float, n: int, interval: Interval | None, asked: _Question) -> Finding:
    over, unit = asked.over, asked.unit
    if interval is None:
        reason = f"a 95 % interval of the {over} needs at least {INTERVAL_NEEDS} trials"
        return Finding(Outcome.INCONCLUSIVE, f"{reason}, there are {n}", _finite(value), n)
    ends = [asked.limit.holds(interval.low), asked.limit.holds(interval.high)]
    if all(ends):
        outcome, verb = Outcome.PASS, "meets"
    elif not any(ends):
        outcome, verb = Outcome.FAIL, "does not meet"
    else:
        outcome, verb = Outcome.INCONCLUSIVE, "spans"
    low, high = _shown(interval.low, unit), _shown(interval.high, unit)
    sides = " (a 95 % bound on each side)" if over.quantile is not None else ""
    reason = (
        f"{over} {_shown(value, unit)} of {n} trials; its {100 * interval.confidence:g} % "
        f"interval, {low} to {high}{sides}, {verb} {asked.limit_text}"
    )
    finite = interval if math.isfinite(interval.low) and math.isfinite(interval.high) else None
    return Finding(outcome, reason, _finite(value), n, finite)


def shown_against(value: float, limit: Limit, unit: str) -> str:
    """`value` for people; in full where rounding would make it look equal to the limit."""
    short = _shown(value, unit)
    if value != limit.value and short == format_value(limit.value, unit):
        exact = f"{value:.0f}" if float(value).is_integer() else f"{value:.9g}"
        return f"{exact} {unit}".rstrip()
    return short


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _shown(value: float, unit: str) -> str:
    return format_value(value, unit) if math.isfinite(value) else "infinite"

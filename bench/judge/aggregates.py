"""One list of values against one limit: the rule for each aggregate.

A `max` or `min` is a fact about the trials that were made, and is decided as it stands. All others
speak of trials that were not made. They pass only where a bound of 95 % confidence or more meets
the limit, and fail only where the bound on the other side does not. What has too few trials for
the bound that would decide is inconclusive: its point estimate is shown, and decides nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.core.units import format_beside, format_value
from bench.journal.facts.comparison import Interval
from bench.judge.finding import Finding, counted
from bench.judge.model import Outcome
from bench.judge.statistics import stats
from bench.standard.thresholds import MEAN_NEEDS, Aggregate, Limit, least_trials

if TYPE_CHECKING:
    from collections.abc import Sequence

BEYOND_THE_LARGEST = 3
"""The upper bound of a mean holds if no value is larger than this many times the largest seen."""


def is_upper(limit: Limit) -> bool:
    """Whether `limit` bounds from above, so that small values are good."""
    return limit.operator.is_upper


def worst_value(limit: Limit) -> float:
    """The value that a failed trial counts as: infinite, on the side that meets no limit."""
    return math.inf if is_upper(limit) else -math.inf


@dataclass(frozen=True)
class _Question:
    over: Aggregate
    limit: Limit
    unit: str

    @property
    def limit_text(self) -> str:
        return self.limit.text(self.unit)


@dataclass(frozen=True)
class _Bounds:
    """The bounds between which the true value lies.

    Attributes:
        low, high: each end, None where there are too few trials for it; may be infinite.
        confidence: of both together.
        note: on what they rest, for the sentence.
    """

    low: float | None
    high: float | None
    confidence: float = 0.9
    note: str = "95 % bounds"


def decide(values: Sequence[float], over: Aggregate, limit: Limit, unit: str) -> Finding:
    """Judge `values`, in `unit` and at least one of them; an infinite one is a failed trial."""
    asked = _Question(over, limit, unit)
    n = len(values)
    unknown = sum(math.isnan(value) for value in values)
    if unknown:
        have = "has" if unknown == 1 else "have"
        reason = f"{unknown} of {counted(n, 'trial')} {have} a value that is not a number"
        return Finding(Outcome.ERROR, reason, n=n)
    values = [value if math.isfinite(value) else worst_value(limit) for value in values]
    if all(math.isinf(value) for value in values):
        return Finding(Outcome.FAIL, "no trial has a time", n=n)
    if over in (Aggregate.MAX, Aggregate.MIN):
        return _point(values, asked)
    if over is Aggregate.MEAN:
        return _mean(values, asked)
    if over.quantile is not None:
        low = stats.quantile_lower_bound(values, over.quantile)
        high = stats.quantile_upper_bound(values, over.quantile)
        return _bounded(stats.quantile(values, over.quantile), n, _Bounds(low, high), asked)
    middle = stats.median_interval(values)
    bounds = _Bounds(None, None)
    if middle is not None:
        bounds = _Bounds(middle.low, middle.high, middle.confidence, "")
    return _bounded(stats.median(values), n, bounds, asked)


def _point(values: Sequence[float], asked: _Question) -> Finding:
    n, limit = len(values), asked.limit
    value = max(values) if asked.over is Aggregate.MAX else min(values)
    holds = limit.holds(value)
    verb = "meets" if holds else "does not meet"
    shown = shown_against(value, limit, asked.unit)
    reason = f"{shown}, the {asked.over} of {counted(n, 'trial')}, {verb} {asked.limit_text}"
    if not holds:
        return Finding(Outcome.FAIL, reason, _finite(value), n)
    hits = sum(limit.holds(value) for value in values)
    share = _percent(stats.share_lower_bound(hits, n))
    reason += f", {hits} of {n}; with 95 % confidence at least {share} of starts meet it"
    return Finding(Outcome.PASS, reason, _finite(value), n)


def _mean(values: Sequence[float], asked: _Question) -> Finding:
    n = len(values)
    crashed = sum(math.isinf(value) for value in values)
    if crashed:
        of = f"{counted(crashed, 'trial')} without a time"
        what = "the mean is infinite" if is_upper(asked.limit) else "it meets no lower limit"
        return Finding(Outcome.FAIL, f"{of}, so {what}", n=n)
    value = math.fsum(values) / n
    if min(values) < 0:
        reason = (
            "a mean is bounded where no value is below zero, and the smallest is "
            f"{min(values):g} {asked.unit}"
        )
        return Finding(Outcome.INCONCLUSIVE, reason.rstrip(), value, n)
    bounds = _Bounds(stats.mean_lower_bound(values), None)
    if n >= MEAN_NEEDS:
        most = BEYOND_THE_LARGEST * max(values)
        note = (
            f"{bounds.note}, if no trial has more than {_shown(most, asked.unit)}, "
            f"{BEYOND_THE_LARGEST} times the largest value"
        )
        bounds = _Bounds(bounds.low, stats.mean_upper_bound(values, most), note=note)
    return _bounded(value, n, bounds, asked)


def _bounded(value: float, n: int, bounds: _Bounds, asked: _Question) -> Finding:
    limit = asked.limit
    good, bad = (bounds.high, bounds.low) if is_upper(limit) else (bounds.low, bounds.high)
    outcome = Outcome.INCONCLUSIVE
    if good is not None and math.isfinite(good) and limit.holds(good):
        outcome = Outcome.PASS
    elif bad is not None and not limit.holds(bad):
        outcome = Outcome.FAIL
    reason = _reason(value, n, bounds, outcome, asked)
    low, high = bounds.low, bounds.high
    interval = None
    if low is not None and high is not None and math.isfinite(low) and math.isfinite(high):
        interval = Interval(low, high, bounds.confidence)
    return Finding(outcome, reason, _finite(value), n, interval)


_VERBS = {Outcome.PASS: "meets", Outcome.FAIL: "does not meet", Outcome.INCONCLUSIVE: "spans"}


def _reason(value: float, n: int, bounds: _Bounds, outcome: Outcome, asked: _Question) -> str:
    over, unit = asked.over, asked.unit
    low, high = bounds.low, bounds.high
    judged = f"{over} {shown_against(value, asked.limit, unit)} of {counted(n, 'trial')}"
    verdict = f"{_VERBS[outcome]} {asked.limit_text}"
    if low is not None and high is not None:
        ends = " to ".join(shown_against(end, asked.limit, unit) for end in (low, high))
        note = f" ({bounds.note})" if bounds.note else ""
        return f"{judged}; its {100 * bounds.confidence:g} % interval, {ends}{note}, {verdict}"
    if low is not None and outcome is not Outcome.INCONCLUSIVE:
        at_least = f"with 95 % confidence it is at least {shown_against(low, asked.limit, unit)}"
        return f"{judged}; {at_least}, which {verdict}"
    return f"{judged} is a point estimate: {_too_few(n, bounds, asked)}"


def _too_few(n: int, bounds: _Bounds, asked: _Question) -> str:
    """How many trials it takes to say more."""
    over, limit = asked.over, asked.limit
    if not is_upper(limit) and bounds.low is not None:
        low = shown_against(bounds.low, limit, asked.unit)
        return f"with 95 % confidence it is only known to be at least {low}"
    what = "interval" if over is Aggregate.MEDIAN else "bound"
    needed = least_trials(over, limit.operator)
    few = f"{over} needs {needed} trials for a 95 % {what}, there are {n}"
    if over is Aggregate.MEAN:
        few += "; fewer trials may miss a straggler that comes once in 20"
    return few


_LONGEST = 7
"""Characters of a number of MiB or GiB beyond which bytes are read more easily."""


def shown_against(value: float, limit: Limit, unit: str) -> str:
    """`value` for people, never rounded across the limit, nor to it."""
    if not math.isfinite(value):
        return "infinite"
    text = format_beside(value, limit.value, unit)
    is_long = unit == "bytes" and len(text.split(" ")[0]) > _LONGEST
    return f"{value:.0f} bytes" if is_long else text


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _shown(value: float, unit: str) -> str:
    return format_value(value, unit) if math.isfinite(value) else "infinite"


def _percent(share: float) -> str:
    """A share that is promised: never rounded up to all of them."""
    if share > 0.99:
        return f"{math.floor(1000 * share) / 10:g} %"
    return f"{100 * share:.0f} %" if share > 0.01 else f"{100 * share:.1g} %"

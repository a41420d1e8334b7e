"""The grammar of thresholds: `"<= 30s"`, `"max <= 1024MiB"`, `"p95 < 2"`.

A threshold names an aggregate (`max` where none is written), a comparison and a limit in the
metric's unit. Times need a unit of time, sizes an exact unit of size; all else is a number, with
or without the unit.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bench.core.metrics import METRICS, Metric
from bench.core.units import format_exact, parse_duration_s, parse_exact_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping


class Aggregate(StrEnum):
    """How the values of several trials become the one that is judged."""

    MAX = "max"
    MIN = "min"
    MEDIAN = "median"
    MEAN = "mean"
    P90 = "p90"
    P95 = "p95"
    P99 = "p99"

    @property
    def quantile(self) -> float | None:
        """The quantile of a `pXX`, as a share; None for the others."""
        return int(self.value[1:]) / 100 if self.value.startswith("p") else None


INTERVAL_NEEDS = 6
"""Fewest trials that bear a 95 % interval of a median (see `bench.judge.statistics.stats`)."""

MEAN_NEEDS = 59
"""Fewest trials by which a mean can meet an upper limit: with 95 % confidence, what comes once in
20 trials or more often is among them. With fewer, a mean that such stragglers raise looks like one
without them."""


class Operator(StrEnum):
    """The comparison that the judged value must satisfy."""

    AT_MOST = "<="
    BELOW = "<"
    AT_LEAST = ">="
    ABOVE = ">"

    @property
    def is_upper(self) -> bool:
        """Whether it bounds from above, so that small values are good."""
        return self in (Operator.AT_MOST, Operator.BELOW)

    def holds(self, value: float, limit: float) -> bool:
        """Whether `value` satisfies this comparison with `limit`."""
        if self is Operator.AT_MOST:
            return value <= limit
        if self is Operator.BELOW:
            return value < limit
        if self is Operator.AT_LEAST:
            return value >= limit
        return value > limit


def least_trials(over: Aggregate, operator: Operator) -> int:
    """Fewest trials with which `over` can meet a limit with this operator."""
    if over in (Aggregate.MAX, Aggregate.MIN):
        return 1
    if over is Aggregate.MEAN:
        return MEAN_NEEDS if operator.is_upper else 1
    if over.quantile is None:
        return INTERVAL_NEEDS
    # A bound with 95 % confidence takes one value on the far side of the quantile.
    share = over.quantile if operator.is_upper else 1 - over.quantile
    return max(1, math.ceil(math.log(1 - 0.95) / math.log(share)))


@dataclass(frozen=True)
class Limit:
    """A comparison with a number in the metric's unit (seconds, bytes, cores, …)."""

    operator: Operator
    value: float

    def holds(self, value: float) -> bool:
        """Whether `value`, in the same unit, is within the limit."""
        return self.operator.holds(value, self.value)

    def text(self, unit: str) -> str:
        """The limit for people, such as `<= 30.0 s`: no other number than is written."""
        return f"{self.operator} {format_exact(self.value, unit)}"


_EXPRESSION = re.compile(r"\s*(?:([a-z][a-z0-9]*)\s*)?(<=|>=|<(?!=)|>(?!=))\s*(\S.*?)\s*")


def metric_named(name: str, own: Mapping[str, Metric] | None = None) -> Metric:
    """The metric called `name`, of the table or of `own`, the metrics of a scenario's own.

    Raises:
        ValueError: there is none; the message suggests the nearest.
    """
    known = {**METRICS, **(own or {})}
    if name in known:
        return known[name]
    import difflib

    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "; `bench explain metrics` lists them"
    raise ValueError(f"there is no metric {name!r}{hint}")


def parse_limit(text: str, unit: str) -> Limit:
    """The limit in `text`, which has no aggregate, for a metric kept in `unit`.

    Raises:
        ValueError: not a comparison, or not a number in that unit.
    """
    aggregate, limit = parse_expression(text, unit)
    if aggregate is not None:
        raise ValueError(f"{text!r} names an aggregate; write it as `over: {aggregate}`")
    return limit


def parse_expression(text: str, unit: str) -> tuple[Aggregate | None, Limit]:
    """Aggregate (None where unwritten) and limit in `text`, for a metric kept in `unit`.

    Raises:
        ValueError: any part of it cannot be meant.
    """
    aggregate, operator, number = _parts(text)
    return aggregate, Limit(operator, _parse_number(number, unit))


def split_aggregate(text: str) -> tuple[Aggregate | None, str]:
    """Aggregate (None where unwritten) and the rest of `text`, whatever the metric's unit is.

    Raises:
        ValueError: not a comparison, or an unknown aggregate.
    """
    aggregate, operator, number = _parts(text)
    return aggregate, f"{operator} {number}"


def limit_operator(text: str) -> Operator:
    """The operator of the limit in `text`, whatever the metric's unit is.

    Raises:
        ValueError: not a comparison.
    """
    return _parts(text)[1]


def _parts(text: str) -> tuple[Aggregate | None, Operator, str]:
    match = _EXPRESSION.fullmatch(text)
    if match is None:
        raise ValueError(f'{text!r} is not a threshold; write it like "max <= 30s"')
    word, operator, number = match.groups()
    if word is not None and word not in set(Aggregate):
        known = ", ".join(Aggregate)
        raise ValueError(f"{word!r} is not an aggregate; known are {known}")
    return (Aggregate(word) if word is not None else None), Operator(operator), number


def _parse_number(text: str, unit: str) -> float:
    if unit == "s":
        return parse_duration_s(text)
    if unit == "ms":
        return parse_duration_s(text, per_s=1000)
    if unit == "bytes":
        return parse_exact_bytes(text)
    bare = text.removesuffix("%" if unit == "pct" else unit).strip()
    bare = bare.removesuffix("core").strip() if unit == "cores" else bare
    try:
        value = float(bare)
    except ValueError:
        what = f"a number of {unit}" if unit else "a number"
        raise ValueError(f"{text!r} is not {what}") from None
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is not a finite number")
    if value < 0:
        raise ValueError(f"{text!r} is negative; no limit is")
    return value

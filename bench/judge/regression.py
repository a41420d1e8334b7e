"""`--fail-on`: by how much a metric may get worse before a comparison fails."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.errors import UsageError
from bench.judge.model import Difference
from bench.metrics import Better, Metric
from bench.scenario.thresholds import metric_named, parse_limit
from bench.units import format_value

if TYPE_CHECKING:
    from bench.judge.model import Comparison

_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_EXAMPLE = "write it like startup_s:10%,500ms"


@dataclass(frozen=True)
class FailOn:
    """The margins that a regression exceeds, every one that is given.

    Attributes:
        metric: the metric watched.
        share: change as a share of the baseline's median, or None.
        amount: change in the metric's unit, or None.
    """

    metric: Metric
    share: float | None = None
    amount: float | None = None

    def __str__(self) -> str:
        margins = [f"{self.share * 100:g} %"] if self.share is not None else []
        if self.amount is not None:
            margins.append(format_value(self.amount, self.metric.unit))
        return f"{self.metric.name} worse by more than {' and '.join(margins)}"


def parse_fail_on(text: str) -> FailOn:
    """The margins in `text`: `startup_s:10%,500ms`, or either of the two alone.

    Raises:
        UsageError: no such metric, one that has no worse, or margins that cannot be meant.
    """
    name, colon, margins = text.partition(":")
    try:
        metric = metric_named(name.strip())
    except ValueError as error:
        raise UsageError(f"--fail-on {text}", str(error), _EXAMPLE) from error
    if metric.better is Better.NEITHER:
        raise UsageError(f"--fail-on {text}", f"more or less {metric.name} is neither good nor bad")
    if not colon or not margins.strip():
        raise UsageError(f"--fail-on {text}", "names no margin", _EXAMPLE)
    share: float | None = None
    amount: float | None = None
    for part in (one.strip() for one in margins.split(",")):
        match = _SHARE.fullmatch(part)
        if (share if match else amount) is not None:
            raise UsageError(f"--fail-on {text}", f"{part!r} is a second margin of its kind")
        if match:
            share = float(match[1]) / 100
            continue
        try:
            amount = parse_limit(f"> {part}", metric.unit).value
        except ValueError:
            cause = f"{part!r} is neither a share nor an amount of {metric.unit or 'a count'}"
            raise UsageError(f"--fail-on {text}", cause, _EXAMPLE) from None
    return FailOn(metric, share, amount)


def regressed(comparison: Comparison, fail_on: FailOn) -> bool:
    """Whether the candidate is called worse, and by more than every margin given.

    A baseline of zero is exceeded by any share.
    """
    if comparison.metric != fail_on.metric.name or comparison.difference is not Difference.WORSE:
        return False
    one, other = comparison.baseline_median, comparison.candidate_median
    if one is None or other is None:
        return False
    change = abs(other - one)
    share_met = fail_on.share is None or change > fail_on.share * abs(one)
    return share_met and (fail_on.amount is None or change > fail_on.amount)

"""The exit code of a comparison: `--fail-on` and `bench run --baseline`.

One rule for both. `--fail-on` names margins; `--baseline` has none, and there any regression that
is called counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.core.domain import Severity
from bench.core.errors import UsageError
from bench.core.metrics import METRICS, Better, Metric
from bench.core.units import format_value
from bench.journal.facts.comparison import Difference
from bench.judge.memory_arm import MEMORY
from bench.judge.model import Outcome
from bench.standard.thresholds import metric_named, parse_limit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.journal.facts.comparison import Comparison
    from bench.judge.model import Verdict

_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_EXAMPLE = "write it like startup_s:10%,500ms"


@dataclass(frozen=True)
class FailOn:
    """The margins that a regression exceeds, every one that is given.

    Attributes:
        metric: the metric watched.
        share: change as a share of the baseline's median, or None.
        amount: change in the metric's unit, or None.

    Without any margin every change exceeds them.
    """

    metric: Metric
    share: float | None = None
    amount: float | None = None

    def __str__(self) -> str:
        margins = [f"{self.share * 100:g} %"] if self.share is not None else []
        if self.amount is not None:
            margins.append(format_value(self.amount, self.metric.unit))
        by = f" by more than {' and '.join(margins)}" if margins else ""
        return f"{self.metric.name} worse{by}"

    @property
    def has_margins(self) -> bool:
        """Whether any is given."""
        return self.share is not None or self.amount is not None


def parse_fail_on(text: str, own: Mapping[str, Metric] | None = None) -> FailOn:
    """The margins in `text`: `startup_s:10%,500ms`, or either of the two alone.

    Args:
        text: as `--fail-on` takes it.
        own: the metrics that the scenarios compared define, by name.

    Raises:
        UsageError: no such metric, one that has no worse, or margins that cannot be meant.
    """
    name, colon, margins = text.partition(":")
    try:
        metric = metric_named(name.strip(), own)
    except ValueError as error:
        raise UsageError(f"--fail-on {text}", str(error), _EXAMPLE) from error
    if metric.better is Better.NEITHER:
        raise UsageError(f"--fail-on {text}", f"more or less {metric.name} is neither good nor bad")
    if not colon or not margins.strip():
        raise UsageError(f"--fail-on {text}", "has no margin", _EXAMPLE)
    share: float | None = None
    amount: float | None = None
    for part in (margin.strip() for margin in margins.split(",")):
        match = _SHARE.fullmatch(part)
        if (share if match else amount) is not None:
            raise UsageError(f"--fail-on {text}", f"{part!r} repeats a kind of margin")
        if match:
            share = float(match[1]) / 100
            continue
        try:
            amount = parse_limit(f"> {part}", metric.unit).value
        except ValueError:
            cause = f"{part!r} is neither a share nor an amount of {metric.unit or 'a count'}"
            raise UsageError(f"--fail-on {text}", cause, _EXAMPLE) from None
    return FailOn(metric, share, amount)


@dataclass(frozen=True)
class Watched:
    """The result of one comparison against the margins of `--fail-on`.

    Attributes:
        fail_on: the margins.
        outcome: pass, fail, or inconclusive where that could not be judged.
        reason: how it came about, in a sentence without a full stop.
        comparison: that was judged; None where the metric was not measured.
    """

    fail_on: FailOn
    outcome: Outcome
    reason: str
    comparison: Comparison | None = None


def watch(comparisons: Sequence[Comparison], fail_on: FailOn) -> list[Watched]:
    """Judge every comparison of the watched metric; one inconclusive where there is none."""
    found = [
        _watched(comparison, fail_on)
        for comparison in comparisons
        if comparison.metric == fail_on.metric.name
    ]
    return found or [Watched(fail_on, Outcome.INCONCLUSIVE, "it was not measured")]


def watched_exit_code(found: Sequence[Watched]) -> int:
    """3 where anything could not be judged, else 1 where a margin was exceeded, else 0."""
    outcomes = {watched.outcome for watched in found}
    if Outcome.INCONCLUSIVE in outcomes:
        return 3
    return 1 if Outcome.FAIL in outcomes else 0


def watch_judged(
    comparisons: Sequence[Comparison],
    verdicts: Sequence[Verdict],
    own: Mapping[str, Metric] | None = None,
) -> list[Watched]:
    """Judge a run against an earlier one, in every metric that a blocking rule of it judges.

    Where no rule judges any metric, the start is. A figure that may be missing is passed over
    where it is, and so is what was timed once for each image, which no number of trials can tell.

    Args:
        comparisons: with the earlier run.
        verdicts: of the run.
        own: the metrics that its scenario defines, by name.
    """
    metrics = {**METRICS, **(own or {})}
    blocking = [
        verdict
        for verdict in verdicts
        if verdict.severity == Severity.BLOCK
        and verdict.metric
        and metrics[verdict.metric].better is not Better.NEITHER
    ]
    required = {verdict.metric: False for verdict in blocking}
    required |= {verdict.metric: True for verdict in blocking if verdict.required}
    arms = {(verdict.metric, verdict.arm) for verdict in blocking}
    found = [
        _watched(comparison, FailOn(metrics[comparison.metric]))
        for comparison in comparisons
        if comparison.metric in (required or {"startup_s": True})
        and (
            not required
            or comparison.metric in MEMORY
            or (comparison.metric, comparison.arm) in arms
        )
        and not (
            comparison.difference is Difference.NOT_MEASURED
            and not required.get(comparison.metric, True)
        )
        and not _timed_once(comparison)
    ]
    seen = {comparison.metric for comparison in comparisons if _timed_once(comparison)}
    seen |= {watched.comparison.metric for watched in found if watched.comparison}
    found += [
        Watched(FailOn(metrics[name]), Outcome.INCONCLUSIVE, "it was not compared")
        for name, must in required.items()
        if must and name not in seen and comparisons
    ]
    return found or watch(comparisons, FailOn(METRICS["startup_s"]))


def _timed_once(comparison: Comparison) -> bool:
    """Whether it is of a figure that each image has one of, and that scatters."""
    return comparison.difference is Difference.INCONCLUSIVE and not comparison.cache


def _watched(comparison: Comparison, fail_on: FailOn) -> Watched:
    said = f"{comparison.candidate} against {comparison.baseline}: {comparison.reason}"
    return Watched(fail_on, _outcome(comparison, fail_on), said, comparison)


def _outcome(comparison: Comparison, fail_on: FailOn) -> Outcome:
    """A fail needs a call and medians apart by more than every margin, or more trials that failed.

    What is not called better passes only where the interval rules out that the margins are
    exceeded: trials that could not have shown it do not show that it is not so, and what is called
    the same may differ by more than a narrow margin. A figure of the image is exact, and the
    margins alone decide. Without margins it passes unless the whole interval, which too few trials
    do not have, is a change for the worse.
    """
    if comparison.candidate_fails_more_often:
        return Outcome.FAIL
    before, after = comparison.baseline_median, comparison.candidate_median
    if before is None or after is None:
        return Outcome.INCONCLUSIVE
    if comparison.difference is Difference.BETTER:
        return Outcome.PASS
    if not comparison.cache and comparison.difference in (Difference.SAME, Difference.WORSE):
        is_worse = after > before if fail_on.metric.better is Better.LOWER else after < before
        called = comparison.difference is Difference.WORSE or fail_on.has_margins
        exceeded = called and is_worse and _exceeds(before, after, fail_on)
        return Outcome.FAIL if exceeded else Outcome.PASS
    if comparison.difference is Difference.WORSE and _exceeds(before, after, fail_on):
        return Outcome.FAIL
    if comparison.difference is Difference.SAME and not fail_on.has_margins:
        return Outcome.PASS
    if (
        comparison.difference is Difference.SAME and comparison.interval is None
    ):  # too close to tell apart
        return Outcome.INCONCLUSIVE if _exceeds(before, after, fail_on) else Outcome.PASS
    if not fail_on.has_margins:
        return (
            Outcome.INCONCLUSIVE if _points_to_worse(comparison, fail_on.metric) else Outcome.PASS
        )
    furthest = _furthest(comparison, before, after, fail_on.metric)
    if furthest is not None and not _exceeds(before, furthest, fail_on):
        return Outcome.PASS
    return Outcome.INCONCLUSIVE


def _points_to_worse(comparison: Comparison, metric: Metric) -> bool:
    """Whether no ratio that the evidence allows is without a change for the worse."""
    if comparison.interval is None:
        return True
    if metric.better is Better.LOWER:
        return comparison.interval.low > 1
    return comparison.interval.high < 1


def _exceeds(before: float, after: float, fail_on: FailOn) -> bool:
    """Whether `after` is away by more than every margin; zero is exceeded by any share."""
    change = abs(after - before)
    share_met = fail_on.share is None or change > fail_on.share * abs(before)
    return share_met and (fail_on.amount is None or change > fail_on.amount)


def _furthest(comparison: Comparison, before: float, after: float, metric: Metric) -> float | None:
    """The worst median of the candidate that the evidence allows; None where it has no end."""
    if comparison.interval is not None:
        ratio = (
            comparison.interval.high if metric.better is Better.LOWER else comparison.interval.low
        )
        return ratio * before
    exact = comparison.n_baseline == 1 and comparison.difference is Difference.WORSE
    return after if exact else None

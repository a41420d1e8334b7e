"""The result of the comparison with an earlier run (`--baseline`), in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.metrics import METRICS
from bench.judge.model import Outcome
from bench.report.comparison_words import change_words
from bench.report.wording import unit_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.journal.facts.comparison import Comparison
    from bench.judge.regression import Watched
    from bench.results.run import Run


def baseline_words(run: Run) -> str:
    """The sentence, without a full stop; empty where the run was not compared with another."""
    baseline = run.baseline
    if run.lacks_baseline:
        asked = run.header.baseline
        return f"the journal does not have the comparison with {asked}"
    if baseline is None:
        return ""
    against = f"against {baseline.run_id}"
    if baseline.unlike:
        return f"not compared with {baseline.run_id}: {'; '.join(baseline.unlike)}"
    by_outcome = {
        outcome: [watched for watched in run.regressions if watched.outcome is outcome]
        for outcome in Outcome
    }
    parts = []
    if worse := by_outcome[Outcome.FAIL]:
        parts.append(f"regression: {_listed(worse)}, {against}")
    if unclear := by_outcome[Outcome.INCONCLUSIVE]:
        parts.append(f"cannot tell whether there is a regression {against}: {_listed(unclear)}")
    if not parts:
        titles = dict.fromkeys(_title(watched) for watched in by_outcome[Outcome.PASS])
        parts.append(f"no regression found in {', '.join(titles) or 'anything judged'} {against}")
    compared = {comparison.candidate.rpartition(":")[2] for comparison in baseline.comparisons}
    if alone := [case for case in run.scenario.cases if case not in compared]:
        verb = "is" if len(alone) == 1 else "are"
        parts.append(f"{', '.join(alone)} {verb} not in that run, so not compared")
    return "; ".join(parts)


def _listed(found: Iterable[Watched]) -> str:
    return ", ".join(dict.fromkeys(_words(watched) for watched in found))


def _words(watched: Watched) -> str:
    comparison = watched.comparison
    if comparison is None:
        return f"{watched.fail_on.metric.name}: {watched.reason}"
    case = comparison.candidate.rpartition(":")[2]
    state = f" {comparison.cache}" if comparison.cache else ""
    name = f"{case}: {_title(watched)}{state}"
    if watched.outcome is not Outcome.FAIL:
        return f"{name} ({_short(comparison)})"
    if comparison.candidate_fails_more_often:
        failed = comparison.failed_candidate
        return f"{name} ({failed} of {failed + comparison.n_candidate} trials failed)"
    before, after = (
        unit_words(median, comparison.unit)
        for median in (comparison.baseline_median, comparison.candidate_median)
    )
    return f"{name} {change_words(comparison)} ({after}, not {before})"


def _short(comparison: Comparison) -> str:
    """Why nothing could be called: the reason up to its first figures."""
    return comparison.reason.partition(";")[0].partition(", rank test")[0]


def _title(watched: Watched) -> str:
    name = watched.fail_on.metric.name
    return METRICS[name].title if name in METRICS else name

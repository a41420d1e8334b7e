"""The upper half of the HTML report: verdicts, the checklist, the comparison."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.core.units import format_value
from bench.journal.facts.comparison import Difference
from bench.judge.model import Outcome
from bench.judge.ready import READY
from bench.report.comparison_words import (
    DIFFERENCE_MARKS,
    change_words,
    comparison_notes,
    detectable_words,
    effect_words,
    median_words,
    p_words,
    ratio_interval_words,
    rule_words,
)
from bench.report.plots.values import share_of_limit
from bench.report.rows import (
    case_outcomes,
    comparison_groups,
    key_comparisons,
    limits_by_id,
    rule_rows,
)
from bench.report.wording import (
    KEY_METRICS,
    MARKS,
    WORDS,
    actual_words,
    case_words,
    interval_words,
    limit_words,
    state_words,
    unit_words,
    visible,
)
from bench.results.summary import shown_summaries, status_counts

if TYPE_CHECKING:
    from bench.journal.facts.comparison import Comparison
    from bench.judge.model import Verdict
    from bench.results.run import Run
    from bench.standard.rule import Rule
    from bench.standard.thresholds import Limit

BAR_TOP = 1.5
"""Times the limit at which the margin bars of the table end."""

_CARD_METRICS = ("startup_s", "image_size_bytes", "memory_anon_peak_bytes", "cpu_to_ready_s")


@dataclass(frozen=True)
class Card:
    """The verdict on a case, with its few most telling figures."""

    case: str
    css: str
    mark: str
    words: str
    trials: str
    figures: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Judged:
    """One rule for one case.

    Attributes:
        css: class of its outcome.
        bar: per cent of the bar's length, None where there is no share.
        over: whether the bar crosses the limit.
        share: the share of the limit in words.
    """

    case: str
    css: str
    mark: str
    word: str
    actual: str
    beside: str
    n: int
    bar: float | None
    over: bool
    share: str
    reason: str
    remedy: str


@dataclass(frozen=True)
class ShownRule:
    """One rule with what it says and what came of it for every case."""

    id: str
    title: str
    limit: str
    rule: str
    severity: str
    judged: tuple[Judged, ...]


@dataclass(frozen=True)
class ChangeRow:
    """One metric of a candidate against a baseline."""

    css: str
    mark: str
    title: str
    cache: str
    baseline: str
    candidate: str
    words: str
    interval: str
    p_value: str
    effect: str
    finds: str
    n: str
    reason: str


@dataclass(frozen=True)
class ComparisonTable:
    """One candidate against one baseline: the key metrics, then all others."""

    baseline: str
    candidate: str
    key: tuple[ChangeRow, ...]
    notes: tuple[str, ...]
    others: tuple[ChangeRow, ...]
    rule: str


def cards(run: Run) -> list[Card]:
    """A card for each case, in the scenario's order."""
    return [
        Card(
            case=case,
            css=outcome.outcome.value,
            mark=MARKS[outcome.outcome],
            words=case_words(outcome),
            trials=_trial_words(run, case),
            figures=tuple(_card_figures(run, case)),
        )
        for case, outcome in case_outcomes(run).items()
    ]


def _trial_words(run: Run, case: str) -> str:
    counts = status_counts(run, case)
    return ", ".join(f"{count} {status}" for status, count in counts.items()) or "no trials"


def _card_figures(run: Run, case: str) -> list[tuple[str, str]]:
    image = run.images.get(case)
    of_image = image.metric_values() if image else {}
    of_trials = {summary.metric: summary for summary in reversed(shown_summaries(run, case))}
    found = []
    for name in (*_CARD_METRICS, *run.scenario.own_metrics):
        metric = run.metrics[name]
        if name in of_image:
            found.append((metric.title, unit_words(of_image[name], metric.unit)))
        elif name in of_trials:
            summary = of_trials[name]
            which = (
                f"{metric.title} {state_words(summary.cache, summary.arm)}, median of {summary.n}"
            )
            found.append((which, unit_words(summary.median, metric.unit)))
    return found


def rules(run: Run) -> list[ShownRule]:
    """Every rule with its verdicts, in the checklist's order."""
    limits = limits_by_id(run)
    written = {row.id: row for row in (*(run.checklist.rules if run.checklist else ()), READY)}
    return [
        ShownRule(
            id=row.id,
            title=row.title,
            limit=limit_words(row.first),
            rule=_rule_words(written.get(row.id), row.first),
            severity=row.first.severity,
            judged=tuple(_judged(verdict, limits.get(row.id)) for verdict in row.verdicts.values()),
        )
        for row in rule_rows(run)
    ]


def _rule_words(written: Rule | None, verdict: Verdict) -> str:
    """The rule as the checklist has it, and whether the scenario moved its limit."""
    if written is None:
        return ""
    moved = written.limit_text != verdict.limit
    return f"{written.rule} This scenario sets a limit of its own." if moved else written.rule


def _judged(verdict: Verdict, limit: Limit | None) -> Judged:
    share = share_of_limit(verdict, limit) if limit else None
    return Judged(
        case=verdict.case,
        css=verdict.verdict.value,
        mark=MARKS[verdict.verdict],
        word=_verdict_words(verdict),
        actual=actual_words(verdict) if verdict.verdict is not Outcome.NOT_MEASURED else "",
        beside=_beside(verdict),
        n=verdict.n,
        bar=None if share is None else 100 * min(share, BAR_TOP) / BAR_TOP,
        over=share is not None and share > 1,
        share=_share_words(share),
        reason=visible(verdict.reason),
        remedy=verdict.remedy,
    )


def _verdict_words(verdict: Verdict) -> str:
    word = WORDS[verdict.verdict].lower()
    if verdict.verdict is Outcome.FAIL and verdict.expected:
        return f"{word}, expected"
    if verdict.verdict is Outcome.PASS and not verdict.expected:
        return f"{word}, not expected"
    return f"{word}, warns only" if verdict.severity == "warn" and word == "fail" else word


def _beside(verdict: Verdict) -> str:
    parts = []
    if verdict.interval is not None:
        low_high = interval_words(verdict.interval, verdict.unit)
        parts.append(f"{verdict.interval.confidence:.0%}: {low_high}")
    if verdict.resolution is not None and verdict.actual is not None:
        parts.append(f"resolution {format_value(verdict.resolution, verdict.unit)}")
    return "; ".join(parts)


def _share_words(share: float | None) -> str:
    if share is None:
        return ""
    if math.isinf(share):
        return "no time"
    text = f"{share:.0%}"
    return f"{text if text != '100%' or share == 1 else f'{100 * share:.6g}%'} of the limit"


_CSS = {
    Difference.BETTER: "pass",
    Difference.WORSE: "fail",
    Difference.INCONCLUSIVE: "inconclusive",
    Difference.NOT_MEASURED: "not-measured",
}


def comparisons(run: Run) -> list[ComparisonTable]:
    """A table for each candidate."""
    found = []
    for (baseline, candidate), group in comparison_groups(run.all_comparisons):
        key = key_comparisons(group)
        others = [comparison for comparison in group if comparison not in key]
        found.append(
            ComparisonTable(
                baseline,
                candidate,
                tuple(_change(comparison) for comparison in key),
                tuple(visible(note) for note in comparison_notes(group)),
                tuple(_change(comparison) for comparison in others),
                rule_words(group),
            )
        )
    return found


def _change(comparison: Comparison) -> ChangeRow:
    sizes = f"{comparison.n_baseline}, {comparison.n_candidate}" if comparison.cache else ""
    baseline, candidate = median_words(comparison)
    return ChangeRow(
        css=_CSS.get(comparison.difference, "same"),
        mark=DIFFERENCE_MARKS[comparison.difference],
        title=comparison.title,
        cache=state_words(comparison.cache, comparison.arm),
        baseline=baseline,
        candidate=candidate,
        words=change_words(comparison),
        interval=ratio_interval_words(comparison),
        p_value=p_words(comparison.corrected_p),
        effect=effect_words(comparison.effect),
        finds=detectable_words(comparison.detectable),
        n=sizes,
        reason=visible(comparison.reason),
    )


def shown_metrics(run: Run) -> list[str]:
    """The metrics that the page shows, in the order of the table of metrics."""
    shown = {*KEY_METRICS, *run.scenario.own_metrics, *(verdict.metric for verdict in run.verdicts)}
    shown |= {comparison.metric for comparison in run.all_comparisons}
    return [name for name in run.metrics if name in shown]

"""The verdicts of a run arranged for tables: rules as rows, cases as columns, reasons once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.core.metrics import METRICS
from bench.judge.effective_rules import effective_rules
from bench.judge.model import Outcome
from bench.judge.no_start import NOT_JUDGED
from bench.judge.verdicts import CaseOutcome, case_outcome
from bench.report.wording import KEY_METRICS

if TYPE_CHECKING:
    from bench.journal.facts.comparison import Comparison
    from bench.judge.model import Verdict
    from bench.results.run import Run
    from bench.standard.thresholds import Limit


@dataclass(frozen=True)
class RuleRow:
    """One rule over all cases.

    Attributes:
        id, title: of the rule.
        verdicts: by case; a case that the rule was not judged for is absent.
    """

    id: str
    title: str
    verdicts: dict[str, Verdict]

    @property
    def name(self) -> str:
        """Id and title; the id alone where it is a metric's name."""
        return self.id if self.id == self.first.metric else f"{self.id} {self.title}".strip()

    @property
    def first(self) -> Verdict:
        """Any verdict of the row, for what all have in common."""
        return next(iter(self.verdicts.values()))


@dataclass(frozen=True)
class ReasonGroup:
    """Verdicts of one rule that came about in the same way, for whichever cases."""

    rule: str
    cases: tuple[str, ...]
    first: Verdict


def case_outcomes(run: Run) -> dict[str, CaseOutcome]:
    """The outcome of each case, in the scenario's order."""
    return {
        case: case_outcome([verdict for verdict in run.verdicts if verdict.case == case])
        for case in run.scenario.cases
    }


def rule_rows(run: Run) -> list[RuleRow]:
    """Every rule that any case was judged by, in the checklist's order."""
    found: dict[str, RuleRow] = {}
    for verdict in run.verdicts:
        row = found.setdefault(verdict.id, RuleRow(verdict.id, verdict.title, {}))
        row.verdicts[verdict.case] = verdict
    return list(found.values())


_GRAVITY = (Outcome.ERROR, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.NOT_MEASURED)


def reason_groups(run: Run) -> list[ReasonGroup]:
    """Everything that is not a pass as expected, gravest first, the same reason once."""
    groups: dict[tuple[object, ...], list[Verdict]] = {}
    for verdict in run.verdicts:
        if verdict.verdict is Outcome.PASS and verdict.expected:
            continue
        if is_unjudged(verdict):
            continue  # the row on the start says why
        judged = verdict.verdict in (Outcome.PASS, Outcome.FAIL)
        key = (
            verdict.id,
            verdict.verdict,
            verdict.expected and judged,
            verdict.severity,
            verdict.reason,
        )
        groups.setdefault(key, []).append(verdict)
    found = [
        ReasonGroup(
            rule=f"{same[0].id} {same[0].title}".strip(),
            cases=tuple(verdict.case for verdict in same),
            first=same[0],
        )
        for same in groups.values()
    ]
    return sorted(found, key=_weight)


def is_unjudged(verdict: Verdict) -> bool:
    """Whether it was not judged because nothing of the case started or got ready."""
    missing = verdict.verdict is Outcome.NOT_MEASURED and not verdict.required
    return missing and verdict.reason.startswith(NOT_JUDGED)


def _weight(group: ReasonGroup) -> tuple[int, bool]:
    verdict = group.first
    gravity = _GRAVITY.index(verdict.verdict) if verdict.verdict in _GRAVITY else 1
    return gravity, verdict.expected


def comparison_groups(
    comparisons: tuple[Comparison, ...] | list[Comparison],
) -> list[tuple[tuple[str, str], list[Comparison]]]:
    """The comparisons by (baseline, candidate), in their order."""
    found: dict[tuple[str, str], list[Comparison]] = {}
    for comparison in comparisons:
        found.setdefault((comparison.baseline, comparison.candidate), []).append(comparison)
    return list(found.items())


def key_comparisons(comparisons: list[Comparison]) -> list[Comparison]:
    """The few that a summary shows: the key metrics and the scenario's own.

    Each in the first cache state that has it.
    """
    own = dict.fromkeys(
        comparison.metric for comparison in comparisons if comparison.metric not in METRICS
    )
    found = []
    for name in (*KEY_METRICS, *own):
        same = [comparison for comparison in comparisons if comparison.metric == name]
        found += same[:1]
    return found


def limits_by_id(run: Run) -> dict[str, Limit]:
    """The parsed limit of every rule that has one, in its metric's unit."""
    rows = effective_rules(run.scenario, run.checklist)
    return {row.rule.id: row.rule.bound for row in rows if row.rule.metric}

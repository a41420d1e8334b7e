"""A case of which nothing started or got ready: one row says why, and the others are not judged.

What was never there has no memory to save and no contact to refuse: a verdict on it would be a
remedy for something else than what went wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.judge.evidence import Evidence, gather, got_ready
from bench.judge.finding import Finding, counted, sentence, unmeasured
from bench.judge.model import Outcome
from bench.metrics import Scope
from bench.results.model import TrialStatus
from bench.scenario.model import Arm

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.judge.model import JudgeContext
    from bench.judge.row import Row
    from bench.results.model import Stopped, TrialResult
    from bench.scenario.model import Case

NOT_JUDGED = "not judged: "
"""How the reason of a row begins that is not judged for that."""

NEVER_READY = f"{NOT_JUDGED}it never got ready"
OF_THE_START = ("ready_s", "startup_s")
"""Metrics of which a start that fails has no end."""


@dataclass(frozen=True)
class NoStart:
    """Why nothing of a case can be judged but that.

    Attributes:
        start: what the row on its start says; None where it is judged as ever.
        others: why the other rows are not judged.
        has_image: whether the rows on its image are judged.
    """

    start: Finding | None
    others: str
    has_image: bool

    def finding(self, row: Row) -> Finding | None:
        """What `row` says; None where it is judged as ever."""
        if row.metric and row.measured.scope is Scope.IMAGE and self.has_image:
            return None
        if row.metric in OF_THE_START:
            return self.start
        return unmeasured(self.others)


def why_no_start(
    case_id: str,
    case: Case,
    trials: Sequence[TrialResult],
    *,
    missing: Mapping[str, str],
    context: JudgeContext,
) -> NoStart | None:
    """Why nothing of the case got ready, where nothing did; None where something may have.

    Args:
        case_id: the case.
        case: what is known of it.
        trials: of the run.
        missing: why a case has no image, by case.
        context: of the run.
    """
    if case_id in missing:
        what = "it was not set up" if case.host else "there is no image"
        found = Finding(Outcome.ERROR, f"{what}: {missing[case_id].splitlines()[0]}")
        return NoStart(found, f"{NOT_JUDGED}{what}", has_image=False)
    if context.not_begun:
        found = unmeasured(context.not_begun)
        return NoStart(found, f"{NOT_JUDGED}{context.not_begun}", has_image=False)
    if got_ready(trials, case_id):
        return None
    evidence = _starts(trials, case_id)
    stopped = context.stopped.get(case_id)
    if not evidence.failed or not (stopped or context.complete):
        return None
    start = _stopped(evidence, stopped) if stopped else None
    return NoStart(start, NEVER_READY, has_image=True)


def _starts(trials: Sequence[TrialResult], case_id: str) -> Evidence:
    """Its trials under its limits; where it was stopped, those without limits too."""
    fit = gather(trials, case_id, arm=Arm.FIT, cache=None, planned=0)
    need = gather(trials, case_id, arm=Arm.NEED, cache=None, planned=0)
    return Evidence(0, (*fit.trials, *(one for one in need.trials if _failed(one))))


def _failed(trial: TrialResult) -> bool:
    return trial.status is TrialStatus.FAILED


def _stopped(evidence: Evidence, stopped: Stopped) -> Finding:
    count, reason = len(evidence.failed), evidence.failed[0].reason
    how = f"{count} of {counted(len(evidence.trials), 'trial')} failed: {reason}"
    return Finding(Outcome.FAIL, sentence(how, stopped_words(stopped)), n=len(evidence.trials))


def stopped_words(stopped: Stopped) -> str:
    """How many trials of a case were not made, and why."""
    left, planned = stopped.left_out, stopped.planned
    return f"{left} of {planned} trials not made: it failed twice the same way"

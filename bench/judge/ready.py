"""The rule READY, which every case has: each of its trials gets ready.

Without it a case whose every trial crashes would pass where nothing, or nothing that blocks, is
asked of its start: a crash yields no time, and what is not there meets no limit either. And an
aggregate that looks past some trials would look past those that crashed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.domain import Arm
from bench.judge.evidence import gather
from bench.judge.finding import Finding, counted, sentence
from bench.judge.model import Outcome
from bench.scenario.model import READY_ID
from bench.standard.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.analysis.model import TrialResult
    from bench.journal.facts.case import Stopped
    from bench.judge.model import JudgeContext
    from bench.scenario.model import Case

READY = Rule(
    id=READY_ID,
    title="gets ready",
    rule="Every trial gets ready, and stays up while it is observed.",
    why="A case that never gets ready has no times, so no limit on them could fail.",
    remedy="Look at the reason of the failed trials, and at their output in logs/.",
    judged_on="All trials under the case's limits, in all of its cache states.",
)


def judge_ready(
    case_id: str, case: Case, trials: Sequence[TrialResult], context: JudgeContext
) -> Finding:
    """Whether all trials of the case under its limits got ready."""
    planned = case.repeat * len(case.cache)
    evidence = gather(trials, case_id, arm=Arm.FIT, cache=None, planned=planned)
    stopped = context.stopped.get(case_id)
    if stopped and not evidence.trials:  # those without limits had failed before
        evidence = gather(trials, case_id, arm=Arm.NEED, cache=None, planned=planned)
    count = len(evidence.trials)
    if evidence.failed:
        words = stopped_words(stopped) if stopped else ""
        return Finding(Outcome.FAIL, sentence(evidence.failures(), words), n=count)
    short = evidence.shortfall(complete=context.complete)
    if short is not None:
        return short
    if not count:
        return Finding(Outcome.INCONCLUSIVE, "it has no trials")
    return Finding(Outcome.PASS, f"all of {counted(count, 'trial')} got ready", n=count)


def stopped_words(stopped: Stopped) -> str:
    """How many trials of a case were not made, and why."""
    left, planned = stopped.left_out, stopped.planned
    return f"{left} of {planned} trials skipped: it failed twice in the same way"

"""The row that every case has which no blocking limit on its start judges: it gets ready.

Without it a case whose every trial crashes would pass where nothing, or nothing that blocks, is
asked of its start: a crash yields no time, and what is not there meets no limit either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.judge.evidence import gather
from bench.judge.finding import Finding, counted
from bench.judge.model import Outcome
from bench.judge.row import Row
from bench.scenario.model import READY_ID, Arm

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.judge.model import Verdict
    from bench.results.model import TrialResult
    from bench.scenario.model import Case

READY = Row(
    id=READY_ID,
    title="gets ready",
    rule="Every trial gets ready, and stays up while it is observed.",
    why="What does not start has no times, and would meet every limit that nobody can hold it to.",
    remedy="Look at the reason of the failed trials, and at their output in logs/.",
    judged_on=(
        "All trials under the case's limits, in all its cache states, where no blocking row is on "
        "ready_s or startup_s."
    ),
)

_OF_THE_START = ("ready_s", "startup_s")


def is_judged(blocking: Iterable[Verdict]) -> bool:
    """Whether one of these verdicts, all of which block, is on the start of the case already."""
    return any(one.metric in _OF_THE_START for one in blocking)


def judge_ready(
    case_id: str, case: Case, trials: Sequence[TrialResult], *, complete: bool
) -> Finding:
    """Whether all trials of the case under its limits got ready."""
    planned = case.repeat * len(case.cache)
    evidence = gather(trials, case_id, arm=Arm.FIT, cache=None, planned=planned)
    count = len(evidence.trials)
    if evidence.failed:
        return Finding(Outcome.FAIL, evidence.failures(), n=count)
    short = evidence.shortfall(complete=complete)
    if short is not None:
        return short
    return Finding(Outcome.PASS, f"all of {counted(count, 'trial')} got ready", n=count)

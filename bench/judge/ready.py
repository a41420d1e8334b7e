"""The row that a case has in each cache state whose start no blocking limit judges: it gets ready.

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
        "All trials under the case's limits, in those of its cache states in which no blocking row "
        "is on ready_s or startup_s."
    ),
)

_OF_THE_START = ("ready_s", "startup_s")


def states_left(case: Case, blocking: Iterable[Verdict]) -> tuple[str, ...]:
    """The cache states of a case on whose start none of these verdicts is.

    Args:
        case: the case.
        blocking: its verdicts that block; one without a state is on all of them.
    """
    of_the_start = [one for one in blocking if one.metric in _OF_THE_START]
    judged = {one.cache for one in of_the_start if one.arm in ("", Arm.FIT)}
    return () if "" in judged else tuple(one for one in case.cache if one not in judged)


def judge_ready(
    case_id: str,
    case: Case,
    trials: Sequence[TrialResult],
    states: Sequence[str],
    *,
    complete: bool,
) -> Finding:
    """Whether all trials of the case under its limits, in these cache states, got ready."""
    of_states = [one for one in trials if one.key.cache in states]
    planned = case.repeat * len(states)
    evidence = gather(of_states, case_id, arm=Arm.FIT, cache=None, planned=planned)
    count = len(evidence.trials)
    if evidence.failed:
        return Finding(Outcome.FAIL, evidence.failures(), n=count)
    short = evidence.shortfall(complete=complete)
    if short is not None:
        return short
    which = "" if len(states) == len(case.cache) else f" ({', '.join(states)})"
    return Finding(Outcome.PASS, f"all of {counted(count, 'trial')}{which} got ready", n=count)

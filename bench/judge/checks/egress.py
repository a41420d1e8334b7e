"""CI-3: whether a start reaches outside, judged with the network open and with it cut off.

Every start of the case counts: those of the rounds, those without limits, each of several started
at once, and two with the network cut off. In none may anything be tried before ready that the
scenario does not declare, and in the last two the container must get ready all the same: an attempt
that nothing waits for is seen in the open trials, a dependence in the cut ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bench.analysis.replica_groups import replica_evidence
from bench.core.domain import Arm
from bench.core.units import format_seconds
from bench.journal.facts.contacts import WayOut
from bench.judge.destinations import destinations
from bench.judge.evidence import gather, reasons
from bench.judge.finding import Finding, counted, sentence, unmeasured
from bench.judge.limits import blame_image
from bench.judge.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bench.analysis.model import TrialResult
    from bench.judge.destinations import TriedDestination
    from bench.judge.evidence import Evidence
    from bench.judge.model import JudgeContext
    from bench.scenario.model import Case
    from bench.standard.rule import Rule

CUT_TRIALS = 2
"""Trials of each case with the network cut off: one is refused, one gets no answer."""

_MOST_NAMED = 3


@dataclass(frozen=True)
class Starts:
    """Every start of a case that says something of it, by what kind of trial it was.

    Attributes:
        free: of the rounds.
        need: without limits.
        replicas: containers that were started at once, each for itself.
        cut: with the network cut off.
        spoilt: attempts that count for nothing else, in which contacts were looked for all the
            same: what was seen in them was tried.
    """

    free: Evidence
    need: Evidence
    replicas: tuple[TrialResult, ...]
    cut: Evidence
    spoilt: tuple[TrialResult, ...] = ()

    @property
    def open(self) -> tuple[TrialResult, ...]:
        """Those with the network open."""
        return (*self.free.trials, *self.need.trials, *self.replicas)

    @property
    def all(self) -> tuple[TrialResult, ...]:
        """All of them."""
        return (*self.open, *self.cut.trials)

    def __str__(self) -> str:
        kinds = (
            (len(self.free.trials), "of the rounds"),
            (len(self.need.trials), "without limits"),
            (len(self.replicas), "of replicas"),
            (len(self.cut.trials), "with the network cut off"),
        )
        words = ", ".join(f"{count} {what}" for count, what in kinds if count)
        return f"{counted(len(self.all), 'start')} ({words})"


def starts(
    trials: Sequence[TrialResult], case_id: str, *, planned: int = 0, need: int = 0
) -> Starts:
    """The starts of `case_id`: `planned` of the rounds, and `need` without limits."""
    groups = replica_evidence(trials, case_id).groups
    found = Starts(
        free=gather(trials, case_id, arm=Arm.FIT, cache=None, planned=planned),
        need=gather(trials, case_id, arm=Arm.NEED, cache=None, planned=need),
        replicas=tuple(trial for group in groups for trial in group.trials),
        cut=gather(trials, case_id, arm=Arm.FIT, cache=None, planned=CUT_TRIALS, network="cut"),
    )
    counted_ids = {trial.trial_id for trial in found.all}
    spoilt = [
        trial
        for trial in trials
        if trial.key.case == case_id
        and trial.trial_id not in counted_ids
        and not trial.key.warmup
        and trial.facts.egress is not None
    ]
    return replace(found, spoilt=tuple(spoilt))


def judge(
    _: Rule, case_id: str, case: Case, trials: Sequence[TrialResult], context: JudgeContext
) -> Finding:
    """Judge every start of a case."""
    return judge_egress(
        case_id,
        case,
        trials,
        services=context.services,
        complete=context.complete,
        need=context.need_trials.get(case_id, 0),
    )


def judge_egress(
    case_id: str,
    case: Case,
    trials: Sequence[TrialResult],
    *,
    services: Collection[str],
    complete: bool,
    need: int = 0,
) -> Finding:
    """Judge the trials of a case.

    Args:
        case_id: its id.
        case: as the scenario has it.
        trials: of the run.
        services: names of those beside it.
        complete: whether the run came to its end.
        need: how many trials without limits were planned.
    """
    found = starts(trials, case_id, planned=case.repeat * len(case.cache), need=need)
    tried = [
        destination
        for destination in destinations((*found.all, *found.spoilt))
        if not destination.allowed
    ]
    kinds = (
        (found.free, ""),
        (found.need, "without limits, "),
        (found.cut, "with the network cut off, "),
    )
    for evidence, which in () if tried else kinds:
        short = evidence.shortfall(complete=complete)
        if short is not None:
            return replace(short, reason=which + short.reason)
    n = len(found.all) + (len(found.spoilt) if tried else 0)
    stuck = _stuck(found.cut)
    if tried or stuck:
        ready = stuck or ("it also gets ready with the network cut off" if found.cut.trials else "")
        reason = sentence(_listed(tried, n), _advice(tried, services), ready)
        by_crash = not tried and found.free.all_failed
        return Finding(Outcome.FAIL, reason, n=n, by_crash=by_crash)
    blamed = blame_image(trials, case_id, found.free)
    if blamed is not None:
        return blamed
    lost = replica_evidence(trials, case_id).lost
    unseen = _unseen(found.all) or _not_cut(found.cut)
    if lost:
        unseen = f"containers started at once could not be measured: {reasons(lost)}"
    if unseen:
        return replace(unmeasured(unseen), n=n)
    cut = len(found.cut.trials)
    reason = f"no contact before ready in {found}; ready with the network cut off in {cut} of {cut}"
    return Finding(Outcome.PASS, reason, n=n)


def _stuck(cut: Evidence) -> str:
    """The failures with the network cut off; empty where it got ready."""
    if not cut.failed:
        return ""
    how_often = f"in {len(cut.failed)} of {counted(len(cut.trials), 'trial')}"
    why = ", ".join(dict.fromkeys(trial.reason for trial in cut.failed))
    return f"with the network cut off, it failed {how_often}: {why}"


def _unseen(trials: Sequence[TrialResult]) -> str:
    """Why what was tried is not known for certain; empty where it is."""
    if not trials:
        return "it has no trials"
    dropped = 0
    silent = [trial.trial_id for trial in trials if trial.facts.egress is None]
    if silent:
        which = "" if len(silent) == len(trials) else f": {', '.join(silent[:_MOST_NAMED])}"
        return f"{len(silent)} of {counted(len(trials), 'start')} have no record of contacts{which}"
    for trial in trials:
        seen = trial.facts.egress
        assert seen is not None
        if not seen.observed:
            return f"contacts could not be observed in {trial.trial_id}: {seen.reach}"
        dropped += seen.dropped
    return f"{counted(dropped, 'packet')} were missed" if dropped else ""


def _not_cut(cut: Evidence) -> str:
    if not cut.trials:
        return "it was not run with the network cut off, which this engine cannot do"
    ways = {seen.way_out for trial in cut.trials if (seen := trial.facts.egress)}
    if not ways >= {WayOut.REFUSED, WayOut.SILENT}:
        return "it was not run with both kinds of cut network, refusing and silent"
    return ""


def _listed(tried: Sequence[TriedDestination], n: int) -> str:
    if not tried:
        return ""
    named = ", ".join(_words(destination, n) for destination in tried[:_MOST_NAMED])
    rest = f" and {len(tried) - _MOST_NAMED} more" if len(tried) > _MOST_NAMED else ""
    return f"{counted(len(tried), 'outside destination')} tried before ready: {named}{rest}"


def _words(destination: TriedDestination, n: int) -> str:
    by = f" by {', '.join(destination.processes[:2])}" if destination.processes else ""
    when = f"{format_seconds(destination.earliest_s)} after the start"
    how = f"{destination.protocol}{by}, {when}, {destination.trials} of {counted(n, 'start')}"
    return f"{destination.label} ({how})"


def _advice(tried: Sequence[TriedDestination], services: Collection[str]) -> str:
    known = {name.lower(): name for name in services}
    named = [known[destination.name] for destination in tried if destination.name in known]
    if not named:
        return ""
    what = ", ".join(dict.fromkeys(named))
    verb = "are services" if len(set(named)) > 1 else "is a service"
    return f"{what} {verb} of the scenario: declare it under `allow` if it belongs to the platform"

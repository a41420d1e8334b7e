"""CI-3: whether a start reaches outside, judged with the way out open and with it cut.

Every start of the case counts: those of the rounds, those without limits, each of several started
at once, and two with no way out. In none may anything be tried before ready that the scenario does
not declare, and the container must get ready with no way out: an attempt that nothing waits for is
seen in the open trials, a dependence in the cut ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bench.judge.destinations import destinations
from bench.judge.evidence import gather
from bench.judge.finding import Finding, counted, sentence, unmeasured
from bench.judge.limits import blame_image
from bench.judge.model import Outcome
from bench.results.contacts import observation
from bench.results.replica_groups import replica_evidence
from bench.scenario.model import Arm
from bench.units import format_seconds

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bench.judge.destinations import Destination
    from bench.judge.evidence import Evidence
    from bench.results.model import TrialResult
    from bench.scenario.model import Case

CUT_TRIALS = 2
"""Trials with no way out that are made of each case: one is refused, one gets no answer."""

_MOST_NAMED = 3


@dataclass(frozen=True)
class Starts:
    """Every start of a case that says something of it, by what kind of trial it was.

    Attributes:
        free: of the rounds.
        need: without limits.
        replicas: containers that were started at once, each for itself.
        cut: with no way out.
    """

    free: Evidence
    need: Evidence
    replicas: tuple[TrialResult, ...]
    cut: Evidence

    @property
    def open(self) -> tuple[TrialResult, ...]:
        """Those with the way out open."""
        return (*self.free.trials, *self.need.trials, *self.replicas)

    @property
    def all(self) -> tuple[TrialResult, ...]:
        """All of them."""
        return (*self.open, *self.cut.trials)

    def __str__(self) -> str:
        kinds = (
            (len(self.free.trials), "of the rounds"),
            (len(self.need.trials), "without limits"),
            (len(self.replicas), "of several at once"),
            (len(self.cut.trials), "with no way out"),
        )
        words = ", ".join(f"{count} {what}" for count, what in kinds if count)
        return f"{counted(len(self.all), 'start')} ({words})"


def starts(trials: Sequence[TrialResult], case_id: str, *, planned: int = 0) -> Starts:
    """The starts of `case_id`, of which the rounds should have `planned`."""
    groups = replica_evidence(trials, case_id).groups
    return Starts(
        free=gather(trials, case_id, arm=Arm.FIT, cache=None, planned=planned),
        need=gather(trials, case_id, arm=Arm.NEED, cache=None, planned=0),
        replicas=tuple(one for group in groups for one in group.trials),
        cut=gather(trials, case_id, arm=Arm.FIT, cache=None, planned=CUT_TRIALS, network="cut"),
    )


def judge_egress(
    case_id: str,
    case: Case,
    trials: Sequence[TrialResult],
    *,
    services: Collection[str],
    complete: bool,
) -> Finding:
    """Judge the trials of a case; `services` are the names of those beside it."""
    found = starts(trials, case_id, planned=case.repeat * len(case.cache))
    for evidence, which in ((found.free, ""), (found.cut, "with no way out, ")):
        short = evidence.shortfall(complete=complete)
        if short is not None:
            return replace(short, reason=which + short.reason)
    n = len(found.all)
    tried = [one for one in destinations(found.all) if not one.allowed]
    stuck = _stuck(found.cut)
    if tried or stuck:
        ready = stuck or ("it gets ready with no way out too" if found.cut.trials else "")
        reason = sentence(_listed(tried, n), _advice(tried, services), ready)
        by_crash = not tried and found.free.all_failed
        return Finding(Outcome.FAIL, reason, n=n, by_crash=by_crash)
    blamed = blame_image(trials, case_id, found.free)
    if blamed is not None:
        return blamed
    unseen = _unseen(found.all) or _not_cut(found.cut)
    if unseen:
        return replace(unmeasured(unseen), n=n)
    cut = len(found.cut.trials)
    reason = f"no contact before ready in {found}; ready with no way out in {cut} of {cut}"
    return Finding(Outcome.PASS, reason, n=n)


def _stuck(cut: Evidence) -> str:
    """What happened with no way out where it did not get ready; empty where it did."""
    if not cut.failed:
        return ""
    how_often = f"in {len(cut.failed)} of {counted(len(cut.trials), 'trial')}"
    why = ", ".join(dict.fromkeys(one.reason for one in cut.failed))
    return f"with no way out it fails {how_often}: {why}"


def _unseen(trials: Sequence[TrialResult]) -> str:
    """Why what was tried is not known for certain; empty where it is."""
    if not trials:
        return "it has no trials"
    dropped = 0
    silent = [one.trial_id for one in trials if observation(one) is None]
    if silent:
        which = "" if len(silent) == len(trials) else f": {', '.join(silent[:_MOST_NAMED])}"
        return f"{len(silent)} of {counted(len(trials), 'start')} have no record of contacts{which}"
    for trial in trials:
        seen = observation(trial)
        assert seen is not None
        if not seen.observed:
            return f"contacts could not be observed in {trial.trial_id}: {seen.reach}"
        dropped += seen.dropped
    return f"{counted(dropped, 'packet')} passed unseen" if dropped else ""


def _not_cut(cut: Evidence) -> str:
    return "" if cut.trials else "it was not run with its network cut: this engine cannot do that"


def _listed(tried: Sequence[Destination], n: int) -> str:
    if not tried:
        return ""
    named = ", ".join(_words(one, n) for one in tried[:_MOST_NAMED])
    rest = f" and {len(tried) - _MOST_NAMED} more" if len(tried) > _MOST_NAMED else ""
    return f"{counted(len(tried), 'outside destination')} tried before ready: {named}{rest}"


def _words(one: Destination, n: int) -> str:
    by = f" by {', '.join(one.processes[:2])}" if one.processes else ""
    when = f"{format_seconds(one.earliest_s)} after the start"
    return f"{one.label} ({one.protocol}{by}, {when}, {one.trials} of {counted(n, 'start')})"


def _advice(tried: Sequence[Destination], services: Collection[str]) -> str:
    known = {name.lower(): name for name in services}
    named = [known[one.name] for one in tried if one.name in known]
    if not named:
        return ""
    what = ", ".join(dict.fromkeys(named))
    verb = "are services" if len(set(named)) > 1 else "is a service"
    return f"{what} {verb} of the scenario: declare under `allow` what belongs to the platform"

"""CI-3: whether a start reaches outside, judged with the way out open and with it cut.

Beside the trials of the rounds there are two with no way out. In either nothing may be tried
before ready that the scenario does not declare, and the container must get ready without it: an
attempt that nothing waits for is seen in the first, a dependence in the second.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bench.judge.destinations import destinations
from bench.judge.evidence import gather
from bench.judge.finding import Finding, counted, sentence, unmeasured
from bench.judge.limits import blame_image
from bench.judge.model import Outcome
from bench.results.contacts import observation
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


def judge_egress(
    case_id: str,
    case: Case,
    trials: Sequence[TrialResult],
    *,
    services: Collection[str],
    complete: bool,
) -> Finding:
    """Judge the trials of a case; `services` are the names of those beside it."""
    rounds = case.repeat * len(case.cache)
    free = gather(trials, case_id, arm=Arm.FIT, cache=None, planned=rounds)
    cut = gather(trials, case_id, arm=Arm.FIT, cache=None, planned=CUT_TRIALS, network="cut")
    for evidence, which in ((free, ""), (cut, "with no way out, ")):
        short = evidence.shortfall(complete=complete)
        if short is not None:
            return replace(short, reason=which + short.reason)
    seen = (*free.trials, *cut.trials)
    n = len(seen)
    tried = [one for one in destinations(seen) if not one.allowed]
    stuck = _stuck(cut)
    if tried or stuck:
        ready = stuck or ("it gets ready with no way out too" if cut.trials else "")
        reason = sentence(_listed(tried, n), _advice(tried, services), ready)
        return Finding(Outcome.FAIL, reason, n=n, by_crash=not tried and free.all_failed)
    blamed = blame_image(trials, case_id, free)
    if blamed is not None:
        return blamed
    unseen = _unseen(seen) or _not_cut(cut)
    if unseen:
        return replace(unmeasured(unseen), n=n)
    reason = (
        f"no contact before ready in {counted(n, 'trial')}, "
        f"and ready with no way out in {len(cut.trials)} of {len(cut.trials)}"
    )
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
    for trial in trials:
        seen = observation(trial)
        if seen is None:
            return "its trials say nothing of contacts"
        if not seen.observed:
            return f"contacts could not be observed: {seen.reach}"
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
    return f"{one.label} ({one.protocol}{by}, {when}, {one.trials} of {counted(n, 'trial')})"


def _advice(tried: Sequence[Destination], services: Collection[str]) -> str:
    known = {name.lower(): name for name in services}
    named = [known[one.name] for one in tried if one.name in known]
    if not named:
        return ""
    what = ", ".join(dict.fromkeys(named))
    verb = "are services" if len(set(named)) > 1 else "is a service"
    return f"{what} {verb} of the scenario: declare under `allow` what belongs to the platform"

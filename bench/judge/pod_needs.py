"""The needs of a pod: judgements on the trials without limits, and what keeps them from a pass."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bench.core.capability import Capability
from bench.core.domain import Arm
from bench.core.metrics import METRICS
from bench.core.units import format_value
from bench.judge.evidence import gather, no_pass_with_gaps
from bench.judge.finding import Finding, sentence
from bench.judge.limits import NEED_TRIALS, blame_image, cut_off, judged_cache
from bench.judge.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.analysis.model import TrialResult
    from bench.judge.evidence import Evidence
    from bench.judge.model import JudgeContext
    from bench.scenario.model import Case
    from bench.standard.rule import Rule


def judge_need(
    rule: Rule,
    case_id: str,
    case: Case,
    trials: Sequence[TrialResult],
    context: JudgeContext,
    judge: Callable[[Evidence], Finding],
    *,
    all_kills_counted: bool = False,
) -> Finding:
    """Judge a need of a pod, from the trials without limits.

    Args:
        rule: the rule.
        case_id: the case.
        case: what is known of it.
        trials: of the run.
        context: of the run.
        judge: judges these trials.
        all_kills_counted: whether a pass takes that OOM kills were counted in every trial.
    """
    cache = judged_cache(rule, case)
    planned = context.need_trials.get(case_id, NEED_TRIALS)
    need = gather(trials, case_id, arm=Arm.NEED, cache=None, planned=planned)
    short = need.shortfall(complete=context.complete)
    if short is not None:
        return replace(short, cache=cache)
    found = judge(need)
    found = _not_cut_short(found, rule, case_id, need, trials, all_kills_counted=all_kills_counted)
    found = _without_samples(found, need)
    if case.lacks(Capability.SINGLE) and found.actual is not None:
        metric = found.metric or rule.metric
        found = replace(
            found, reason=sentence(found.reason, _of_each(metric, case_id, trials, need))
        )
    return replace(found, cache=cache)


def _not_cut_short(
    found: Finding,
    rule: Rule,
    case_id: str,
    need: Evidence,
    trials: Sequence[TrialResult],
    *,
    all_kills_counted: bool,
) -> Finding:
    """`found`, unless it is a pass and what a pod would take is not known in full.

    A trial without the figure, one in which the image failed and one in which processes were
    killed say nothing of what it would have come to.
    """
    if found.outcome is Outcome.NOT_MEASURED or (found.outcome is Outcome.PASS and need.all_failed):
        return blame_image(trials, case_id, need) or found
    found = no_pass_with_gaps(found, found.metric or rule.metric, need, may_miss=not rule.required)
    short = sentence(need.failures(), cut_off(need))
    counted_kills = sum("oom_kills" in trial.metrics for trial in need.trials)
    least = len(need.trials) if all_kills_counted or counted_kills else 0
    if counted_kills < least:
        short = sentence(short, "out-of-memory kills were not counted in every trial")
    if not short:
        return found
    passed = found.outcome is Outcome.PASS
    outcome = Outcome.INCONCLUSIVE if passed else found.outcome
    return replace(found, outcome=outcome, reason=sentence(found.reason, short))


def _without_samples(found: Finding, need: Evidence) -> Finding:
    """`found`, unless it is open because a service of a stack was never looked at."""
    if found.outcome not in (Outcome.NOT_MEASURED, Outcome.INCONCLUSIVE):
        return found
    names: list[str] = []
    for trial in need.trials:
        names += [f"`{name}`" for name in trial.unsampled]
    if not names:
        return found
    note = f"no samples of {', '.join(dict.fromkeys(names))}, so the sum of the services is unknown"
    return replace(
        found, outcome=Outcome.INCONCLUSIVE, reason=sentence(found.reason, note), n=len(need.trials)
    )


def _of_each(metric: str, case_id: str, trials: Sequence[TrialResult], need: Evidence) -> str:
    """Of a stack: what the figure is the sum of, and what each service took at most."""
    peaks: dict[str, float] = {}
    counted_ids = {(trial.key, trial.attempt) for trial in need.trials}
    for member in members_without_limits(case_id, trials):
        if metric in member.metrics and (member.key, member.attempt) in counted_ids:
            peaks[member.service] = max(member.metrics[metric], peaks.get(member.service, 0.0))
    unit = METRICS[metric].unit
    each = ", ".join(f"{name} {format_value(value, unit)}" for name, value in peaks.items())
    return f"the total of its services; the peak of each: {each}"


def members_without_limits(case_id: str, trials: Sequence[TrialResult]) -> list[TrialResult]:
    """The trials of a stack's services without limits."""
    need = (case_id, Arm.NEED)
    return [trial for trial in trials if trial.service and (trial.key.case, trial.key.arm) == need]

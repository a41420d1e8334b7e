"""Checks: judgements that take more than one metric against one limit, one module for each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bench.core.capability import Capability
from bench.core.domain import Arm
from bench.core.metrics import METRICS
from bench.core.units import format_value
from bench.judge.checks.cpu_demand import judge_cpu
from bench.judge.checks.egress import judge_egress
from bench.judge.checks.memory_need import judge_memory
from bench.judge.checks.scale_out import judge_scale_out
from bench.judge.evidence import gather, no_pass_with_gaps
from bench.judge.finding import Finding, sentence
from bench.judge.limits import NEED_TRIALS, blame_image, cut_off, judged_cache
from bench.judge.model import Outcome
from bench.standard.rule import Judgement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.analysis.model import TrialResult
    from bench.judge.evidence import Evidence
    from bench.judge.model import JudgeContext
    from bench.scenario.model import Case
    from bench.standard.rule import Rule


def judge_check(
    rule: Rule, case_id: str, case: Case, trials: Sequence[TrialResult], context: JudgeContext
) -> Finding:
    """Judge the rule's check."""
    complete = context.complete
    if rule.check is Judgement.EGRESS:
        services = context.services
        need = context.need_trials.get(case_id, 0)
        return judge_egress(case_id, case, trials, services=services, complete=complete, need=need)
    if rule.check is Judgement.SCALE_OUT:
        return judge_scale_out(case_id, case, trials, complete=complete)
    return _judge_need(rule, case_id, case, trials, context)


def _judge_need(
    rule: Rule, case_id: str, case: Case, trials: Sequence[TrialResult], context: JudgeContext
) -> Finding:
    """Judge the needs of a pod, from the trials without limits."""
    cache, complete = judged_cache(rule, case), context.complete
    planned = context.need_trials.get(case_id, NEED_TRIALS)
    need = gather(trials, case_id, arm=Arm.NEED, cache=None, planned=planned)
    short = need.shortfall(complete=complete)
    if short is not None:
        return replace(short, cache=cache)
    if rule.check is Judgement.MEMORY_NEED:
        fit = gather(
            trials, case_id, arm=Arm.FIT, cache=None, planned=case.repeat * len(case.cache)
        )
        found = judge_memory(rule, case, need, fit, complete=complete)
    else:
        assert rule.check is Judgement.CPU_DEMAND, f"nothing judges {rule.check}"
        members = _members(case_id, trials) if case.lacks(Capability.SINGLE) else []
        found = judge_cpu(rule, need, context.host_cores, members)
    found = _not_cut_short(found, rule, case_id, need, trials)
    found = _without_samples(found, need)
    if case.lacks(Capability.SINGLE) and found.actual is not None:
        metric = found.metric or rule.metric
        found = replace(
            found, reason=sentence(found.reason, _of_each(metric, case_id, trials, need))
        )
    return replace(found, cache=cache)


def _not_cut_short(
    found: Finding, rule: Rule, case_id: str, need: Evidence, trials: Sequence[TrialResult]
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
    least = len(need.trials) if rule.check is Judgement.MEMORY_NEED or counted_kills else 0
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
    for member in _members(case_id, trials):
        if metric in member.metrics and (member.key, member.attempt) in counted_ids:
            peaks[member.service] = max(member.metrics[metric], peaks.get(member.service, 0.0))
    unit = METRICS[metric].unit
    each = ", ".join(f"{name} {format_value(value, unit)}" for name, value in peaks.items())
    return f"the total of its services; the peak of each: {each}"


def _members(case_id: str, trials: Sequence[TrialResult]) -> list[TrialResult]:
    """The trials of a stack's services without limits."""
    need = (case_id, Arm.NEED)
    return [trial for trial in trials if trial.service and (trial.key.case, trial.key.arm) == need]

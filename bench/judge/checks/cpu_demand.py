"""CI-8: how many cores a pod asks for, judged on the need arm.

Demand is what was used and what was waited for. What was used is the cgroup's own count; how long a
thread waited is known of those that were seen, or whose end the kernel reported. So a demand over
the limit fails, whatever else there was; one within it passes only where hardly any CPU time was
used by others, and in every trial.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.capability import Capability
from bench.core.metrics import METRICS
from bench.judge.aggregates import shown_against
from bench.judge.finding import Finding, sentence, unmeasured
from bench.judge.model import Outcome
from bench.judge.pod_needs import judge_need, members_without_limits
from bench.judge.unobserved_cpu import unseen_demand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.analysis.model import TrialResult
    from bench.judge.evidence import Evidence
    from bench.judge.model import JudgeContext
    from bench.scenario.model import Case
    from bench.standard.rule import Rule

CPU_TOLERANCE = 0.02
"""Share by which a peak of demand may exceed the limit: what a window of 1 s is good for."""

_USED = "cpu_cores_peak"


def judge(
    rule: Rule, case_id: str, case: Case, trials: Sequence[TrialResult], context: JudgeContext
) -> Finding:
    """Judge the trials without limits; of a stack, those of its services too."""
    is_stack = case.lacks(Capability.SINGLE)
    members = members_without_limits(case_id, trials) if is_stack else []

    def judged(need: Evidence) -> Finding:
        return judge_cpu(rule, need, context.host_cores, members)

    return judge_need(rule, case_id, case, trials, context, judged)


def judge_cpu(
    rule: Rule, need: Evidence, host_cores: int, members: Sequence[TrialResult] = ()
) -> Finding:
    """Judge `rule` on the trials without limits.

    Args:
        rule: what is asked.
        need: the trials.
        host_cores: of the host that they were made on.
        members: of a stack, the trials of its services without limits.
    """
    limit, metric, note = rule.bound, rule.metric, ""
    silent = _without(metric, members)
    if not need.values(METRICS[metric]) and not silent:
        if host_cores <= limit.value:
            if not need.trials or need.all_failed:
                return unmeasured(f"no trial of the need arm has {metric}")
            reason = (
                f"no schedstat, so time spent waiting for a core is unknown, and a host with "
                f"{host_cores} cores cannot show a use above {limit.value:g}"
            )
            return Finding(Outcome.INCONCLUSIVE, reason, n=len(need.trials))
        metric = _USED
        note = "cores used, as there is no schedstat to show how many were demanded"
    values = need.values(METRICS[metric])
    if not values and not silent:
        return unmeasured(f"no trial of the need arm has {rule.metric}")
    peak, n = max(values, default=None), len(values)
    moved = metric if metric != rule.metric else ""
    most = limit.value * (1 + CPU_TOLERANCE)
    shown = "" if peak is None else shown_against(peak, limit, METRICS[metric].unit)
    if peak is not None and peak > most and not limit.holds(peak):
        reason = sentence(f"{shown} does not meet {rule.limit_text}", note)
        return Finding(Outcome.FAIL, reason, peak, n, metric=moved)
    gap = silent or ("" if metric == _USED else unseen_demand(need, most))
    if gap or peak is None:
        seen = f"{shown} measured" if shown else ""
        return Finding(Outcome.INCONCLUSIVE, sentence(seen, gap), peak, n, metric=moved)
    within = "" if limit.holds(peak) else f" within the tolerance of {CPU_TOLERANCE:.0%}"
    reason = sentence(f"{shown} meets {rule.limit_text}{within}", note)
    return Finding(Outcome.PASS, reason, peak, n, metric=moved)


def _without(metric: str, members: Sequence[TrialResult]) -> str:
    """Which services of a stack lack a figure that others have; empty where none does."""
    silent = dict.fromkeys(member.service for member in members if metric not in member.metrics)
    if not silent or not any(metric in member.metrics for member in members):
        return ""
    names = ", ".join(silent)
    return f"{METRICS[metric].title} of {names} is unknown, so that of the stack is too"

"""A rule that is one metric against one limit, judged for one case."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bench.core.capability import Capability
from bench.core.domain import Arm, CacheState, TrialStatus
from bench.judge.aggregates import decide, is_upper, shown_against, worst_value
from bench.judge.evidence import Evidence, gather, no_pass_with_gaps
from bench.judge.finding import Finding, counted, sentence, unmeasured
from bench.judge.limit_notes import (
    CAPPED_BY,
    NEAR,
    floor_note,
    startup_notes,
    way_words,
    within_reach,
)
from bench.judge.model import Outcome
from bench.judge.stops import STOP_TIMES
from bench.judge.unobserved_cpu import DEMAND, unseen_demand
from bench.scenario.model import READY_ID
from bench.standard.thresholds import Aggregate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.analysis.model import TrialResult
    from bench.judge.model import JudgeContext
    from bench.scenario.model import Case
    from bench.standard.rule import Rule
    from bench.standard.thresholds import Limit

NEED_TRIALS = 2
"""Trials that the need arm makes of each case at least."""


STACK_PEAK, STACK_PEAK_UPPER = "memory_peak_bytes", "memory_peak_upper_bytes"
"""The ends between which the peak of several services together lies."""


def judge_trials(
    rule: Rule, case_id: str, case: Case, trials: Sequence[TrialResult], context: JudgeContext
) -> Finding:
    """Judge a metric that every trial has a value of."""
    cache = judged_cache(rule, case)
    planned = case.repeat
    if rule.arm is not Arm.FIT:
        planned = context.need_trials.get(case_id, NEED_TRIALS)
    evidence = gather(trials, case_id, arm=rule.arm, cache=cache, planned=planned)
    way = way_words(case, cache, context.link) if rule.metric == "startup_s" else ""
    short = evidence.shortfall(complete=context.complete)
    if short is not None:
        return replace(short, cache=cache, reason=sentence(short.reason, way))
    limit, unit, over = rule.bound, rule.measured.unit, rule.over or Aggregate.MAX
    values = evidence.values(rule.measured, worst_value(limit))
    if not values:
        found = _nothing(rule, case_id, trials, evidence, cache)
        return replace(found, cache=cache, reason=sentence(found.reason, way))
    found = decide(values, over, limit, unit)
    if case.lacks(Capability.SINGLE) and rule.metric == STACK_PEAK:
        found = _between_ends(found, evidence, over, limit, unit)
    if rule.measured.is_time:
        found = _crashes_count(found, rule, evidence, over, limit)
    elif evidence.failed:
        found = replace(found, reason=sentence(found.reason, evidence.failures()))
    if rule.arm is not Arm.FIT and evidence.failed and found.outcome is Outcome.PASS:
        # of trials under its limits the rule READY says so
        worse = Outcome.FAIL if rule.measured.is_time else Outcome.INCONCLUSIVE
        found = replace(found, outcome=worse, by_crash=rule.measured.is_time)
    found = no_pass_with_gaps(
        found,
        rule.metric,
        evidence,
        may_miss=not rule.required,
        crashes_excused=_may_crash(case) and not rule.measured.is_time,
    )
    members = [
        trial
        for trial in trials
        if trial.service and (trial.key.case, trial.key.arm) == (case_id, rule.arm)
    ]
    found = _not_its_own_cap(found, rule, case, limit, evidence, members)
    found = _not_by_what_was_seen(found, rule, limit, evidence)
    found = within_reach(found, rule, limit, context)
    if rule.metric == "startup_s":
        notes = startup_notes(evidence, case, way)
        found = replace(found, reason=sentence(found.reason, notes))
    if rule.metric in ("startup_s", "ready_s"):
        notes = sentence(found.reason, floor_note(evidence))
        found = replace(found, resolution=_resolution(evidence), reason=notes)
    return replace(found, cache=cache)


def judged_cache(rule: Rule, case: Case) -> str:
    """The cache state that `rule` is judged in for `case`.

    The need arm runs with the image in place; elsewhere it is the rule's own, or cold where the
    case has it, or the case's first.
    """
    if rule.cache is not None and not (rule.else_first and rule.cache not in case.cache):
        return rule.cache.value
    if rule.arm is Arm.NEED:
        return CacheState.IMAGE.value
    return (CacheState.COLD if CacheState.COLD in case.cache else case.cache[0]).value


def _nothing(
    rule: Rule, case_id: str, trials: Sequence[TrialResult], evidence: Evidence, cache: str
) -> Finding:
    blamed = blame_image(trials, case_id, evidence)
    if blamed is not None:
        return blamed
    if evidence.trials:
        return unmeasured(f"none of {counted(len(evidence.trials), 'trial')} has {rule.metric}")
    return unmeasured(f"the case has no trial with cache `{cache}` in the {rule.arm} arm")


def blame_image(trials: Sequence[TrialResult], case_id: str, evidence: Evidence) -> Finding | None:
    """A failure, where nothing could be measured because the image failed every time.

    What is missing for the image's own fault is not a matter of what could be judged: without
    this, an image that always crashes would be reported as one that bench could not measure.
    """
    looked_at = evidence
    if not evidence.trials:
        looked_at = gather(trials, case_id, arm=Arm.FIT, cache=None, planned=0)
    if not looked_at.all_failed:
        return None
    reason = f"{looked_at.failures()}, so there is nothing to judge"
    return Finding(Outcome.FAIL, reason, n=len(looked_at.trials), by_crash=True)


def _crashes_count(
    found: Finding, rule: Rule, evidence: Evidence, over: Aggregate, limit: Limit
) -> Finding:
    """A limit on a time, where some trials failed: they count as infinite, and meet no limit.

    A failure that the trials which did not fail show as well is one that was measured.
    """
    failures = evidence.failures()
    if not failures:
        return found
    note = (
        f"{failures}, which {'counts as infinite' if is_upper(limit) else 'meets no lower limit'}"
    )
    if found.outcome is Outcome.PASS and over is Aggregate.MAX:  # which looks past the others
        found = replace(found, outcome=Outcome.FAIL)
    ran = [
        trial.metrics[rule.metric]
        for trial in evidence.trials
        if trial.status is TrialStatus.OK and rule.metric in trial.metrics
    ]
    measured = bool(ran) and decide(ran, over, limit, rule.measured.unit).outcome is Outcome.FAIL
    by_crash = found.outcome is Outcome.FAIL and not measured
    bare = found.outcome is Outcome.FAIL and found.actual is None
    reason = note if bare else sentence(found.reason, note)
    return replace(found, reason=reason, by_crash=by_crash)


def _between_ends(
    found: Finding, evidence: Evidence, over: Aggregate, limit: Limit, unit: str
) -> Finding:
    """A stack's peak lies between two ends; both must be on the same side of the limit."""
    uppers = [trial.metrics[STACK_PEAK_UPPER] for trial in evidence.trials if _has_upper(trial)]
    whole = len(uppers) == sum(STACK_PEAK in trial.metrics for trial in evidence.trials)
    beyond = decide(uppers, over, limit, unit) if uppers and whole else None
    note = "their total at one moment is unknown, and may be higher"
    if beyond is not None:
        if beyond.outcome is found.outcome:
            return found
        note = f"at most {shown_against(max(uppers), limit, unit)}, the sum of the services' peaks"
    if found.outcome not in (Outcome.PASS, Outcome.FAIL):
        return found
    settled = found.outcome is (Outcome.FAIL if is_upper(limit) else Outcome.PASS)
    outcome = found.outcome if settled else Outcome.INCONCLUSIVE
    return replace(found, outcome=outcome, reason=sentence(found.reason, note))


def _has_upper(trial: TrialResult) -> bool:
    return STACK_PEAK in trial.metrics and STACK_PEAK_UPPER in trial.metrics


def _may_crash(case: Case) -> bool:
    """Whether the scenario excuses trials that crash, which the rule READY would else fail for."""
    expect = case.expect
    return expect is not None and READY_ID in (*expect.fail, *expect.may_fail)


def _not_by_what_was_seen(found: Finding, rule: Rule, limit: Limit, evidence: Evidence) -> Finding:
    """A pass that rests on how often a time or a load was seen, and not on all that there was.

    A stop that ended in a kill is as long as the scenario's grace period. Demand for cores is
    known of the threads that were seen.
    """
    if found.outcome is not Outcome.PASS or not is_upper(limit):
        return found
    note = ""
    if rule.metric in STOP_TIMES:
        killed = sum(trial.metrics.get("stop_killed", 0.0) > 0 for trial in evidence.trials)
        of = counted(len(evidence.trials), "trial")
        if killed:
            note = f"killed at the end of its grace period in {killed} of {of}, so it has no time"
    elif rule.metric == DEMAND:
        note = unseen_demand(evidence, limit.value)
    if not note:
        return found
    return replace(found, outcome=Outcome.INCONCLUSIVE, reason=sentence(found.reason, note))


def _not_its_own_cap(
    found: Finding,
    rule: Rule,
    case: Case,
    limit: Limit,
    evidence: Evidence,
    members: Sequence[TrialResult],
) -> Finding:
    """A peak that was cut off says nothing about a limit above that.

    The case's own limit holds it, or the kernel kills what would have gone beyond.
    """
    name = CAPPED_BY.get(rule.metric)
    if name is None or found.outcome is not Outcome.PASS or not is_upper(limit):
        return found
    if name == "memory" and evidence.killed:
        return replace(
            found, outcome=Outcome.INCONCLUSIVE, reason=sentence(found.reason, cut_off(evidence))
        )
    if rule.arm is not Arm.FIT:
        return found
    if held := _held_services(rule.metric, members):
        note = f"but {', '.join(held)} reached their own limits"
        return replace(found, outcome=Outcome.INCONCLUSIVE, reason=f"{found.reason}, {note}")
    cap = getattr(case.effective_limits, name)
    if cap is None:
        return found
    if limit.value < cap or (found.actual or 0.0) < (1 - NEAR) * cap:
        return found
    note = f"but it reached the case's own limit: judge it with `arm: {Arm.NEED}`"
    return replace(found, outcome=Outcome.INCONCLUSIVE, reason=f"{found.reason}, {note}")


def _held_services(metric: str, members: Sequence[TrialResult]) -> list[str]:
    """The services of a stack whose own limit their peak ran into."""
    asked = {"memory": "memory_bytes", "cpus": "cpus", "pids": "pids"}[CAPPED_BY[metric]]
    held = []
    for member in members:
        cap = getattr(member.facts.limits.requested, asked) if member.facts.limits else None
        if cap and member.metrics.get(metric, 0.0) >= (1 - NEAR) * cap:
            held.append(f"`{member.service}`")
    return list(dict.fromkeys(held))


def cut_off(evidence: Evidence) -> str:
    """That kills for memory cut a peak off, in words; empty where there were none."""
    if not evidence.killed:
        return ""
    of = counted(len(evidence.trials), "trial")
    return f"processes were OOM-killed in {len(evidence.killed)} of {of}, so the peak is cut off"


def _resolution(evidence: Evidence) -> float | None:
    name = "ready_resolution_s"
    ok = [trial.metrics for trial in evidence.trials if trial.status is TrialStatus.OK]
    return max((metrics[name] for metrics in ok if name in metrics), default=None)

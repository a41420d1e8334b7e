"""A row that is one metric against one limit, judged for one case."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bench.judge.aggregates import decide, is_upper, shown_against, worst_value
from bench.judge.evidence import Evidence, gather, no_pass_with_gaps
from bench.judge.finding import Finding, counted, sentence, unmeasured
from bench.judge.model import Outcome
from bench.judge.stops import STOP_TIMES
from bench.judge.unseen import DEMAND, unseen_demand
from bench.results.model import TrialStatus
from bench.scenario.model import READY_ID, Arm, CacheState
from bench.scenario.thresholds import Aggregate
from bench.units import format_bytes, format_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.judge.model import JudgeContext
    from bench.judge.row import Row
    from bench.results.model import ImageFacts, TrialResult
    from bench.scenario.model import Case
    from bench.scenario.thresholds import Limit

NEED_TRIALS = 2
"""Trials that the need arm makes of each case at least."""

NEAR = 0.02
"""A peak closer to a limit than this share of it is flagged."""

STACK_PEAK, STACK_PEAK_UPPER = "memory_peak_bytes", "memory_peak_upper_bytes"
"""The ends between which the peak of several services together lies."""

_CROWDED = 0.2
"""A peak closer to all memory of the host than this share was squeezed by the host itself."""

_CAPPED_BY = {
    "memory_peak_bytes": "memory",
    "memory_anon_peak_bytes": "memory",
    "memory_anon_shmem_peak_bytes": "memory",
    "memory_working_set_peak_bytes": "memory",
    "memory_usage_peak_bytes": "memory",
    "cpu_cores_peak": "cpus",
    "cpu_cores_peak_100ms": "cpus",
    "processes_peak": "pids",
}


def judge_image(row: Row, image: ImageFacts | None, *, complete: bool) -> Finding:
    """Judge a metric that the image has one value of."""
    metric, limit = row.measured, row.parsed_limit()
    value = image.metrics().get(row.metric) if image else None
    if image is None or value is None:
        if image is None and not complete:
            how = "the run was interrupted before the image was there"
            return Finding(Outcome.INCONCLUSIVE, how)
        return unmeasured(f"{row.metric} was not measured")
    holds = limit.holds(value)
    verb = "meets" if holds else "does not meet"
    reason = f"{shown_against(value, limit, metric.unit)} {verb} {limit.text(metric.unit)}"
    outcome = Outcome.PASS if holds else Outcome.FAIL
    is_size = row.metric == "image_size_bytes"
    beside = sentence(_sizes_of_parts(image), _other_sizes(image)) if is_size else ""
    return Finding(outcome, sentence(reason, beside), value, 1)


def _sizes_of_parts(image: ImageFacts) -> str:
    """Of a stack: each service's image by itself; empty for a single image."""
    if not image.parts:
        return ""
    sizes = ", ".join(
        f"{one.service} {format_bytes(one.size_bytes)}"
        for one in image.parts
        if one.size_bytes is not None
    )
    return f"each distinct layer once, of {sizes}"


def _other_sizes(image: ImageFacts) -> str:
    transfer, engine = image.transfer_bytes, image.engine_size_bytes
    parts = [
        f"{format_bytes(transfer)} to transfer" if transfer is not None else "",
        f"{format_bytes(engine)} by the engine's own count" if engine is not None else "",
    ]
    return ", ".join(part for part in parts if part)


def judge_trials(
    row: Row, case_id: str, case: Case, trials: Sequence[TrialResult], context: JudgeContext
) -> Finding:
    """Judge a metric that every trial has a value of."""
    cache = judged_cache(row, case)
    planned = case.repeat
    if row.arm is not Arm.FIT:
        planned = context.need_trials.get(case_id, NEED_TRIALS)
    evidence = gather(trials, case_id, arm=row.arm, cache=cache, planned=planned)
    way = _way(case, cache, context.link) if row.metric == "startup_s" else ""
    short = evidence.shortfall(complete=context.complete)
    if short is not None:
        return replace(short, cache=cache, reason=sentence(short.reason, way))
    limit, unit, over = row.parsed_limit(), row.measured.unit, row.over or Aggregate.MAX
    values = evidence.values(row.measured, worst_value(limit))
    if not values:
        found = _nothing(row, case_id, trials, evidence, cache)
        return replace(found, cache=cache, reason=sentence(found.reason, way))
    found = decide(values, over, limit, unit)
    if case.compose is not None and row.metric == STACK_PEAK:
        found = _between_ends(found, evidence, over, limit, unit)
    if row.measured.is_time:
        found = _crashes_count(found, row, evidence, over, limit)
    elif evidence.failed:
        found = replace(found, reason=sentence(found.reason, evidence.failures()))
    if row.arm is not Arm.FIT and evidence.failed and found.outcome is Outcome.PASS:
        # of trials under its limits the row READY says so
        worse = Outcome.FAIL if row.measured.is_time else Outcome.INCONCLUSIVE
        found = replace(found, outcome=worse, by_crash=row.measured.is_time)
    found = no_pass_with_gaps(
        found,
        row.metric,
        evidence,
        may_miss=not row.required,
        crashes_excused=_may_crash(case) and not row.measured.is_time,
    )
    members = [
        one for one in trials if one.service and (one.key.case, one.key.arm) == (case_id, row.arm)
    ]
    found = _not_its_own_cap(found, row, case, limit, evidence, members)
    found = _not_by_what_was_seen(found, row, limit, evidence)
    found = _within_reach(found, row, limit, context)
    if row.metric == "startup_s":
        notes = _startup_notes(evidence, case, way)
        found = replace(found, reason=sentence(found.reason, notes))
    if row.metric in ("startup_s", "ready_s"):
        notes = sentence(found.reason, _floor_note(evidence))
        found = replace(found, resolution=_resolution(evidence), reason=notes)
    return replace(found, cache=cache)


def judged_cache(row: Row, case: Case) -> str:
    """The cache state that `row` is judged in for `case`.

    The need arm runs with the image in place; elsewhere it is the row's own, or cold where the
    case has it, or the case's first.
    """
    if row.cache is not None and not (row.else_first and row.cache not in case.cache):
        return row.cache.value
    if row.arm is Arm.NEED:
        return CacheState.IMAGE.value
    return (CacheState.COLD if CacheState.COLD in case.cache else case.cache[0]).value


def _nothing(
    row: Row, case_id: str, trials: Sequence[TrialResult], evidence: Evidence, cache: str
) -> Finding:
    blamed = blame_image(trials, case_id, evidence)
    if blamed is not None:
        return blamed
    if evidence.trials:
        return unmeasured(f"none of {counted(len(evidence.trials), 'trial')} has {row.metric}")
    return unmeasured(f"the case has no trial with cache `{cache}` in the {row.arm} arm")


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
    reason = f"{looked_at.failures()}, so there is nothing to judge it by"
    return Finding(Outcome.FAIL, reason, n=len(looked_at.trials), by_crash=True)


def _crashes_count(
    found: Finding, row: Row, evidence: Evidence, over: Aggregate, limit: Limit
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
        one.metrics[row.metric]
        for one in evidence.trials
        if one.status is TrialStatus.OK and row.metric in one.metrics
    ]
    measured = bool(ran) and decide(ran, over, limit, row.measured.unit).outcome is Outcome.FAIL
    by_crash = found.outcome is Outcome.FAIL and not measured
    bare = found.outcome is Outcome.FAIL and found.actual is None
    reason = note if bare else sentence(found.reason, note)
    return replace(found, reason=reason, by_crash=by_crash)


def _between_ends(
    found: Finding, evidence: Evidence, over: Aggregate, limit: Limit, unit: str
) -> Finding:
    """A stack's peak lies between two ends; both must be on the same side of the limit."""
    uppers = [one.metrics[STACK_PEAK_UPPER] for one in evidence.trials if _has_upper(one)]
    whole = len(uppers) == sum(STACK_PEAK in one.metrics for one in evidence.trials)
    beyond = decide(uppers, over, limit, unit) if uppers and whole else None
    note = "how far above that the services were together is not known"
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
    """Whether the scenario excuses trials that crash, which the row READY would else fail for."""
    expect = case.expect
    return expect is not None and READY_ID in (*expect.fail, *expect.may_fail)


def _not_by_what_was_seen(found: Finding, row: Row, limit: Limit, evidence: Evidence) -> Finding:
    """A pass that rests on how often a time or a load was seen, and not on all that there was.

    A stop that ended in a kill is as long as the scenario's grace period. Demand for cores is
    known of the threads that were seen.
    """
    if found.outcome is not Outcome.PASS or not is_upper(limit):
        return found
    note = ""
    if row.metric in STOP_TIMES:
        killed = sum(one.metrics.get("stop_killed", 0.0) > 0 for one in evidence.trials)
        of = counted(len(evidence.trials), "trial")
        if killed:
            note = f"killed at the end of its grace period in {killed} of {of}, which is no time"
    elif row.metric == DEMAND:
        note = unseen_demand(evidence, limit.value)
    if not note:
        return found
    return replace(found, outcome=Outcome.INCONCLUSIVE, reason=sentence(found.reason, note))


def _not_its_own_cap(
    found: Finding,
    row: Row,
    case: Case,
    limit: Limit,
    evidence: Evidence,
    members: Sequence[TrialResult],
) -> Finding:
    """A peak that was cut off says nothing about a limit above that.

    The case's own limit holds it, or the kernel kills what would have gone beyond.
    """
    name = _CAPPED_BY.get(row.metric)
    if name is None or found.outcome is not Outcome.PASS or not is_upper(limit):
        return found
    if name == "memory" and evidence.killed:
        return replace(
            found, outcome=Outcome.INCONCLUSIVE, reason=sentence(found.reason, cut_off(evidence))
        )
    if row.arm is not Arm.FIT:
        return found
    if held := _held_services(row.metric, members):
        note = f"but their own limits held {', '.join(held)} there"
        return replace(found, outcome=Outcome.INCONCLUSIVE, reason=f"{found.reason}, {note}")
    cap = getattr(case.effective_limits, name)
    if cap is None:
        return found
    if limit.value < cap or (found.actual or 0.0) < (1 - NEAR) * cap:
        return found
    note = f"but the case's own limit held it there: judge it with `arm: {Arm.NEED}`"
    return replace(found, outcome=Outcome.INCONCLUSIVE, reason=f"{found.reason}, {note}")


def _held_services(metric: str, members: Sequence[TrialResult]) -> list[str]:
    """The services of a stack whose own limit their peak ran into."""
    asked = {"memory": "memory_bytes", "cpus": "cpus", "pids": "pids"}[_CAPPED_BY[metric]]
    held = []
    for one in members:
        limits: Any = one.facts.get("limits") or {}
        cap = (limits.get("requested") or {}).get(asked)
        if cap and one.metrics.get(metric, 0.0) >= (1 - NEAR) * cap:
            held.append(f"`{one.service}`")
    return list(dict.fromkeys(held))


def cut_off(evidence: Evidence) -> str:
    """That kills for memory cut a peak off, in words; empty where there were none."""
    if not evidence.killed:
        return ""
    of = counted(len(evidence.trials), "trial")
    return f"processes were killed for memory in {len(evidence.killed)} of {of}, which cut it off"


def _within_reach(found: Finding, row: Row, limit: Limit, context: JudgeContext) -> Finding:
    """A limit that this host could never show to be exceeded, or reached, is not decided here.

    Cores and the memory of GPUs are used up without a word: a program takes what there is. Memory
    runs out with a kill, so only a peak near to all that there is says nothing.
    """
    kind = _CAPPED_BY.get(row.metric)
    most: float | None = None
    if kind == "cpus":
        most, host = (
            float(context.host_cores),
            f"this host has {counted(context.host_cores, 'core')}",
        )
    elif row.metric == "gpu_memory_peak_bytes" and context.gpu_memory_bytes:
        most = float(context.gpu_memory_bytes)
        host = f"the GPUs of this host have {format_bytes(most)}"
    elif kind == "memory" and context.host_memory_bytes:
        most = float(context.host_memory_bytes)
        host = f"this host has {format_bytes(most)}"
        if (found.actual or 0.0) < (1 - _CROWDED) * most:
            return found
    if most is None or limit.value < most:
        return found
    hidden = Outcome.PASS if is_upper(limit) else Outcome.FAIL
    if found.outcome is not hidden:
        return found
    what = "exceed" if is_upper(limit) else "reach"
    note = f"but {host}, and could never {what} the limit"
    return replace(found, outcome=Outcome.INCONCLUSIVE, reason=f"{found.reason}, {note}")


def _way(case: Case, cache: str, link: str) -> str:
    """What the pull came over, in words."""
    if not CacheState(cache).is_pulled:
        return "no pull is part of it"
    return f"link: {'that to its own registry, not shaped' if case.registry else link}"


def _startup_notes(evidence: Evidence, case: Case, way: str) -> str:
    notes = []
    timed = [
        one
        for one in evidence.trials
        if one.status is TrialStatus.OK and "startup_s" in one.metrics
    ]
    worst = max(timed, key=lambda one: one.metrics["startup_s"], default=None)
    if worst is not None and "pull_s" in worst.metrics:
        pull_s, startup_s = worst.metrics["pull_s"], worst.metrics["startup_s"]
        slowest = "the slowest that got ready" if evidence.failed else "the slowest"
        notes.append(
            f"{slowest} took {format_seconds(pull_s)} for the pull ({way}) "
            f"and {format_seconds(max(0.0, startup_s - pull_s))} for the rest"
        )
    else:
        notes.append(way)
    if all(probe.chosen() == ["exit"] for probe in case.ready.probes()):
        notes.append("ready means that the job has ended, so the whole job is judged")
    return sentence(*notes)


def _floor_note(evidence: Evidence) -> str:
    """What the engine's own health checks put under the figure; empty where bench asked itself."""
    facts = [one.facts.get("ready") for one in evidence.trials]
    floors = [one.get("floor_ns") for one in facts if isinstance(one, dict)]
    floor_s = max((one for one in floors if one), default=0) / 1e9
    if not floor_s:
        return ""
    return (
        "ready is what the engine's health check said, of which the first came up to "
        f"{format_seconds(floor_s)} after the start: nothing is healthy sooner"
    )


def _resolution(evidence: Evidence) -> float | None:
    name = "ready_resolution_s"
    ok = [one.metrics for one in evidence.trials if one.status is TrialStatus.OK]
    return max((metrics[name] for metrics in ok if name in metrics), default=None)

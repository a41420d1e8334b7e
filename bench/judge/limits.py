"""A row that is one metric against one limit, judged for one case."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bench.judge.aggregates import decide, is_upper, shown_against, worst_value
from bench.judge.evidence import Evidence, gather
from bench.judge.finding import Finding, counted, sentence, unmeasured
from bench.judge.model import Outcome
from bench.results.model import TrialStatus
from bench.scenario.model import Arm, CacheState
from bench.scenario.thresholds import Aggregate
from bench.units import format_bytes, format_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.judge.row import Row
    from bench.results.model import ImageFacts, TrialResult
    from bench.scenario.model import Case
    from bench.scenario.thresholds import Limit

NEED_TRIALS = 2
"""Trials that the need arm makes of each case."""

NEAR = 0.02
"""A peak closer to a limit than this share of it is flagged."""

_CAPPED_BY = {
    "memory_peak_bytes": "memory",
    "memory_anon_peak_bytes": "memory",
    "memory_anon_shmem_peak_bytes": "memory",
    "memory_working_set_peak_bytes": "memory",
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
    row: Row,
    case_id: str,
    case: Case,
    trials: Sequence[TrialResult],
    *,
    link: str,
    complete: bool,
) -> Finding:
    """Judge a metric that every trial has a value of."""
    cache = judged_cache(row, case)
    planned = case.repeat if row.arm is Arm.FIT else NEED_TRIALS
    evidence = gather(trials, case_id, arm=row.arm, cache=cache, planned=planned)
    way = _way(case, cache, link) if row.metric == "startup_s" else ""
    short = evidence.shortfall(complete=complete)
    if short is not None:
        return replace(short, cache=cache, reason=sentence(short.reason, way))
    limit, unit = row.parsed_limit(), row.measured.unit
    values = evidence.values(row.measured, worst_value(limit))
    if not values:
        found = _nothing(row, case_id, trials, evidence, cache)
        return replace(found, cache=cache, reason=sentence(found.reason, way))
    found = decide(values, row.over or Aggregate.MAX, limit, unit)
    found = _with_failures(found, evidence, limit, is_time=row.measured.is_time)
    found = _with_gaps(found, row, evidence)
    found = _not_its_own_cap(found, row, case, limit)
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
    if row.cache is not None:
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
    return Finding(Outcome.FAIL, reason, n=len(looked_at.trials))


def _with_failures(found: Finding, evidence: Evidence, limit: Limit, *, is_time: bool) -> Finding:
    failures = evidence.failures()
    if not failures:
        return found
    if not is_time:
        return replace(found, reason=sentence(found.reason, failures))
    counts = "which counts as infinite" if is_upper(limit) else "which meets no lower limit"
    note = f"{failures}, {counts}"
    if found.actual is None:
        return replace(found, reason=note)
    return replace(found, reason=sentence(found.reason, note))


def _with_gaps(found: Finding, row: Row, evidence: Evidence) -> Finding:
    """A pass from some of the trials only is no pass, unless the figure may be missing."""
    ok = [one for one in evidence.trials if one.status is TrialStatus.OK]
    gaps = sum(row.metric not in one.metrics for one in ok)
    if not gaps:
        return found
    note = f"{row.metric} is missing in {gaps} of {counted(len(evidence.trials), 'trial')}"
    passes = found.outcome is Outcome.PASS and not row.required
    outcome = Outcome.FAIL if found.outcome is Outcome.FAIL else Outcome.INCONCLUSIVE
    return replace(
        found, outcome=Outcome.PASS if passes else outcome, reason=sentence(found.reason, note)
    )


def _not_its_own_cap(found: Finding, row: Row, case: Case, limit: Limit) -> Finding:
    """A peak that ran into the case's own limit says nothing about a limit above that."""
    name = _CAPPED_BY.get(row.metric)
    cap = getattr(case.effective_limits, name) if name else None
    if cap is None or row.arm is not Arm.FIT or found.outcome is not Outcome.PASS:
        return found
    if not is_upper(limit) or limit.value < cap or (found.actual or 0.0) < (1 - NEAR) * cap:
        return found
    note = f"but the case's own limit held it there: judge it with `arm: {Arm.NEED}`"
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
        f"ready is what a health check said that the engine makes every {format_seconds(floor_s)}: "
        "it cannot come sooner than that after the start, nor be told finer"
    )


def _resolution(evidence: Evidence) -> float | None:
    name = "ready_resolution_s"
    ok = [one.metrics for one in evidence.trials if one.status is TrialStatus.OK]
    return max((metrics[name] for metrics in ok if name in metrics), default=None)

"""Notes on a judged limit: a host that is too small, the pull, the floor."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bench.core.domain import CacheState, TrialStatus
from bench.core.units import format_bytes, format_seconds
from bench.judge.aggregates import is_upper
from bench.judge.finding import Finding, counted, sentence
from bench.judge.model import JudgeContext, Outcome

if TYPE_CHECKING:
    from bench.judge.evidence import Evidence
    from bench.scenario.model import Case
    from bench.standard.rule import Rule
    from bench.standard.thresholds import Limit

NEAR = 0.02
"""A peak closer to a limit than this share of it is flagged."""


_CROWDED = 0.2
"""A peak closer to all memory of the host than this share was squeezed by the host itself."""


def within_reach(found: Finding, rule: Rule, limit: Limit, context: JudgeContext) -> Finding:
    """A limit that this host could never show to be exceeded, or reached, is not decided here.

    Cores and the memory of GPUs are used up without a word: a program takes what there is. Memory
    runs out with a kill, so only a peak near to all that there is says nothing.
    """
    kind = CAPPED_BY.get(rule.metric)
    most: float | None = None
    if kind == "cpus":
        most, host = (
            float(context.host_cores),
            f"this host has {counted(context.host_cores, 'core')}",
        )
    elif rule.metric == "gpu_memory_peak_bytes" and context.gpu_memory_bytes:
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
    note = f"but {host}, so it could never {what} the limit"
    return replace(found, outcome=Outcome.INCONCLUSIVE, reason=f"{found.reason}, {note}")


def way_words(case: Case, cache: str, link: str) -> str:
    """The link that the pull used, in words."""
    if not CacheState(cache).is_pulled:
        return "without a pull"
    return f"link: {'that to its own registry, not shaped' if case.registry else link}"


def startup_notes(evidence: Evidence, case: Case, way: str) -> str:
    """The share of the pull in the start, and its link, for a reason."""
    notes = []
    timed = [
        trial
        for trial in evidence.trials
        if trial.status is TrialStatus.OK and "startup_s" in trial.metrics
    ]
    worst = max(timed, key=lambda trial: trial.metrics["startup_s"], default=None)
    if worst is not None and "pull_s" in worst.metrics:
        pull_s, startup_s = worst.metrics["pull_s"], worst.metrics["startup_s"]
        slowest = "the slowest that got ready" if evidence.failed else "the slowest"
        notes.append(
            f"{slowest} spent {format_seconds(pull_s)} on the pull ({way}) "
            f"and {format_seconds(max(0.0, startup_s - pull_s))} on the rest"
        )
    else:
        notes.append(way)
    if all(probe.chosen() == ["exit"] for probe in case.ready.probes()):
        notes.append("ready means the end of the job, so the whole job is judged")
    return sentence(*notes)


def floor_note(evidence: Evidence) -> str:
    """A note on the delay of the engine's health checks; empty where bench probed itself."""
    floors = [trial.facts.ready.floor_ns for trial in evidence.trials if trial.facts.ready]
    floor_s = max((floor for floor in floors if floor), default=0) / 1e9
    if not floor_s:
        return ""
    return (
        "ready is the engine's health check, which first ran up to "
        f"{format_seconds(floor_s)} after the start: it cannot be healthy before that"
    )


CAPPED_BY = {
    "memory_peak_bytes": "memory",
    "memory_anon_peak_bytes": "memory",
    "memory_anon_shmem_peak_bytes": "memory",
    "memory_working_set_peak_bytes": "memory",
    "memory_usage_peak_bytes": "memory",
    "cpu_cores_peak": "cpus",
    "cpu_cores_peak_100ms": "cpus",
    "processes_peak": "pids",
}

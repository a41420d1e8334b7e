"""Stacks, service by service: what each waited for, when it was ready, and what it took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.analysis.stack_totals import chain_of, starts_of
from bench.core.units import format_bytes, format_seconds
from bench.report.curves import median_trial, trials_of
from bench.report.sections.section import Section
from bench.report.wording import value_words
from bench.results.summary import measured_states

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.analysis.model import TrialResult
    from bench.analysis.stack_totals import StackStart
    from bench.journal.facts.stack import MemberFact
    from bench.results.run import Run

_CONDITIONS = {
    "service_started": "started",
    "service_healthy": "healthy",
    "service_completed_successfully": "completed",
}
_READY_BY = {
    "healthcheck": "health check",
    "exit": "exit with code 0",
    "probe": "the scenario's probe",
    "started": "started, no check",
}


def typical_starts(run: Run) -> list[tuple[str, str, StackStart]]:
    """Of each stack in each cache state under its limits, the start nearest the median."""
    starts = {start.whole.trial_id: start for start in starts_of(run.results)}
    found = []
    for case in run.scenario.cases:
        for cache, arm in measured_states(run, case):
            middle = median_trial(trials_of(run, case, cache)) if arm == "fit" else None
            if middle is not None and middle.trial_id in starts:
                found.append((case, cache, starts[middle.trial_id]))
    return found


def stack(run: Run) -> Section | None:
    """One row per service; None where no stack got ready."""
    starts = typical_starts(run)
    if not starts:
        return None
    notes = [note for case, cache, start in starts for note in _notes(f"{case} ({cache})", start)]
    return Section(
        title="stack",
        beside="the start nearest the median; `ready at` counts from the start of the stack",
        columns=(
            "case",
            "service",
            "ready by",
            "waited for",
            "waited",
            "ready after start",
            "ready at",
            "memory peak",
            "CPU",
        ),
        rows=tuple(
            _row(f"{case}, {cache}", member)
            for case, cache, start in starts
            for member in start.members
        ),
        notes=(*dict.fromkeys(notes), _ON_PULLS),
        plots="stack",
    )


_ON_PULLS = (
    "images are pulled one after the other, to prove that each was cold; in "
    "`docker compose` pulls overlap"
)


def _row(case: str, member: TrialResult) -> tuple[str, ...]:
    waits = [f"{wait.service} ({_CONDITIONS[wait.condition]})" for wait in _fact(member).waits]
    metrics = member.metrics
    return (
        case,
        member.service,
        _READY_BY[_fact(member).ready_by],
        ", ".join(waits) or "nobody",
        value_words(metrics.get("waited_s") if waits else None, "waited_s"),
        value_words(metrics.get("ready_s"), "ready_s"),
        value_words(metrics.get("startup_s"), "startup_s"),
        value_words(metrics.get("memory_peak_bytes"), "memory_peak_bytes"),
        value_words(metrics.get("cpu_s"), "cpu_s"),
    )


def chain_words(start: StackStart) -> str:
    """The way that the last answer waited for, in words; empty where there was none."""
    parts = []
    for link in chain_of(start):
        took_s = link.ready_s - link.started_s
        when = f"{link.service} {format_seconds(took_s)} from start to ready"
        since = "" if link.after else f" (started at {format_seconds(link.started_s)})"
        parts.append(when + since)
    ready_s = start.whole.metrics.get("startup_s")
    end = f"; all ready at {format_seconds(ready_s)}" if ready_s is not None else ""
    return f"{' -> '.join(parts)}{end}" if parts else ""


def _notes(label: str, start: StackStart) -> Iterator[str]:
    if chain := chain_words(start):
        yield f"{label}: the slowest chain: {chain}"
    together = start.whole.metrics.get("memory_peak_bytes")
    marks = start.total_of("memory_peak_bytes")
    if together is not None and marks is not None:
        yield (
            f"{label}: at most {format_bytes(together)} of memory at one moment, sampled; each "
            f"service's own kernel high-water mark together: {format_bytes(marks)}"
        )
    yield from _on_readiness(start)
    restarts = [(member.service, _fact(member).restart) for member in start.members]
    policies = [f"{service} {policy}" for service, policy in restarts if policy != "no"]
    if policies:
        yield f"`restart` is recorded, but not applied in trials: {', '.join(policies)}"


def _on_readiness(start: StackStart) -> Iterator[str]:
    """Notes on times to ready that do not come from bench's own probe."""
    floors: dict[str, list[str]] = {}
    for member in start.members:
        floor_ns = member.facts.ready.floor_ns if member.facts.ready else None
        if floor_ns:
            floors.setdefault(format_seconds(floor_ns / 1e9), []).append(member.service)
    for floor, services in floors.items():
        yield (
            f"{' and '.join(services)}: the engine made its first health check {floor} after the "
            "start; a service cannot be healthy before that"
        )
    unasked = [member.service for member in start.members if _fact(member).ready_by == "started"]
    if unasked:
        yield (
            f"{' and '.join(unasked)}: ready once started, as there is no health check and the "
            "scenario names no probe"
        )


def _fact(member: TrialResult) -> MemberFact:
    assert member.facts.member is not None, "it is a service of a stack"
    return member.facts.member

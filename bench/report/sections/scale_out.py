"""Containers started at once, group by group: when they were ready, and what each took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.analysis.behaviour import behaviour
from bench.analysis.replica_groups import ReplicaGroup, replica_evidence
from bench.core.units import format_seconds
from bench.judge.finding import counted
from bench.report.sections.section import Section
from bench.report.wording import value_words, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.journal.facts.behaviour import ProcessUse, Writes
    from bench.results.run import Run


def groups_by_case(run: Run) -> dict[str, list[ReplicaGroup]]:
    """The groups of every case that has any, the smallest first."""
    found = {case: replica_evidence(run.results, case).groups for case in run.scenario.cases}
    return {
        case: sorted(groups, key=lambda one: one.replicas)
        for case, groups in found.items()
        if groups
    }


def scale_out(run: Run) -> Section | None:
    """A row a group; None where nothing was started several at once."""
    rows = [_row(case, group) for case, groups in groups_by_case(run).items() for group in groups]
    if not rows:
        return None
    return Section(
        title="scale-out",
        beside="several containers at once, from the moment their start calls were sent",
        columns=(
            "case",
            "at once",
            "got ready",
            "first",
            "median",
            "last",
            "per second",
            "median memory peak",
            "median anon peak",
        ),
        rows=tuple(rows),
        plots="replicas",
        details=tuple(_details(run)),
    )


def _row(case: str, group: ReplicaGroup) -> tuple[str, ...]:
    rate = group.per_second
    return (
        case,
        str(group.replicas),
        str(len(group.ready)),
        *(value_words(one, "startup_s") for one in (group.first_s, group.median_s, group.last_s)),
        value_words(None, "startup_s") if rate is None else f"{rate:.2f}",
        *(
            value_words(group.median_of(name), name)
            for name in ("memory_peak_bytes", "memory_anon_peak_bytes")
        ),
    )


def _details(run: Run) -> Iterator[tuple[str, str]]:
    """What the replica that wrote most has written, and what ran in one, case by case."""
    for case, groups in groups_by_case(run).items():
        acted = [behaviour(one) for group in groups for one in group.trials]
        written = [one.writes for one in acted if one.writes and one.writes.count]
        if written:
            most = max(written, key=lambda one: one.count)
            title = (
                f"{case}: {counted(most.count, 'path')} written outside of volumes by one replica"
            )
            yield title, _write_lines(most)
        running = [one.processes for one in acted if one.processes]
        if running:
            most_processes = max(running, key=len)
            yield f"{case}: what ran in one replica", _process_lines(most_processes)


def _write_lines(writes: Writes) -> str:
    lines = [f"{one.kind:<8} {visible(one.path)}" for one in writes.paths]
    rest = writes.count - len(writes.paths)
    if rest:
        folders = ", ".join(f"{visible(one.path)} ({one.paths})" for one in writes.folders)
        lines.append(f"and {rest} more; by folder: {folders}")
    return "\n".join(lines)


def _process_lines(processes: Sequence[ProcessUse]) -> str:
    head = f"{'pid':>6} {'parent':>6} {'CPU':>9} {'watched':>9} {'anon':>9}  name"
    rows = [
        f"{one.inner_pid:>6} {one.parent:>6} {format_seconds(one.cpu_s):>9} "
        f"{format_seconds(one.observed_cpu_s):>9} "
        f"{value_words(one.anon_bytes, 'memory_anon_peak_bytes'):>9}  {visible(one.name)}"
        for one in processes
    ]
    return "\n".join([head, *rows])

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
        case: sorted(groups, key=lambda group: group.replicas)
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
        *(
            value_words(moment_s, "startup_s")
            for moment_s in (group.first_s, group.median_s, group.last_s)
        ),
        value_words(None, "startup_s") if rate is None else f"{rate:.2f}",
        *(
            value_words(group.median_of(name), name)
            for name in ("memory_peak_bytes", "memory_anon_peak_bytes")
        ),
    )


def _details(run: Run) -> Iterator[tuple[str, str]]:
    """For each case, the paths written by the replica that wrote most, and the processes of one."""
    for case, groups in groups_by_case(run).items():
        acted = [behaviour(trial) for group in groups for trial in group.trials]
        written = [behaved.writes for behaved in acted if behaved.writes and behaved.writes.count]
        if written:
            most = max(written, key=lambda writes: writes.count)
            title = (
                f"{case}: {counted(most.count, 'path')} written outside of volumes by one replica"
            )
            yield title, _write_lines(most)
        running = [behaved.processes for behaved in acted if behaved.processes]
        if running:
            most_processes = max(running, key=len)
            yield f"{case}: processes of one replica", _process_lines(most_processes)


def _write_lines(writes: Writes) -> str:
    lines = [f"{path.kind:<8} {visible(path.path)}" for path in writes.paths]
    rest = writes.count - len(writes.paths)
    if rest:
        folders = ", ".join(f"{visible(folder.path)} ({folder.paths})" for folder in writes.folders)
        lines.append(f"and {rest} more; by folder: {folders}")
    return "\n".join(lines)


def _process_lines(processes: Sequence[ProcessUse]) -> str:
    head = f"{'pid':>6} {'parent':>6} {'CPU':>9} {'watched':>9} {'anon':>9}  name"
    rows = [
        f"{process.inner_pid:>6} {process.parent:>6} {format_seconds(process.cpu_s):>9} "
        f"{format_seconds(process.observed_cpu_s):>9} "
        f"{value_words(process.anon_bytes, 'memory_anon_peak_bytes'):>9}  {visible(process.name)}"
        for process in processes
    ]
    return "\n".join([head, *rows])

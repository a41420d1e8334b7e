"""Results of right-sizing: the smallest limits that were enough, and the next smaller ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.units import format_bytes, format_seconds
from bench.report.sections.section import Section
from bench.sizing.sizes import REPEATS, CaseSizes, Size, case_sizes, smallest

if TYPE_CHECKING:
    from bench.results.run import Run


def right_size(run: Run) -> Section | None:
    """One row per case and limit; None where no sizes were tried."""
    found = [sizes for case in run.scenario.cases if (sizes := case_sizes(run, case))]
    if not found:
        return None
    return Section(
        title="right size",
        beside=f"smallest limits that were enough in {REPEATS} of {REPEATS} trials",
        columns=("case", "limit", "smallest", "start there", "next smaller"),
        rows=tuple(row for sizes in found for row in _rows(sizes)),
        notes=_notes(found),
        plots="sizes",
    )


def _rows(sizes: CaseSizes) -> list[tuple[str, ...]]:
    if not sizes.start.is_enough:
        tried = _limits(sizes.start)
        return [(sizes.case, tried, "none", _start(sizes.start), sizes.start.why_not)]
    rows: list[tuple[str, ...]] = []
    memory, less = smallest(sizes.by_memory())
    if memory:
        shown = format_bytes(memory.memory_bytes)
        rows.append((sizes.case, "memory", shown, _start(memory), _less(less)))
    cpus, less = smallest(sizes.by_cpus())
    if cpus:
        rows.append((sizes.case, "cores", f"{cpus.cpus:g}", _start(cpus), _less(less)))
    both = next((size for size in sizes.together() if size.is_enough), None)
    if both:
        rows.append((sizes.case, "both", _limits(both), _start(both), ""))
    elif sizes.together():
        rows.append((sizes.case, "both", "none", "", sizes.together()[-1].why_not))
    return rows


def _limits(size: Size) -> str:
    return f"{format_bytes(size.memory_bytes)}, {size.cpus:g} cores"


def _start(size: Size) -> str:
    return "" if size.startup_s is None else format_seconds(size.startup_s)


def _less(size: Size | None) -> str:
    if size is None:
        return "nothing smaller was tried"
    shown = format_bytes(size.memory_bytes)
    return f"{shown}, {size.cpus:g} cores: {size.why_not}"


def _notes(found: list[CaseSizes]) -> tuple[str, ...]:
    judged = (
        "Judged up to ready and the time observed after it; more is needed under load. Each trial "
        "reads the files of the image from disk, and they count against the memory limit."
    )
    pulls = [
        f"{sizes.case}: a cold pull of {format_seconds(sizes.pull_s)}, measured under the case's "
        "own limits, is added to every start."
        for sizes in found
        if sizes.pull_s
    ]
    return (judged, *pulls)

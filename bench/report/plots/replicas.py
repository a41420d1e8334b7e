"""Pictures of scaling out: time to ready, throughput and memory over how many start at once."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any

from bench.core.units import format_seconds
from bench.report.plots.style import case_colours, drawn, in_units, new_figure
from bench.report.sections.scale_out import groups_by_case
from bench.report.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bench.analysis.replica_groups import ReplicaGroup
    from bench.results.run import Run

MEMORY = "memory_peak_bytes"
_SHAPES = "os^Dv"
Style = dict[str, Any]


def sweeps(run: Run) -> dict[str, list[ReplicaGroup]]:
    """The groups of the cases that were started in more than one number."""
    found = groups_by_case(run)
    return {case: groups for case, groups in found.items() if len(groups) > 1}


def sweep_words(run: Run) -> str:
    """The picture in words, for whoever cannot see it."""
    cases = (
        f"{case}: " + ", ".join(_group_words(group) for group in groups)
        for case, groups in sweeps(run).items()
    )
    return one_line("; ".join(cases))


def _group_words(group: ReplicaGroup) -> str:
    how = "not all ready" if group.last_s is None else f"ready in {format_seconds(group.last_s)}"
    return f"{group.replicas} at once {how}"


@drawn
def replica_curves(run: Run) -> Figure:
    """First, median and last ready, throughput, and memory of each, over how many there were.

    A group of which not all got ready has its first only.
    """
    from matplotlib.lines import Line2D

    cases = sweeps(run)
    figure, (ready, rate, memory) = new_figure(3, 6.6)
    colours = case_colours(list(run.scenario.cases))
    marks = []
    for (case, groups), shape in zip(cases.items(), cycle(_SHAPES)):
        style: Style = {"color": colours[case], "marker": shape, "markersize": 5}
        marks.append(Line2D([], [], **style))
        _band(ready, groups, colours[case])
        _line(ready, groups, [group.median_s for group in groups], style)
        _line(rate, groups, [group.per_second for group in groups], style)
        _line(memory, groups, [group.median_of(MEMORY) for group in groups], style)
    counts = sorted({group.replicas for groups in cases.values() for group in groups})
    ready.set_title("time to ready: the median, and from the first to the last")
    rate.set_title("ready a second, until the last was")
    memory.set_title("memory peak of each, the median")
    for axes, unit in ((ready, "s"), (rate, ""), (memory, "bytes")):
        _finish(axes, counts, unit)
    ready.legend(marks, [one_line(case) for case in cases], loc="upper left")
    return figure


def _band(axes: Axes, groups: Sequence[ReplicaGroup], colour: str) -> None:
    for group in groups:
        if group.times_s:
            ends = group.times_s[0], group.times_s[-1]
            axes.plot([group.replicas] * 2, ends, color=colour, alpha=0.45, linewidth=4)


def _line(
    axes: Axes,
    groups: Sequence[ReplicaGroup],
    values: Sequence[float | None],
    style: Style,
) -> None:
    known = [
        (group.replicas, value)
        for group, value in zip(groups, values, strict=True)
        if value is not None
    ]
    if known:
        axes.plot(*zip(*known, strict=True), **style)


def _finish(axes: Axes, counts: Sequence[int], unit: str) -> None:
    top = 1.05 * axes.get_ylim()[1]
    axes.set_ylim(0, top)
    if unit:
        in_units(axes.yaxis, unit, top)
    axes.set_xscale("log", base=2)
    axes.set_xticks(counts, [str(count) for count in counts])
    axes.minorticks_off()
    axes.grid(visible=True, axis="y")

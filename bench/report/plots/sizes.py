"""Pictures of right-sizing: how the start takes longer as a limit shrinks, until it misses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bench.report.plots.style import LIMIT, case_colours, drawn, in_units, new_figure, tick_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bench.results.run import Run
    from bench.sizing.sizes import CaseSizes, Size


@drawn
def size_curves(run: Run, sizes: CaseSizes) -> Figure:
    """Start over the memory limit and over the limit of cores: dots are enough, crosses are not.

    A size that never got ready stands at the top, where there is no start to show.
    """
    figure, (memory, cpus) = new_figure(2, 4.6)
    colour = case_colours(list(run.scenario.cases))[sizes.case]
    curve = sizes.by_memory()
    limits = [float(point.memory_bytes) for point in curve]
    _curve(memory, curve, limits, colour)
    memory.set_title("start over the memory limit, under the cores it began with")
    _ticks(memory, _doublings(limits[0], limits[-1]), "bytes")
    curve = sizes.by_cpus()
    limits = [point.cpus for point in curve]
    _curve(cpus, curve, limits, colour)
    cpus.set_title("start over the limit of cores, under the memory it began with")
    _ticks(cpus, limits, "cores")
    return figure


def _doublings(low: float, high: float) -> list[float]:
    """Powers of two from below `low` to `high`."""
    first = math.floor(math.log2(low))
    return [2.0**power for power in range(first, math.ceil(math.log2(high)) + 1)]


def _ticks(axes: Axes, values: Sequence[float], unit: str) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter

    axes.xaxis.set_major_locator(FixedLocator(values))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: tick_words(value, unit)))


def _curve(axes: Axes, curve: Sequence[Size], limits: Sequence[float], colour: str) -> None:
    known = [point.startup_s for point in curve if point.startup_s is not None]
    top = max(known, default=1.0) * 1.25
    points = list(zip(limits, curve, strict=True))
    enough = [(limit, sized.startup_s) for limit, sized in points if sized.is_enough]
    if enough:
        axes.plot(*zip(*enough, strict=True), color=colour, marker="o", markersize=4)
    for limit, sized in points:
        if not sized.is_enough:
            axes.plot(limit, sized.startup_s or top / 1.08, marker="x", markersize=6, color=LIMIT)
    axes.set_xscale("log")
    axes.minorticks_off()
    axes.set_ylim(0, top)
    in_units(axes.yaxis, "s", top)
    axes.grid(visible=True, axis="y")

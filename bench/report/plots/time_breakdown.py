"""A picture of what the time between start and ready went by with, a bar a case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.core.metrics import METRICS
from bench.core.units import format_seconds
from bench.report.plots.style import ON_BAR, SPENT, drawn, in_units, legend_above, new_figure
from bench.report.sections.time_breakdown import SHARES, Spent, spent
from bench.report.wording import one_line, value_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bench.results.run import Run

_NARROW = 0.05  # share of the axis below which a part has no room for words


def divided(run: Run) -> list[Spent]:
    """The cases and cache states whose time to ready was divided."""
    return [row for row in spent(run) if row.seconds]


@drawn
def time_spent(run: Run) -> Figure:
    """Seconds from the return of the start call to ready, by what went on in them: means."""
    rows = divided(run)
    figure, (axes,) = new_figure(1, max(1.3, 0.75 + 0.42 * len(rows)))
    top = max((sum(row.seconds.values()) for row in rows), default=1.0) * 1.12
    several = len({row.cache for row in rows}) > 1
    for y, row in enumerate(rows):
        _bar(axes, row, y, top)
    names = [f"{row.case}, {row.cache}" if several else row.case for row in rows]
    axes.set_yticks(range(len(rows)), [one_line(name) for name in names])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlim(0, top)
    in_units(axes.xaxis, "s", top)
    axes.grid(visible=True, axis="x")
    axes.set_axisbelow(True)
    axes.set_xlabel("ready after start: the median, divided by the mean shares of the trials")
    used = [name for name in SHARES if any(row.seconds[name] > 0 for row in rows)]
    handles: list[Any] = [axes.barh(0, 0, color=SPENT[name], linewidth=0) for name in used]
    legend_above(axes, handles, [METRICS[name].title for name in used])
    return figure


def _bar(axes: Axes, spent: Spent, y: int, top: float) -> None:
    left = 0.0
    for name in SHARES:
        length = spent.seconds[name]
        axes.barh(y, length, 0.62, left=left, color=SPENT[name], linewidth=0)
        if length > _NARROW * top:
            axes.text(left + length / 2, y, value_words(spent.shares[name], name), ha="center",
                      va="center", color=ON_BAR, clip_on=True, in_layout=False)  # fmt: skip
        left += length
    axes.annotate(format_seconds(left), (left, y), xytext=(5, 0), textcoords="offset points",
                  va="center", weight="bold")  # fmt: skip


def spent_words(run: Run) -> str:
    """The same in words."""
    return one_line(
        "; ".join(
            f"{row.case} {row.cache}, {METRICS['ready_s'].title} "
            f"{format_seconds(sum(row.seconds.values()))}: "
            + ", ".join(
                f"{METRICS[name].title} {value_words(row.shares[name], name)}" for name in SHARES
            )
            for row in divided(run)
        )
    )

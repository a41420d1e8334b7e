"""The picture of a ladder: a waterfall for each headline metric, from rung to rung."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.journal.facts.comparison import Difference
from bench.report.plots.style import INK, LIMIT, PHASES, RULE, SPENT, drawn, in_units
from bench.report.sections.ladder import HEADLINE, signed
from bench.report.wording import one_line, unit_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bench.judge.ladder import LadderFigure, LadderStep
    from bench.results.run import Run

_BETTER = SPENT["running_share_pct"]
_COLOURS = {
    Difference.BETTER: _BETTER,
    Difference.WORSE: LIMIT,
    Difference.DIFFERENT: PHASES["pull"],
}
_ROOM = 1.32
"""Times the largest value to which an axis reaches, for the words at the end of a bar."""


def ladder_panels(run: Run) -> list[LadderFigure]:
    """The metrics that have a panel."""
    return [figure for figure in run.ladder_figures if figure.metric in HEADLINE and figure.steps]


def ladder_words(panels: Sequence[LadderFigure]) -> str:
    """The picture in words, for whoever cannot see it."""
    return one_line(
        "; ".join(
            f"{panel.title}: "
            + ", ".join(
                f"{step.rung} {unit_words(step.value, panel.unit)}"
                + (f" ({signed(step.change, panel.unit)})" if step.change is not None else "")
                for step in panel.steps
            )
            for panel in panels
        )
    )


@drawn
def ladder_waterfall(panels: Sequence[LadderFigure]) -> Figure:
    """A panel for each metric: the first rung as a bar from zero, then the steps."""
    from matplotlib.figure import Figure

    rungs = len(panels[0].steps)
    height = 0.5 + 0.26 * rungs
    figure = Figure(figsize=(9.6, height * len(panels) + 0.2), layout="constrained")
    grid = figure.subplots(len(panels), 1, squeeze=False)
    for axes, panel in zip(grid[:, 0], panels, strict=True):
        _panel(axes, panel)
    return figure


def _panel(axes: Axes, panel: LadderFigure) -> None:
    values = {step.rung: step.value for step in panel.steps}
    ends = [step.value for step in panel.steps if step.value is not None]
    top = max(*ends, *(_reach(step, values) for step in panel.steps)) * _ROOM or 1.0
    before: tuple[int, float] | None = None
    for row, step in enumerate(panel.steps):
        if step.value is None:
            axes.annotate("no trial succeeded", (0, row), xytext=(5, 0),
                          textcoords="offset points", va="center", fontsize=8)  # fmt: skip
            continue
        if before is not None:
            axes.plot([before[1]] * 2, [before[0] - 0.32, row + 0.32], color=RULE, linewidth=0.8)
        _bar(axes, panel.unit, row, step, values.get(step.before))
        before = (row, step.value)
    axes.set_xlim(0, top)
    in_units(axes.xaxis, panel.unit, top / _ROOM)
    axes.set_ylim(len(panel.steps) - 0.5, -0.5)
    axes.set_yticks(range(len(panel.steps)), [one_line(step.rung)[:32] for step in panel.steps])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=True, axis="x")
    axes.set_axisbelow(True)
    axes.set_title(panel.title)


def _reach(step: LadderStep, values: dict[str, float | None]) -> float:
    """How far to the right a step is drawn."""
    start = values.get(step.before)
    if step.interval is None or start is None:
        return 0.0
    return start + step.interval.high


def _bar(axes: Axes, unit: str, row: int, step: LadderStep, start: float | None) -> None:
    """The bar of a step from the value before it, with its interval and its words."""
    assert step.value is not None
    words, end = unit_words(step.value, unit), step.value
    if start is None or step.change is None:
        axes.barh(row, step.value, 0.64, color=INK, alpha=0.75, linewidth=0)
    else:
        colour = _COLOURS.get(step.difference, RULE) if step.difference else RULE
        axes.barh(row, step.change, 0.64, left=start, color=colour, linewidth=0)
        axes.plot([step.value] * 2, [row - 0.32, row + 0.32], color=colour, linewidth=1.6)
        words += f"  ({signed(step.change, unit)})"
        end = max(end, start)
        if step.interval is not None and step.interval.low < step.interval.high:
            low, high = max(0.0, start + step.interval.low), start + step.interval.high
            axes.plot([low, high], [row, row], color=INK, linewidth=1.2, marker="|", markersize=6)
            end = max(end, high)
    axes.annotate(words, (end, row), xytext=(6, 0), textcoords="offset points", va="center")

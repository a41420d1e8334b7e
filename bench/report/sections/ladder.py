"""What each change of a ladder buys: a metric's value at each rung, and the step to it."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from bench.core.units import format_value
from bench.journal.facts.comparison import Difference
from bench.report.sections.section import Section
from bench.report.wording import start_words, unit_words
from bench.standard.thresholds import INTERVAL_NEEDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.judge.ladder import LadderFigure, LadderStep
    from bench.results.run import Run

HEADLINE = ("image_size_bytes", "startup_s", "memory_peak_bytes", "stop_s")
"""Metrics of a ladder that stand in the picture, and in the table that the terminal shows."""

_COLUMNS = ("metric", "rung", "value", "step", "95 % interval", "told from noise")
_TOLD = {
    Difference.BETTER: "better",
    Difference.WORSE: "worse",
    Difference.DIFFERENT: "different",
    Difference.SAME: "no difference",
    Difference.INCONCLUSIVE: "cannot tell",
}
_SUM = (
    "A step is the difference between two medians, so the steps of a metric add up to its whole "
    "way exactly. The intervals of the steps do not add up to that of the whole."
)


def ladder(run: Run) -> Section | None:
    """The headline metrics, one row per rung; None where no ladder was measured."""
    figures = [figure for figure in run.ladder_figures if figure.metric in HEADLINE]
    if not figures:
        return None
    absent = [f"{figure.title}: {figure.reason}." for figure in figures if not figure.steps]
    return Section(
        title="ladder",
        beside=_beside(figures),
        columns=_COLUMNS,
        rows=_rows(figures),
        notes=(
            _changes(run),
            _SUM,
            *_too_few(figures),
            *_without_interval(figures),
            *absent,
            *_bridges(figures),
        ),
        plots="ladder",
        leads=True,
    )


def more_of_ladder(run: Run) -> Section | None:
    """The other metrics of a ladder; None where there are none."""
    figures = [figure for figure in run.ladder_figures if figure.metric not in HEADLINE]
    if not figures:
        return None
    absent = [f"{figure.title}: {figure.reason}." for figure in figures if not figure.steps]
    return Section(
        title="ladder, further metrics",
        beside=_beside(figures),
        columns=_COLUMNS,
        rows=_rows(figures),
        notes=tuple(absent),
        in_terminal=False,
    )


def _beside(figures: Sequence[LadderFigure]) -> str:
    cache = next((figure.cache for figure in figures if figure.cache), "")
    state = f", {start_words(cache)}" if cache else ""
    return f"medians at each rung, and the change from the one before{state}"


def _rows(figures: Sequence[LadderFigure]) -> tuple[tuple[str, ...], ...]:
    rows: list[tuple[str, ...]] = []
    for figure in figures:
        if figure.whole is None:
            continue
        for number, step in enumerate(figure.steps):
            title = figure.title if number == 0 else ""
            rows.append((title, step.rung, *step_cells(step, figure.unit)))
        _, *rest = step_cells(figure.whole, figure.unit)
        rows.append(("", "whole way", "", *rest))
    return tuple(rows)


def step_cells(step: LadderStep, unit: str) -> tuple[str, str, str, str]:
    """Value, change, interval and verdict of a step."""
    if step.change is None:
        return (unit_words(step.value, unit), "", "", "")
    told = _TOLD.get(step.difference, "") if step.difference else ""
    value, change = unit_words(step.value, unit), signed(step.change, unit)
    interval = step.interval
    if interval is None:
        return value, change, "", told
    if interval.low == interval.high:
        return value, change, "exact", told
    return value, change, f"{signed(interval.low, unit)} to {signed(interval.high, unit)}", told


def signed(value: float, unit: str) -> str:
    """A difference in `unit` with its sign; `0` for none."""
    if value == 0:
        return "0"
    return f"{'+' if value > 0 else '−'}{format_value(abs(value), unit)}"  # noqa: RUF001 - minus


def _changes(run: Run) -> str:
    """What each rung changes, as the scenario says it."""
    spec = run.scenario.ladder
    assert spec is not None
    changes = [f"{name}: {_short(rung.change)}" for name, rung in spec.rungs.items()]
    return f"Changes from {spec.start}, each on top of those before it: {'; '.join(changes)}."


def _short(change: str) -> str:
    return PurePath(change).name if "=" not in change else change


def _without_interval(figures: Sequence[LadderFigure]) -> list[str]:
    """Why a step has no interval; nothing where each has one."""
    steps = [step for figure in figures for step in figure.steps if step.change is not None]
    if all(step.interval for step in steps):
        return []
    why = (
        "A step without an interval has too few trials (it takes 4 on either side), or a stop that "
        "ended in SIGKILL, whose time is the grace period."
    )
    return [why]


def _too_few(figures: Sequence[LadderFigure]) -> list[str]:
    """Why no step of a trial's metric can be told from noise; nothing where one can."""
    counts = [step.n for figure in figures if figure.cache for step in figure.steps if step.n]
    if not counts or min(counts) >= INTERVAL_NEEDS:
        return []
    least = f"it takes {INTERVAL_NEEDS} trials on either side, and there are {min(counts)}"
    return [f"A step between trials cannot be told from noise here: {least}."]


def _bridges(figures: Sequence[LadderFigure]) -> list[str]:
    """Rungs without a value, why, and over which the next step goes."""
    return list(
        dict.fromkeys(
            f"{step.rung} has no value: {step.reason}; the next step goes over it."
            for figure in figures
            for step in figure.steps
            if step.value is None
        )
    )

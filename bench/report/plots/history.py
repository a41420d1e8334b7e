"""A small chart of a trend: medians with their intervals, stretches, changes and gaps.

Written as SVG directly: a page may have a hundred of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import escape

from bench.core.units import format_value
from bench.journal.facts.comparison import Difference
from bench.judge.statistics import stats
from bench.report.history_words import change_words
from bench.report.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.judge.changes import Shift
    from bench.results.trends import Trend, TrendPoint

MOST_COLUMNS = 240
"""Dots across a chart; of more runs, each stands for several."""

_WIDTH, _HEIGHT = 340, 128
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 10, 18, 22
_LEAST_SPAN = 0.2
"""Share of a figure that the height stands for at least."""

_LABEL = 40
"""Width that is left for the size of a change."""

_COLOURS = {Difference.WORSE: "--fail", Difference.BETTER: "--pass"}


@dataclass(frozen=True)
class _Column:
    """What is drawn at one place: a run, or several."""

    at: float
    median: float | None
    low: float | None = None
    high: float | None = None
    is_gap: bool = False


@dataclass(frozen=True)
class _Scale:
    """The places of runs and figures on the chart."""

    runs: int
    bottom: float
    top: float

    def x(self, index: float) -> float:
        share = (index + 0.5) / self.runs
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        share = (value - self.bottom) / (self.top - self.bottom)
        return round(_HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM), 1)


def trend_svg(trend: Trend) -> str:
    """The chart as SVG that stands in a page of the report."""
    columns = list(_columns(trend.points))
    scale = _scale(columns, len(trend.points))
    parts = [
        *_axes(trend, scale),
        *_stretches(trend, scale),
        *_marks(columns, scale),
        *_shifts(trend.shifts, scale),
    ]
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" font-size="10">{"".join(parts)}</svg>'


def _columns(points: Sequence[TrendPoint]) -> Iterator[_Column]:
    count = min(len(points), MOST_COLUMNS)
    for number in range(count):
        start, end = (number + k for k in (0, 1))
        first, last = start * len(points) // count, end * len(points) // count
        part = points[first:last]
        medians = [point.median for point in part if point.median is not None]
        ends = [
            end
            for point in part
            if point.interval
            for end in (point.interval.low, point.interval.high)
        ]
        yield _Column(
            at=(first + last - 1) / 2,
            median=stats.median(medians) if medians else None,
            low=min(ends) if ends else None,
            high=max(ends) if ends else None,
            is_gap=len(medians) < len(part),
        )


def _scale(columns: Sequence[_Column], runs: int) -> _Scale:
    known = [
        value
        for column in columns
        for value in (column.median, column.low, column.high)
        if value is not None
    ]
    low, high = min(known), max(known)
    middle = (low + high) / 2
    span = max(1.1 * (high - low), _LEAST_SPAN * abs(middle)) or 1.0
    bottom = middle - span / 2
    if low >= 0:
        bottom = max(0.0, bottom)
    return _Scale(runs, bottom, middle + span / 2)


def _axes(trend: Trend, scale: _Scale) -> Iterator[str]:
    for share in (0.0, 0.5, 1.0):
        value = scale.bottom + share * (scale.top - scale.bottom)
        y = scale.y(value)
        yield (f'<path d="M{_LEFT} {y}H{_WIDTH - _RIGHT}" stroke="var(--rule)" stroke-width=".7"/>')
        words = escape(one_line(format_value(value, trend.metric.unit)))
        yield _words(_LEFT - 4, y + 3, words, "end")
    days = trend.points[0].at[:10], trend.points[-1].at[:10]
    yield _words(_LEFT, _HEIGHT - 6, escape(one_line(days[0])), "start")
    if days[1] != days[0]:
        yield _words(_WIDTH - _RIGHT, _HEIGHT - 6, escape(one_line(days[1])), "end")


def _words(x: float, y: float, words: str, anchor: str, colour: str = "--ink-soft") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="var({colour})">{words}</text>'


def _stretches(trend: Trend, scale: _Scale) -> Iterator[str]:
    """A line at the median of each stretch between two changes."""
    if not trend.shifts:
        return
    ends = [0, *(shift.index for shift in trend.shifts), len(trend.points)]
    levels = [trend.shifts[0].before, *(shift.after for shift in trend.shifts)]
    for level, start, end in zip(levels, ends, ends[1:], strict=False):
        path = f"M{scale.x(start - 0.5)} {scale.y(level)}H{scale.x(end - 0.5)}"
        yield f'<path d="{path}" stroke="var(--ink-soft)" stroke-width="1.2"/>'


def _marks(columns: Sequence[_Column], scale: _Scale) -> Iterator[str]:
    intervals = "".join(
        f"M{scale.x(one.at)} {scale.y(one.low)}V{scale.y(one.high)}"
        for one in columns
        if one.low is not None and one.high is not None
    )
    if intervals:
        yield f'<path d="{intervals}" stroke="var(--c2)" stroke-opacity=".45" stroke-width="2"/>'
    dots = "".join(
        f"M{scale.x(one.at)} {scale.y(one.median)}h0" for one in columns if one.median is not None
    )
    yield f'<path d="{dots}" stroke="var(--c2)" stroke-width="4" stroke-linecap="round"/>'
    y = _HEIGHT - _BOTTOM
    gaps = "".join(
        f"M{scale.x(one.at) - 3:.1f} {y - 3}l6 6m0 -6l-6 6" for one in columns if one.is_gap
    )
    if gaps:
        yield f'<path d="{gaps}" stroke="var(--fail)" stroke-width="1.5" fill="none"/>'


def _shifts(shifts: Sequence[Shift], scale: _Scale) -> Iterator[str]:
    """A dashed line for each change, and its size above where there is room."""
    free = 0.0
    for shift in shifts:
        x = scale.x(shift.index - 0.5)
        colour = _COLOURS.get(shift.difference, "--c6")
        yield (
            f'<path d="M{x} {_TOP - 4}V{_HEIGHT - _BOTTOM}" stroke="var({colour})" '
            'stroke-width="1.2" stroke-dasharray="3 2"/>'
        )
        if shift.ratio is not None and x - _LABEL / 2 >= free:
            middle = min(x, _WIDTH - _LABEL / 2)
            yield _words(middle, _TOP - 6, change_words(shift.ratio), "middle", colour)
            free = x + _LABEL / 2

"""history.html: the trends of a folder of runs as one page, without scripts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from markupsafe import Markup

from bench.judge.finding import counted
from bench.report.history_words import (
    end_words,
    rule_words,
    run_words,
    shift_words,
    span_words,
    subject_words,
    unlike_words,
)
from bench.report.html.environment import environment
from bench.report.plots.history import trend_svg
from bench.report.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.judge.changes import Shift
    from bench.results.trends import Trend

MOST_NEWEST = 20
"""Changes in the list at the top."""


@dataclass(frozen=True)
class ChangeRow:
    """One change of a trend.

    Attributes:
        run: from which on.
        day: of its start.
        where: scenario, case and state.
        title: of the metric.
        words: its size.
        kind: `better`, `worse` or `different`.
    """

    run: str
    day: str
    where: str
    title: str
    words: str
    kind: str


@dataclass(frozen=True)
class Chart:
    """One trend, drawn.

    Attributes:
        title: of the metric.
        alt: the chart in words.
        svg: the chart.
        ends: the first median and the last, and the number of runs.
        changes: the newest first.
    """

    title: str
    alt: str
    svg: Markup
    ends: str
    changes: tuple[ChangeRow, ...]


@dataclass(frozen=True)
class ChartGroup:
    """The charts of one case in one state."""

    subject: str
    unlike: str
    charts: tuple[Chart, ...]


@dataclass(frozen=True)
class ScenarioPart:
    """The charts of one scenario."""

    name: str
    span: str
    groups: tuple[ChartGroup, ...]


def history_html(trends: Sequence[Trend], folder: Path) -> str:
    """The page.

    Args:
        trends: those of a scenario one after the other; at least one.
        folder: the folder of the runs.
    """
    changes = [_change(shift, trend) for trend in trends for shift in trend.shifts]
    newest = sorted(changes, key=lambda change: (change.day, change.run), reverse=True)
    return (
        environment()
        .get_template("history.html.jinja2")
        .render(
            folder=folder.absolute().name,
            span=span_words(trends),
            count=counted(len(changes), "change"),
            newest=newest[:MOST_NEWEST],
            left_out=len(newest[MOST_NEWEST:]),
            scenarios=[
                _scenario(name, list(group))
                for name, group in groupby(trends, lambda trend: trend.scenario)
            ],
            rule=rule_words(trends),
        )
    )


def _scenario(name: str, trends: Sequence[Trend]) -> ScenarioPart:
    groups = groupby(trends, lambda trend: (subject_words(trend), unlike_words(trend)))
    return ScenarioPart(
        one_line(name),
        span_words(trends),
        tuple(
            ChartGroup(subject, unlike, tuple(_chart(trend) for trend in group))
            for (subject, unlike), group in groups
        ),
    )


def _chart(trend: Trend) -> Chart:
    first, last = end_words(trend)
    ends = f"{first} to {last}, {run_words(trend)}"
    changes = tuple(_change(shift, trend) for shift in reversed(trend.shifts))
    told = [f"changed at {change.run} by {change.words}" for change in changes]
    alt = f"{trend.metric.title} of {subject_words(trend)}: {'; '.join([ends, *told])}"
    svg = Markup(trend_svg(trend))  # noqa: S704 - it has its own escaping
    return Chart(one_line(trend.metric.title), one_line(alt), svg, ends, changes)


def _change(shift: Shift, trend: Trend) -> ChangeRow:
    point = trend.points[shift.index]
    return ChangeRow(
        run=one_line(point.run),
        day=one_line(point.at[:10]),
        where=f"{one_line(trend.scenario)}: {subject_words(trend)}",
        title=one_line(trend.metric.title),
        words=shift_words(shift, trend),
        kind=shift.difference.value,
    )

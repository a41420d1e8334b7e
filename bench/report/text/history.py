"""Trends on the terminal: a line for each metric, and below it what changed, the newest first."""

from __future__ import annotations

import textwrap
from itertools import groupby
from typing import TYPE_CHECKING

from bench.report.history_words import (
    end_words,
    rule_words,
    run_words,
    shift_words,
    span_words,
    subject_words,
    unlike_words,
)
from bench.report.text.sparkline import ASCII, BLOCKS, sparkline
from bench.report.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.results.trends import Trend

NARROWEST = 80
"""Columns that the text takes at least."""

_LONGEST_TITLE, _LONGEST_VALUE = 24, 13
_LEAST_SPARK = 6
_INDENT = 4


def history_text(trends: Sequence[Trend], *, width: int = 80, blocks: bool = True) -> str:
    """The trends as text of at most `width` columns.

    Args:
        trends: those of a scenario one after the other.
        width: columns of the terminal.
        blocks: whether it has block characters.
    """
    wide = max(width, NARROWEST)
    lines: list[str] = []
    for scenario, group in groupby(trends, lambda trend: trend.scenario):
        own = list(group)
        if lines:
            lines.append("")
        span = span_words(own)
        lines.append(f"{_cut(one_line(scenario), wide - len(span) - 2)}  {span}")
        lines += _scenario(own, wide, blocks=blocks)
    lines += ["", *textwrap.wrap(rule_words(trends), wide)]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _scenario(trends: Sequence[Trend], width: int, *, blocks: bool) -> Iterator[str]:
    for (subject, unlike), group in groupby(
        trends, lambda trend: (subject_words(trend), unlike_words(trend))
    ):
        yield f"  {_cut(subject, width - 2)}"
        if unlike:
            yield from textwrap.wrap(
                unlike, width, initial_indent="  ", subsequent_indent="  ", max_lines=3
            )
        yield from _table(list(group), width, blocks=blocks)


def _table(trends: Sequence[Trend], width: int, *, blocks: bool) -> Iterator[str]:
    rows = [
        (
            _cut(one_line(trend.metric.title), _LONGEST_TITLE),
            *(_cut(one_line(words), _LONGEST_VALUE) for words in end_words(trend)),
            run_words(trend),
        )
        for trend in trends
    ]
    title, first, last, runs = (max(map(len, column)) for column in zip(*rows, strict=True))
    # two columns between the parts, and `to` between the medians
    left = width - _INDENT - 2 - 2 - first - 4 - last - 2 - runs
    title = min(title, left - _LEAST_SPARK)
    spark = left - title
    longest = min(spark, max(len(trend.points) for trend in trends))
    for trend, row in zip(trends, rows, strict=True):
        line = sparkline(
            [point.median for point in trend.points], spark, BLOCKS if blocks else ASCII
        )
        yield (
            f"{'':{_INDENT}}{_cut(row[0], title):<{title}}  {line:<{longest}}  "
            f"{row[1]:>{first}} to {row[2]:>{last}}  {row[3]}"
        )
        for shift in reversed(trend.shifts):
            words = shift_words(shift, trend)
            if not blocks:
                words = words.encode("ascii", "replace").decode()
            room = width - _INDENT - 2 - len("changed at  by ") - len(words)
            run = _beginning(one_line(trend.points[shift.index].run), room)
            yield from textwrap.wrap(
                f"changed at {run} by {words}",
                width,
                initial_indent=" " * (_INDENT + 2),
                subsequent_indent=" " * (_INDENT + 4),
            )


def _beginning(run: str, room: int) -> str:
    """The name of a run, or its time stamp where that is all there is room for.

    Commands take a beginning of a name, too.
    """
    stamp = run.partition("-")[0]
    return run if len(run) <= room or not stamp else run[: max(room, len(stamp), 16)]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: max(0, width - 2)]}.."

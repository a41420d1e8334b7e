"""The trends of a folder of runs in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.metrics import Scope
from bench.judge.finding import counted
from bench.report.wording import one_line, state_words, times, unit_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.judge.changes import Shift
    from bench.results.trends import Trend

NOT_SHOWN_AS_SHARE = 10.0
"""Ratios from here on are factors: `12x`, not `+1100 %`."""


def change_words(ratio: float) -> str:
    """A ratio as a change: `+23 %`, `-8 %`, `12x`."""
    if ratio >= NOT_SHOWN_AS_SHARE:
        return times(ratio)
    return f"{100 * (ratio - 1):+.0f} %"


def shift_words(shift: Shift, trend: Trend) -> str:
    """The size of a change: `+23 % (+18 % to +28 %), worse`."""
    unit = trend.metric.unit
    if shift.ratio is None:
        size = f"{unit_words(shift.after, unit)}, not {unit_words(shift.before, unit)}"
        return f"{size}, {shift.difference}"
    words = change_words(shift.ratio)
    if shift.interval is not None:
        words += f" ({change_words(shift.interval.low)} to {change_words(shift.interval.high)})"
    return f"{words}, {shift.difference}"


def run_words(trend: Trend) -> str:
    """How many runs a trend has: `20 runs`, `19 runs, 1 failed`."""
    measured = len(trend.measured)
    failed = len(trend.points) - measured
    return f"{counted(measured, 'run')}{f', {failed} failed' if failed else ''}"


def end_words(trend: Trend) -> tuple[str, str]:
    """The first median and the last."""
    measured = trend.measured
    first, last = (
        unit_words(point.median, trend.metric.unit) for point in (measured[0], measured[-1])
    )
    return first, last


def subject_words(trend: Trend) -> str:
    """The case and the state of a trend: `good, cold`; of an image's values, the case alone."""
    state = state_words(trend.cache, trend.arm)
    return one_line(f"{trend.case}, {state}" if state else trend.case)


def unlike_words(trend: Trend) -> str:
    """How the runs of a trend differ from those before; empty where none were measured apart."""
    if not trend.unlike:
        return ""
    return one_line(f"measured in another way: {'; '.join(trend.unlike)}")


def span_words(trends: Sequence[Trend]) -> str:
    """How many runs there are, and from when to when: `20 runs, 2026-11-02 to 2026-11-22`."""
    runs = {point.run: point.at[:10] for trend in trends for point in trend.points}
    days = sorted(runs.values())
    span = days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"
    return one_line(f"{counted(len(runs), 'run')}, {span}")


def latest_change(trends: Sequence[Trend]) -> str:
    """The run with the newest change of any trend; empty where none has one."""
    found = [trend.points[shift.index] for trend in trends for shift in trend.shifts]
    return max(found, key=lambda point: (point.at, point.run)).run if found else ""


def rule_words(trends: Sequence[Trend]) -> str:
    """When a change is called, for a footnote."""
    tested = any(trend.metric.scope is not Scope.IMAGE for trend in trends)
    rule = (
        "A change: p < 0.05 after correction for all places tried, an interval beyond 5 % or this "
        "host's own noise, and medians further apart than runs scatter. "
    )
    return f"{rule if tested else ''}Sizes of images: a change of more than 5 %."

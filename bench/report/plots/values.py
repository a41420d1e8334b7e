"""Pictures of figures: how they are spread over the trials, and how far they are from limits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bench.core.domain import Arm, CacheState, TrialStatus
from bench.core.metrics import is_time
from bench.judge.memory_arm import MEMORY
from bench.judge.model import Outcome
from bench.judge.statistics import stats
from bench.report.curves import trials_of
from bench.report.plots.style import LIMIT, RULE, case_colours, drawn, in_units, new_figure
from bench.report.rows import limits_by_id, rule_rows
from bench.report.wording import MARKS, NO_LIMITS, actual_words, one_line
from bench.standard.thresholds import Operator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bench.judge.model import Verdict
    from bench.results.run import Run
    from bench.standard.thresholds import Limit

MOST_DOTS = 80
"""Dots of a case in one strip."""

CLIP = 1.5
"""Times the limit at which the bars of the margins end."""

_UNITS_ON_TICKS = ("", "s", "ms", "bytes")
"""Units that stand at the ticks of an axis, or are none; others stand in the title."""

_JITTER = (0.0, 0.16, -0.16, 0.08, -0.08, 0.24, -0.24)


@drawn
def distributions(run: Run, metrics: Sequence[str], cache: str = "cold") -> Figure:
    """A strip for each metric: a dot a trial, the median and its 95 % interval, by case."""
    cases = list(run.scenario.cases)
    shown = [
        name for name in metrics if any(strip_values(run, case, name, cache) for case in cases)
    ] or list(metrics[:1])
    figure, panels = new_figure(len(shown), (0.62 + 0.34 * len(cases)) * len(shown))
    colours = case_colours(cases)
    for axes, name in zip(panels, shown, strict=True):
        top = 0.0
        labels = []
        for row, case in enumerate(cases):
            values = strip_values(run, case, name, cache)
            top = max([top, *values])
            labels.append(f"{one_line(case)}, n={len(values)}")
            _strip(axes, values, row, colours[case])
        top = top * 1.06 or 1.0
        axes.set_xlim(0, top)
        unit = run.metrics[name].unit
        in_units(axes.xaxis, unit, top)
        axes.set_ylim(len(cases) - 0.5, -0.5)
        axes.set_yticks(range(len(cases)), labels)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(visible=True, axis="x")
        beside = "" if unit in _UNITS_ON_TICKS else f", {unit}"
        axes.set_title(f"{strip_title(run, name)}{beside}")
    return figure


@drawn
def threshold_margins(run: Run) -> Figure:
    """Each judged value as a share of its limit, by rule and case; a bar past the line fails.

    For a lower limit the share is turned over, so that past the line is worse there too.
    """
    rows = [row for row in rule_rows(run) if row.id in limits_by_id(run)]
    cases = list(run.scenario.cases)
    count = sum(len(row.verdicts) for row in rows)
    figure, (axes,) = new_figure(1, max(1.3, 0.55 + 0.27 * count + 0.12 * len(rows)))
    colours = case_colours(cases)
    y, ticks, names = 0.0, [], []
    for row in rows:
        ticks.append(y + (len(row.verdicts) - 1) / 2)
        names.append(one_line(row.name))
        for case, verdict in row.verdicts.items():
            _margin(axes, verdict, limits_by_id(run)[row.id], y, colours[case])
            y += 1.0
        y += 0.45
    axes.axvline(1, color=LIMIT, linewidth=1.4)
    axes.set_xlim(0, CLIP + 0.4)
    axes.set_ylim(max(y - 0.9, 0.6), -0.6)
    axes.set_yticks(ticks, names)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1, 1.25, 1.5])
    axes.set_xticklabels(["0", "25 %", "50 %", "75 %", "limit", "125 %", "150 %"])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_bounds(0, CLIP)
    axes.grid(visible=True, axis="x")
    axes.set_axisbelow(True)
    return figure


def share_of_limit(verdict: Verdict, limit: Limit) -> float | None:
    """The judged value over its limit, so that more than 1 is worse; None where there is none."""
    if verdict.actual is None:
        failed = verdict.verdict is Outcome.FAIL and is_time(verdict.unit)
        return math.inf if failed else None
    over, under = verdict.actual, limit.value
    if limit.operator in (Operator.AT_LEAST, Operator.ABOVE):
        over, under = under, over
    if under == 0:
        return 0.0 if over == 0 else math.inf
    return over / under


def _margin(axes: Axes, verdict: Verdict, limit: Limit, y: float, colour: str) -> None:
    share = share_of_limit(verdict, limit)
    words = " ".join(
        part
        for part in (MARKS[verdict.verdict], one_line(verdict.case), actual_words(verdict))
        if part
    )
    length = 0.0 if share is None else min(share, CLIP)
    if share is not None:
        hatch = "////" if share > 1 else None
        axes.barh(y, length, 0.72, color=colour, hatch=hatch, edgecolor=RULE, linewidth=0)
    axes.text(CLIP + 0.015, y, words, va="center")


def strip_values(run: Run, case: str, metric: str, cache: str) -> list[float]:
    """The values whose median reports show: of memory those of the arm that is shown of it."""
    arm = "fit"
    if metric in MEMORY and run.memory_arm is Arm.NEED:
        cache, arm = CacheState.IMAGE.value, Arm.NEED.value
    return [
        trial.metrics[metric]
        for trial in trials_of(run, case, cache, arm)
        if trial.status is TrialStatus.OK and metric in trial.metrics
    ]


def strip_title(run: Run, metric: str) -> str:
    """The metric of a strip, and the trials it is of where those are not of its cache state."""
    title = run.metrics[metric].title
    free = metric in MEMORY and run.memory_arm is Arm.NEED
    return f"{title} {NO_LIMITS}" if free else title


def _strip(axes: Axes, values: list[float], row: int, colour: str) -> None:
    if not values:
        axes.annotate("no trial succeeded", (0, row), xytext=(5, 0),
                      textcoords="offset points", va="center", fontsize=8)  # fmt: skip
        return
    index = spread_out_indices(len(values), MOST_DOTS)
    heights = [row + _JITTER[number % len(_JITTER)] for number in index]
    dots = [values[number] for number in index]
    axes.plot(dots, heights, marker="o", markersize=4, color=colour, alpha=0.55,
              linestyle="none", markeredgewidth=0)  # fmt: skip
    middle, interval = stats.median(values), stats.median_interval(values)
    if interval is not None:
        axes.plot([interval.low, interval.high], [row, row], color=colour, linewidth=3.2,
                  alpha=0.45, solid_capstyle="butt")  # fmt: skip
    axes.plot([middle, middle], [row - 0.34, row + 0.34], color=colour, linewidth=2.2,
              solid_capstyle="butt")  # fmt: skip


def spread_out_indices(count: int, most: int) -> list[int]:
    """At most `most` of the numbers below `count`, evenly."""
    if count <= most:
        return list(range(count))
    return [number * count // most for number in range(most)]

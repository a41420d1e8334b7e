"""Pictures of weight: how the pull and the start call go with the bytes of the image."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from bench.core.domain import TrialStatus
from bench.core.units import format_bytes, format_seconds
from bench.judge.statistics import stats
from bench.report.curves import trials_of
from bench.report.plots.style import case_colours, drawn, in_units, new_figure, tick_words
from bench.report.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bench.results.run import Run

FEWEST_SIZES = 3
"""Sizes that a run must have before a picture says how something goes with them."""

_ALIKE = 1.15
"""Times a size up to which another one counts as the same."""

_CLOSE = 1.5
"""Times a size up to which two names side by side would run into each other."""

_MOST_TICKS = 10
_ROUND = (1, 2, 5)


@dataclass(frozen=True)
class Weight:
    """A case that was pulled: the bytes of its image, and what each trial took.

    Attributes:
        transfer_bytes: compressed layers and configuration.
        pull_s: of each successful cold trial.
        start_s: the start call of the same trials.
    """

    case: str
    transfer_bytes: int
    pull_s: tuple[float, ...]
    start_s: tuple[float, ...]


def weights(run: Run) -> list[Weight]:
    """The cases with cold trials, the lightest first; none where they hardly differ in size."""
    found = []
    for case in run.scenario.cases:
        image = run.images.get(case)
        rows = [
            trial.metrics
            for trial in trials_of(run, case, "cold")
            if trial.status is TrialStatus.OK and {"pull_s", "start_s"} <= trial.metrics.keys()
        ]
        if image is not None and image.transfer_bytes and rows:
            pulls = tuple(row["pull_s"] for row in rows)
            starts = tuple(row["start_s"] for row in rows)
            found.append(Weight(case, image.transfer_bytes, pulls, starts))
    found.sort(key=lambda weight: weight.transfer_bytes)
    return found if len(_alike(found)) >= FEWEST_SIZES else []


def _alike(weights: Iterable[Weight]) -> list[list[Weight]]:
    """Those of about the same size together; `weights` begins with the lightest."""
    first = 0

    def lightest(weight: Weight) -> int:
        nonlocal first
        if weight.transfer_bytes > first * _ALIKE:
            first = weight.transfer_bytes
        return first

    return [list(group) for _, group in groupby(weights, lightest)]


def weight_words(weights: Sequence[Weight]) -> str:
    """The picture in words, for whoever cannot see it."""
    return one_line(
        "; ".join(
            f"{weight.case}: {format_bytes(weight.transfer_bytes)}, "
            f"pull {format_seconds(stats.median(weight.pull_s))}, "
            f"start {format_seconds(stats.median(weight.start_s))}"
            for weight in weights
        )
    )


@drawn
def weight_curves(run: Run, weights: Sequence[Weight]) -> Figure:
    """Pull and start call over the compressed size: a dot a trial, a ring around the median."""
    figure, (pull, start) = new_figure(2, 5.2, sharex=True)
    colours = case_colours(list(run.scenario.cases))
    for weight in weights:
        _dots(pull, weight, weight.pull_s, colours[weight.case])
        _dots(start, weight, weight.start_s, colours[weight.case])
    _name_all(pull, _alike(weights))
    pull.set_title("pull")
    pull.set_yscale("log")
    _log_ticks(pull, [value for weight in weights for value in weight.pull_s])
    start.set_title("start call")
    top = max(value for weight in weights for value in weight.start_s) * 1.15
    start.set_ylim(0, top)
    in_units(start.yaxis, "s", top)
    start.set_xlabel("image compressed")
    _size_ticks(start, weights[0].transfer_bytes, weights[-1].transfer_bytes)
    for axes in (pull, start):
        axes.minorticks_off()
        axes.grid(visible=True, axis="y")
    return figure


def _dots(axes: Axes, weight: Weight, values: Sequence[float], colour: str) -> None:
    sizes = [weight.transfer_bytes] * len(values)
    axes.plot(sizes, values, "o", color=colour, markersize=3.5, alpha=0.45, markeredgewidth=0)
    middle = stats.median(values)
    axes.plot(weight.transfer_bytes, middle, "o", color=colour, markersize=8, fillstyle="none")


def _name_all(axes: Axes, groups: Iterable[Sequence[Weight]]) -> None:
    """Names to the left of the dots: above them, or below where the one before is close."""
    before, above = 0.0, False
    for group in groups:
        lightest = group[0].transfer_bytes
        above = not above or lightest > before * _CLOSE
        _name(axes, group, above=above)
        before = lightest


def _name(axes: Axes, group: Sequence[Weight], *, above: bool) -> None:
    """The name of the first in the scenario's words, at the outermost dot of all of them."""
    more = len(group) - 1
    words = one_line(group[0].case) + (f" and {more} more" if more else "")
    values = [value for weight in group for value in weight.pull_s]
    axes.annotate(
        words,
        (group[0].transfer_bytes, max(values) if above else min(values)),
        xytext=(-4, 5 if above else -5),
        textcoords="offset points",
        ha="right",
        va="bottom" if above else "top",
    )


def _log_ticks(axes: Axes, values: Sequence[float]) -> None:
    """Ticks at 1, 2 and 5 of each power of ten, around all values and room for a name."""
    from matplotlib.ticker import FixedLocator, FuncFormatter

    low, high = min(values) / 1.5, max(values) * 2
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [factor * 10.0**power for power in powers for factor in _ROUND]
    axes.set_ylim(low, high)
    axes.yaxis.set_major_locator(FixedLocator([tick for tick in ticks if low <= tick <= high]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: tick_words(value, "s")))


def _size_ticks(axes: Axes, low: int, high: int) -> None:
    """Ticks at powers of two, with room on the left for the name of the lightest."""
    from matplotlib.ticker import FixedLocator, FuncFormatter

    first, last = math.floor(math.log2(low)) - 1, math.ceil(math.log2(high))
    every = math.ceil((last - first) / _MOST_TICKS)
    axes.set_xscale("log", base=2)
    axes.set_xlim(2.0**first, 2.0 ** (last + 0.3))
    axes.xaxis.set_major_locator(
        FixedLocator([2.0**power for power in range(last, first - 1, -every)])
    )
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: tick_words(value, "bytes")))

"""Every picture of a run: the functions that draw them, and the set that a report shows.

The functions take a `Run` and return a matplotlib `Figure`, so a notebook shows the same
pictures as the report. matplotlib is imported when the first one is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.core.atomic import write_text
from bench.core.units import format_bytes, format_seconds
from bench.report.curves import median_trial, trials_of
from bench.report.plots.captions import (
    charged_words,
    resource_words,
    spread_words,
    waterfall_words,
)
from bench.report.plots.ladder import ladder_panels, ladder_waterfall, ladder_words
from bench.report.plots.phases import phase_waterfall, zero_words
from bench.report.plots.pull import path_words, pull_timeline
from bench.report.plots.replicas import replica_curves, sweep_words, sweeps
from bench.report.plots.resources import MOST_CURVES, resource_curves
from bench.report.plots.sizes import size_curves
from bench.report.plots.stack import stack_waterfall, stack_words
from bench.report.plots.svg import svg_text
from bench.report.plots.time_breakdown import divided, spent_words, time_spent
from bench.report.plots.values import (
    distributions,
    strip_title,
    threshold_margins,
)
from bench.report.plots.weight import weight_curves, weight_words, weights
from bench.report.rows import limits_by_id, rule_rows
from bench.report.sections.stack import typical_starts
from bench.report.wording import actual_words, one_line, start_words
from bench.results.summary import measured_states
from bench.sizing.sizes import case_sizes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from matplotlib.figure import Figure

    from bench.results.run import Run

DISTRIBUTED = ("startup_s", "pull_s", "ready_s", "memory_anon_peak_bytes", "cpu_to_ready_s")
"""The metrics whose spread a report shows."""


_CURVES_IN_ALL = 48


@dataclass(frozen=True)
class Plot:
    """One picture, ready to be written.

    Attributes:
        name: its file's name without the suffix; begins with its kind.
        title: what it shows.
        caption: how to read it.
        alt: what it says, for whoever cannot see it.
        svg: a standalone SVG file.
    """

    name: str
    title: str
    caption: str
    alt: str
    svg: str

    @property
    def kind(self) -> str:
        """Such as `margins`, `waterfall`, `resources`, `distributions`, `pull` or `spent`."""
        return self.name.partition("-")[0]

    @property
    def uncapped(self) -> bool:
        """Whether it shows trials without limits."""
        return self.kind == "resources" and self.name.endswith("-need")


def make_plots(run: Run, *, most_curves: int | None = None) -> list[Plot]:
    """Every picture of the run that there is data for.

    Args:
        run: the run.
        most_curves: how many trials of a case have curves of their own; 0 leaves the median,
            None chooses by the number of cases.
    """
    if most_curves is None:
        most_curves = max(3, min(MOST_CURVES, _CURVES_IN_ALL // len(run.scenario.cases)))
    return [
        *_ladder(run),
        *_margins(run),
        *_waterfalls(run),
        *_resources(run, most_curves),
        *_distributions(run),
        *_weight(run),
        *_pulls(run),
        *_spent(run),
        *_stacks(run),
        *_replicas(run),
        *_sizes(run),
    ]


def write_plots(plots: list[Plot], folder: Path) -> list[Path]:
    """Write pictures that were made already."""
    return [write_text(folder / f"{plot.name}.svg", plot.svg) for plot in plots]


def _plot(name: str, title: str, caption: str, alt: str, figure: Figure) -> Plot:
    return Plot(name, title, caption, alt, svg_text(figure, name))


def _states(run: Run) -> list[str]:
    """The cache states that any case was measured in under its limits."""
    found = [
        cache
        for case in run.scenario.cases
        for cache, arm in measured_states(run, case)
        if arm == "fit"
    ]
    return list(dict.fromkeys(found))


def _ladder(run: Run) -> Iterator[Plot]:
    if panels := ladder_panels(run):
        yield _plot(
            "ladder",
            "From rung to rung",
            "The first bar is the median of the first rung, and each of the others the step from "
            "the one before: green for better, red for worse, grey where it cannot be told from "
            "noise or is none. The thin line is the 95 % interval of the step.",
            ladder_words(panels),
            ladder_waterfall(panels),
        )


def _margins(run: Run) -> Iterator[Plot]:
    limits = limits_by_id(run)
    rows = [row for row in rule_rows(run) if row.id in limits]
    if not rows:
        return
    alt = "; ".join(
        f"{row.name}: "
        + ", ".join(
            f"{case} {actual_words(judged)} ({judged.verdict})"
            for case, judged in row.verdicts.items()
        )
        for row in rows
    )
    yield _plot(
        "margins",
        "How far from the limits",
        "Each judged value as a share of its limit. A hatched bar that crosses the line breaks "
        "the limit; bars end at 150 %.",
        one_line(alt),
        threshold_margins(run),
    )


def _waterfalls(run: Run) -> Iterator[Plot]:
    for cache in _states(run):
        parts = [
            waterfall_words(run, case, cache)
            for case in run.scenario.cases
            if any(trial.phases for trial in trials_of(run, case, cache))
        ]
        if parts:
            yield _plot(
                f"waterfall-{cache}",
                f"From the {zero_words(cache)} to ready, {start_words(cache)}",
                "The thick bar is the trial nearest the median, and the figures at it are medians "
                "of the trials; the thin bars below are the trials in their order, and a cross "
                "ends one that failed.",
                one_line("; ".join(parts)),
                phase_waterfall(run, cache),
            )


def _resources(run: Run, most: int) -> Iterator[Plot]:
    for case in run.scenario.cases:
        for cache, arm in measured_states(run, case):
            trials = trials_of(run, case, cache, arm)
            if not any("memory_anon_peak_bytes" in trial.metrics for trial in trials):
                continue
            limits = "under its limits" if arm == "fit" else "without limits"
            yield _plot(
                f"resources-{case}-{cache}-{arm}",
                f"{case}, {start_words(cache)}, {limits}",
                "Memory that cannot be reclaimed (anonymous, shared, kernel) and, dotted, all "
                "that is charged with page cache; CPU seconds used per second. The bands are "
                f"phases of the median trial.{charged_words(cache, arm)}",
                resource_words(run, case, cache, arm),
                resource_curves(run, case, cache, arm, most=most),
            )


def _distributions(run: Run) -> Iterator[Plot]:
    shown = (
        *DISTRIBUTED,
        *(name for name in run.scenario.own_metrics if _starts_at_zero(run, name)),
    )
    for cache in _states(run):
        words = [
            f"{strip_title(run, name)}: {', '.join(parts)}"
            for name in shown
            if (parts := spread_words(run, name, cache))
        ]
        if words:
            yield _plot(
                f"distributions-{cache}",
                f"Every trial, {start_words(cache)}",
                "A dot is a successful trial; the tall mark is the median and the thick "
                "line its 95 % interval, which needs 6 trials. n stands beside each case.",
                one_line("; ".join(words)),
                distributions(run, shown, cache),
            )


def _starts_at_zero(run: Run, metric: str) -> bool:
    """Whether an axis from zero shows every value of `metric`."""
    return all(trial.metrics.get(metric, 0.0) >= 0 for trial in run.results)


def _weight(run: Run) -> Iterator[Plot]:
    if found := weights(run):
        yield _plot(
            "weight",
            "Pull and start over the size of the image",
            "A dot is a successful cold trial, a ring the median of a case. The size is "
            "what is fetched, on a logarithmic scale, as the time of the pull is. Of several cases "
            "of about the same size one is named.",
            weight_words(found),
            weight_curves(run, found),
        )


def _pulls(run: Run) -> Iterator[Plot]:
    for case in run.scenario.cases:
        middle = median_trial(trials_of(run, case, "cold"), "pull_s")
        if middle is None or not any(
            layer.download_s or layer.extract_s for layer in middle.layers
        ):
            continue
        alt = "; ".join(
            f"{layer.instruction or layer.digest[:19]}: {format_bytes(layer.transfer_bytes or 0)}, "
            f"download {format_seconds(layer.download_s or 0)}, "
            f"extract {format_seconds(layer.extract_s or 0)}"
            for layer in middle.layers
        )
        yield _plot(
            f"pull-{case}",
            f"The pull of {case}, layer by layer",
            "The cold trial nearest the median. Layers are fetched a few at a time and extracted "
            "one after the other, the base first."
            + (f" {path}" if (path := path_words(middle)) else ""),
            one_line(alt),
            pull_timeline(run, case),
        )


def _spent(run: Run) -> Iterator[Plot]:
    if divided(run):
        yield _plot(
            "spent",
            "Idle or busy, from start to ready",
            "Busy shares are upper bounds and the idle share is a lower one: threads that run side "
            "by side between two samples count one after the other.",
            spent_words(run),
            time_spent(run),
        )


def _stacks(run: Run) -> Iterator[Plot]:
    for case, cache, start in typical_starts(run):
        yield _plot(
            f"stack-{case}-{cache}",
            f"The start of {case}, {start_words(cache)}",
            "The start nearest the median, service by service; a line below its bars marks those "
            "that the last one waited for. Pulls come one after the other.",
            stack_words(start),
            stack_waterfall(start),
        )


def _replicas(run: Run) -> Iterator[Plot]:
    if sweeps(run):
        yield _plot(
            "replicas",
            "Started at once",
            "Over how many containers start at the same moment, on a logarithmic scale; the bars "
            "reach from the first that was ready to the last.",
            sweep_words(run),
            replica_curves(run),
        )


def _sizes(run: Run) -> Iterator[Plot]:
    for case in run.scenario.cases:
        found = case_sizes(run, case)
        if found is None or len(found.sizes) < 2:
            continue
        alt = ", ".join(
            f"{format_bytes(size.memory_bytes)} and {size.cpus:g} cores: {size.why_not or 'enough'}"
            for size in found.sizes
        )
        yield _plot(
            f"sizes-{case}",
            f"The right size of {case}",
            "Each mark is a size that was tried, over a logarithmic scale: dots were enough each "
            "time, crosses were not. A cross without a start stands at the top.",
            one_line(alt),
            size_curves(run, found),
        )

"""Pictures of what a container takes while it lives: memory and CPU against its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.units import format_value
from bench.report.curves import (
    Curve,
    cpu_curve,
    gpu_curve,
    median_trial,
    memory_curve,
    spread_out,
    started_s,
    trials_of,
)
from bench.report.plots.style import (
    INK,
    LIMIT,
    RULE,
    case_colours,
    drawn,
    in_units,
    legend_above,
    new_figure,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bench.analysis.model import TrialResult
    from bench.results.run import Run

MOST_CURVES = 24
"""Trials of a case whose curves are drawn."""

_OF_GPU = (
    ("gpu_memory_bytes", "bytes", "GPU memory"),
    ("gpu_utilization_pct", "pct", "GPU use, %"),
)
"""Columns of the samples that have a panel each, with unit and label."""

_SHADED = {"start": "start", "ready": "start-up", "observe": "observed", "stop": "stop"}


@drawn
def resource_curves(
    run: Run, case: str, cache: str = "cold", arm: str = "fit", *, most: int = MOST_CURVES
) -> Figure:
    """Memory and CPU over the seconds since the start call: every trial faint, the median bold.

    Below them GPU memory of the case and utilisation of the busiest device, where it held any.

    Args:
        run: the run.
        case: id of the case.
        cache: cache state of the trials.
        arm: `fit`, or `need` for the trials without limits.
        most: how many faint curves to draw at most, evenly from all trials.
    """
    trials = trials_of(run, case, cache, arm)
    middle = median_trial(trials)
    on_gpu = any(trial.metrics.get("gpu_memory_peak_bytes") for trial in trials)
    ratios = (3, 2, 2, 2) if on_gpu else (3, 2)
    figure, axes = new_figure(len(ratios), 0.78 * sum(ratios), sharex=True, height_ratios=ratios)
    memory, cpu, *of_gpu = axes
    colour = case_colours(list(run.scenario.cases)).get(case, INK)
    faint = spread_out(trials, most)
    limits = run.scenario.cases[case].effective_limits
    capped = arm == "fit"
    top_bytes = _draw(memory, [memory_curve(run, trial) for trial in faint], colour, bold=False)
    top_cores = _draw(cpu, [cpu_curve(run, trial) for trial in faint], colour, bold=False)
    if middle is not None:
        charged = memory_curve(run, middle, charged=True)
        top_bytes = max(top_bytes, _draw(memory, [charged], colour, bold=True, style=(0, (1, 2))))
        top_bytes = max(top_bytes, _draw(memory, [memory_curve(run, middle)], colour, bold=True))
        top_cores = max(top_cores, _draw(cpu, [cpu_curve(run, middle)], colour, bold=True))
        _shade(memory, middle, labelled=True)
        _shade(cpu, middle, labelled=False)
    _finish(memory, "bytes", top_bytes, limits.memory if capped else None, "memory")
    _finish(cpu, "cores", top_cores, limits.cpus if capped else None, "CPU, cores")
    for panel, (column, unit, label) in zip(of_gpu, _OF_GPU, strict=False):
        top = _draw(panel, [gpu_curve(run, trial, column) for trial in faint], colour, bold=False)
        if middle is not None:
            bold = gpu_curve(run, middle, column)
            top = max(top, _draw(panel, [bold], colour, bold=True))
            _shade(panel, middle, labelled=False)
        _finish(panel, unit, 100.0 if unit == "pct" else top, None, label)
    axes[-1].set_xlabel("time since the start call")
    _seconds_axis(axes[-1], trials)
    _memory_legend(memory, colour, len(faint), middle)
    return figure


def _draw(
    axes: Axes,
    curves: list[Curve | None],
    colour: str,
    *,
    bold: bool,
    style: str | tuple[int, tuple[int, int]] = "-",
) -> float:
    top = 0.0
    for curve in curves:
        if curve is None:
            continue
        top = max(top, float(curve.values.max()))
        axes.plot(
            curve.t_s,
            curve.values,
            color=colour,
            linewidth=1.8 if bold else 0.7,
            alpha=1.0 if bold else 0.35,
            linestyle=style,
        )
    return top


def _shade(axes: Axes, trial: TrialResult, *, labelled: bool) -> None:
    """The phases of the median trial behind the curves."""
    begin = started_s(trial)
    end = max((span.end_s for span in trial.phases if span.phase in _SHADED), default=0.0) - begin
    for span in trial.phases:
        if span.phase not in _SHADED:
            continue
        left, right = span.start_s - begin, span.end_s - begin
        if span.phase in ("ready", "stop"):
            axes.axvspan(left, right, color=RULE, alpha=0.13, linewidth=0)
        words = _SHADED[span.phase]
        if labelled and right - left > 0.012 * len(words) * max(end, 1e-9):
            axes.annotate(
                words,
                ((left + right) / 2, 1),
                xycoords=("data", "axes fraction"),
                xytext=(0, -10),
                textcoords="offset points",
                ha="center",
                fontsize=8,
                annotation_clip=True,
                in_layout=False,
            )


def _finish(axes: Axes, unit: str, top: float, limit: float | None, label: str) -> None:
    """Scale, limit line and label; a limit far above the curve is named instead of drawn."""
    top = top or 1.0
    if limit is not None and limit <= 1.5 * top:
        axes.axhline(limit, color=LIMIT, linewidth=1.2, linestyle=(0, (5, 3)))
        top = max(top, limit)
        _limit_words(axes, f"limit {format_value(limit, unit)}", (1, limit), "data", 3)
    elif limit is not None:
        times = f"{limit / top:.0f}" if limit >= 10 * top else f"{limit / top:.1f}"
        words = f"limit {format_value(limit, unit)}, {times} times the highest peak"
        _limit_words(axes, words, (1, 1), "axes fraction", 3)
    axes.set_ylim(0, top * 1.22)
    in_units(axes.yaxis, unit, top * 1.22)
    axes.grid(visible=True, axis="y")
    axes.set_ylabel(label)


def _limit_words(
    axes: Axes, words: str, at: tuple[float, float], vertical: str, offset: int
) -> None:
    axes.annotate(
        words,
        at,
        xycoords=("axes fraction", vertical),
        xytext=(-4, offset),
        textcoords="offset points",
        ha="right",
        color=LIMIT,
        fontsize=8,
    )


def _seconds_axis(axes: Axes, trials: list[TrialResult]) -> None:
    ends = [span.end_s - started_s(trial) for trial in trials for span in trial.phases]
    top = max([0.1, *ends])
    axes.set_xlim(-0.02 * top, top)
    in_units(axes.xaxis, "s", top)


def _memory_legend(axes: Axes, colour: str, count: int, middle: TrialResult | None) -> None:
    handles = axes.plot([], [], color=colour, linewidth=0.7, alpha=0.5)
    labels = ["each trial" if count > 1 else "the trial"]
    if middle is not None:
        handles += axes.plot([], [], color=colour, linewidth=1.8)
        handles += axes.plot([], [], color=colour, linewidth=1.8, linestyle=(0, (1, 2)))
        labels += [f"median trial {middle.trial_id}", "the same with page cache"]
    legend_above(axes, handles, labels)

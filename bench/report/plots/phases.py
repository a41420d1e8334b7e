"""The picture of where the time goes: phases from the pull to ready."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.core.domain import CacheState, TrialStatus
from bench.core.metrics import METRICS
from bench.core.units import format_seconds
from bench.judge.statistics import stats
from bench.report.curves import median_trial, spread_out, trials_of
from bench.report.plots.style import (
    LIMIT,
    ON_BAR,
    PHASES,
    beside,
    drawn,
    legend_above,
    new_figure,
    time_axis,
)
from bench.report.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bench.analysis.model import TrialResult
    from bench.results.run import Run

WATERFALL_PHASES = ("pull", "create", "start", "ready")
"""The phases that lead to ready, in their order."""

MOST_TRIALS = 10
"""Trials of a case that have a line of their own in the waterfall."""

_NARROW = 0.07  # share of the axis below which a bar has no room for words


@drawn
def phase_waterfall(run: Run, cache: str = "cold") -> Figure:
    """The phases from the trial's zero to ready, a bar a case: the trial nearest the median.

    Below each bar every trial has a thin one; a failed trial ends in a cross.
    """
    rows = _waterfall_rows(run, cache)
    height = 0.75 + sum(0.62 + 0.13 * len(thin) for _, _, thin in rows)
    figure, (axes,) = new_figure(1, max(1.4, height))
    shown = [trial for _, middle, thin in rows for trial in ([middle] if middle else []) + thin]
    top = max((_end_s(trial) for trial in shown), default=1.0) * 1.12
    limit_s = _startup_limit_s(run, cache)
    if limit_s is not None and limit_s <= 1.6 * top:
        top = max(top, limit_s * 1.08)
        axes.axvline(limit_s, color=LIMIT, linewidth=1.2, linestyle=(0, (5, 3)), zorder=0.9)
        axes.annotate(
            f"limit {format_seconds(limit_s)}",
            (limit_s, 0),
            xycoords=("data", "axes fraction"),
            xytext=(-4, 3),
            textcoords="offset points",
            color=LIMIT,
            ha="right",
        )
    y, ticks = 0.0, []
    for case, middle, thin in rows:
        ticks.append(y)
        if middle is not None:
            medians = _medians(trials_of(run, case, cache))
            _phase_bar(axes, middle, y, 0.5, top, medians)
            words = f"median {format_seconds(medians['startup_s'])}"
            beside(axes, _end_s(middle), y, words, weight="bold")
        else:
            beside(axes, 0, y, "no trial succeeded")
        for number, trial in enumerate(thin):
            _phase_bar(axes, trial, y + 0.36 + 0.13 * number, 0.07, top)
        y += 0.72 + 0.13 * len(thin)
    axes.set_yticks(ticks, [one_line(case) for case, _, _ in rows])
    axes.set_ylim(y - 0.3, -0.42)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    time_axis(axes, top, f"time from the {zero_words(cache)}")
    _phase_legend(axes, shown)
    return figure


def _waterfall_rows(
    run: Run, cache: str
) -> list[tuple[str, TrialResult | None, list[TrialResult]]]:
    rows = []
    for case in run.scenario.cases:
        trials = [trial for trial in trials_of(run, case, cache) if trial.phases]
        if trials:
            rows.append((case, median_trial(trials), spread_out(trials, MOST_TRIALS)))
    return rows


def _spans(trial: TrialResult) -> list[tuple[str, float, float]]:
    return [
        (span.phase, span.start_s, span.end_s)
        for span in trial.phases
        if span.phase in WATERFALL_PHASES
    ]


def _end_s(trial: TrialResult) -> float:
    return max((end for _, _, end in _spans(trial)), default=0.0)


def _phase_bar(
    axes: Axes,
    trial: TrialResult,
    y: float,
    height: float,
    top: float,
    medians: Mapping[str, float] | None = None,
) -> None:
    """The phases of `trial`; with words where there are medians of its case to say."""
    for phase, start, end in _spans(trial):
        axes.barh(y, end - start, height, left=start, color=PHASES[phase], linewidth=0)
        if medians and f"{phase}_s" in medians and end - start > _NARROW * top:
            took = format_seconds(medians[f"{phase}_s"])
            text = f"{METRICS[f'{phase}_s'].title} {took}"
            if end - start < 0.018 * len(text) * top:
                text = took
            axes.text((start + end) / 2, y, text, ha="center", va="center", color=ON_BAR,
                      clip_on=True, in_layout=False)  # fmt: skip
    if trial.status is not TrialStatus.OK:
        axes.plot(_end_s(trial) + 0.006 * top, y, marker="x", color=LIMIT, markersize=5,
                  clip_on=False)  # fmt: skip


def _phase_legend(axes: Axes, shown: Sequence[TrialResult]) -> None:
    used = {phase for trial in shown for phase, _, _ in _spans(trial)}
    names = [phase for phase in WATERFALL_PHASES if phase in used]
    handles: list[Any] = [axes.barh(0, 0, color=PHASES[name], linewidth=0) for name in names]
    labels = [METRICS[f"{name}_s"].title for name in names]
    if any(trial.status is not TrialStatus.OK for trial in shown):
        handles += axes.plot([], [], marker="x", color=LIMIT, linestyle="none", markersize=5)
        labels.append("failed")
    legend_above(axes, handles, labels)


def _medians(trials: Sequence[TrialResult]) -> dict[str, float]:
    """The medians that all reports show of the phases and of the start."""
    good = [trial.metrics for trial in trials if trial.status is TrialStatus.OK]
    names = ("startup_s", *(f"{phase}_s" for phase in WATERFALL_PHASES))
    found = {name: [row[name] for row in good if name in row] for name in names}
    return {name: stats.median(values) for name, values in found.items() if values}


def zero_words(cache: str) -> str:
    """The moment that the times of a cache state count from."""
    return "pull request" if CacheState(cache).is_pulled else "create call"


def _startup_limit_s(run: Run, cache: str) -> float | None:
    from bench.report.rows import limits_by_id

    for verdict in run.verdicts:
        if verdict.metric == "startup_s" and verdict.cache in ("", cache):
            return limits_by_id(run)[verdict.id].value
    return None

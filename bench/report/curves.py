"""Curves over the life of a trial, thinned so that a picture stays small and keeps its peaks."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.analysis.trial_metrics import unreclaimable
from bench.core.domain import TrialStatus
from bench.judge.statistics import stats
from bench.results.summary import evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.analysis.model import TrialResult
    from bench.journal.columns import Samples
    from bench.results.run import Run

Values = np.ndarray[Any, np.dtype[np.float64]]

CPU_WINDOW_S = 0.1
"""Shortest stretch over which CPU seconds per second are taken for a curve."""

POINTS = 160
"""About how many points a curve keeps."""


@dataclass(frozen=True)
class Curve:
    """Values over seconds since the start call."""

    t_s: Values
    values: Values


def trials_of(run: Run, case: str, cache: str, arm: str = "fit") -> list[TrialResult]:
    """The trials of `case` that say something about its image."""
    return list(evidence(run, case, cache, arm).trials)


def median_trial(trials: Sequence[TrialResult], metric: str = "startup_s") -> TrialResult | None:
    """The trial whose `metric` is nearest to the median; None where none was successful."""
    known = [
        trial for trial in trials if trial.status is TrialStatus.OK and metric in trial.metrics
    ]
    if not known:
        return None
    middle = stats.median([trial.metrics[metric] for trial in known])
    return min(known, key=lambda trial: abs(trial.metrics[metric] - middle))


def spread_out(trials: Sequence[TrialResult], most: int) -> list[TrialResult]:
    """At most `most` of the trials, evenly from first to last."""
    if len(trials) <= most:
        return list(trials)
    picks = np.linspace(0, len(trials) - 1, most).round().astype(int)
    return [trials[index] for index in dict.fromkeys(picks.tolist())]


def started_s(trial: TrialResult) -> float:
    """When the start call was sent, in seconds from the trial's zero."""
    return next((span.start_s for span in trial.phases if span.phase == "start"), 0.0)


def samples_of(run: Run, trial: TrialResult) -> Samples:
    """The samples of one trial of the run."""
    return run.samples_by_id[trial.trial_id]


def memory_curve(run: Run, trial: TrialResult, *, charged: bool = False) -> Curve | None:
    """Memory in bytes: what cannot be reclaimed, or all that is charged; None where unknown."""
    samples = samples_of(run, trial)
    values = samples.get("memory_usage_bytes") if charged else unreclaimable(samples)
    if values is None or len(values) < 2:
        return None
    return _peaks(_seconds(trial, samples), values)


def cpu_curve(run: Run, trial: TrialResult) -> Curve | None:
    """CPU seconds per second, in cores; None where unknown."""
    samples = samples_of(run, trial)
    if "cpu_ns" not in samples:
        return None
    known = ~np.isnan(samples["cpu_ns"])
    t_s, used_s = _seconds(trial, samples)[known], samples["cpu_ns"][known] / 1e9
    if len(t_s) < 2 or t_s[-1] <= t_s[0]:
        return None
    window = max(CPU_WINDOW_S, (t_s[-1] - t_s[0]) / POINTS)
    ends = np.arange(t_s[0], t_s[-1] + window, window)
    rate = np.diff(np.interp(ends, t_s, used_s)) / window
    return Curve((ends[:-1] + ends[1:]) / 2, rate)


def gpu_curve(run: Run, trial: TrialResult, column: str) -> Curve | None:
    """A column of the GPU's samples as it stands; None where unknown."""
    samples = samples_of(run, trial)
    return _peaks(_seconds(trial, samples), samples[column]) if column in samples else None


def _seconds(trial: TrialResult, samples: Samples) -> Values:
    return (samples["t_ns"] - trial.zero_ns) / 1e9 - started_s(trial)


def _peaks(t_s: Values, values: Values) -> Curve | None:
    """Thinned to about `POINTS`, each the highest of its stretch, at the time of that sample."""
    known = ~np.isnan(values)
    t_s, values = t_s[known], values[known]
    if len(t_s) < 2:
        return None
    if len(t_s) <= POINTS:
        return Curve(t_s, values)
    edges = np.unique(np.linspace(0, len(t_s), POINTS + 1).astype(int))
    picks = [
        start + int(np.argmax(values[start:end]))
        for start, end in itertools.pairwise(edges.tolist())
    ]
    picks = sorted({0, *picks, len(t_s) - 1})
    return Curve(t_s[picks], values[picks])

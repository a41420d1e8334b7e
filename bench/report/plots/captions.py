"""The words below a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.domain import Arm, CacheState, TrialStatus
from bench.core.metrics import METRICS
from bench.core.units import format_seconds
from bench.judge.memory_arm import CHARGED_ELSEWHERE
from bench.judge.statistics import stats
from bench.report.curves import median_trial, trials_of
from bench.report.plots.phases import WATERFALL_PHASES
from bench.report.plots.values import strip_values
from bench.report.wording import one_line, unit_words, value_words

if TYPE_CHECKING:
    from bench.results.run import Run


def waterfall_words(run: Run, case: str, cache: str) -> str:
    """The phases of a case in words."""
    trials = trials_of(run, case, cache)
    middle = median_trial(trials)
    failed = sum(trial.status is TrialStatus.FAILED for trial in trials)
    words = f"{case}: {len(trials)} trials" + (f", {failed} failed" if failed else "")
    if middle is None:
        return f"{words}, none succeeded"
    phases = ", ".join(
        f"{span.phase} {format_seconds(span.duration_s)}"
        for span in middle.phases
        if span.phase in WATERFALL_PHASES
    )
    title, start_s = METRICS["startup_s"].title, middle.metrics["startup_s"]
    return f"{words}; nearest the median: {title} {format_seconds(start_s)} ({phases})"


def charged_words(cache: str, arm: str) -> str:
    """A note on what memory was charged to, where that is not all of a start."""
    pulled = arm == Arm.FIT and CacheState(cache).is_pulled
    return f" Memory of {cache} trials: {CHARGED_ELSEWHERE}." if pulled else ""


def resource_words(run: Run, case: str, cache: str, arm: str) -> str:
    """The curves of a case in words."""
    trials = trials_of(run, case, cache, arm)
    parts = [f"{case}, {len(trials)} trials"]
    for name in (
        "memory_anon_peak_bytes",
        "memory_peak_bytes",
        "cpu_cores_peak",
        "cpu_cores_peak_100ms",
    ):
        values = [trial.metrics[name] for trial in trials if name in trial.metrics]
        if values:
            top = value_words(max(values), name)
            parts.append(f"{METRICS[name].title} {top} at worst")
    return one_line(", ".join(parts))


def spread_words(run: Run, metric: str, cache: str) -> list[str]:
    """How the values of a metric are spread, case by case."""
    parts, unit = [], run.metrics[metric].unit
    for case in run.scenario.cases:
        values = strip_values(run, case, metric, cache)
        if values:
            low, middle, high = (
                unit_words(value, unit)
                for value in (min(values), stats.median(values), max(values))
            )
            parts.append(f"{case} median {middle} ({low} to {high}, n={len(values)})")
    return parts

"""The difference of two medians below which their ratio has no meaning.

A ratio of two figures near zero is large by nature: 0.3 % is 2.7 times 0.1 %, and neither could be
told from zero. Below the steps in which a figure is known, or below what the runtime itself takes,
no ratio is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.domain import CALIBRATION_CASE, TrialStatus
from bench.core.metrics import METRICS, Metric
from bench.judge.statistics import stats

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bench.analysis.model import TrialResult

    Rows = Sequence[Mapping[str, float]]

_BY_UNIT = {"pct": 1.0, "s": 0.001, "cores": 0.02, "bytes": 64 * 1024.0}
"""Steps by unit: shares come from samples, times from calls to the engine."""

_MEMORY = 2**20
"""The kernel counts memory in batches of 64 pages a core: 1 MiB on four cores."""

_PROBED = ("ready_s", "startup_s", "port_open_s", "restart_s")
"""Times that end with an answer to a probe, and so are as fine as the probing."""

_OF_RUNTIME = {
    "cpu_s": "cpu_s",
    "cpu_to_ready_s": "cpu_s",
    "memory_peak_bytes": "memory_peak_bytes",
    "memory_anon_peak_bytes": "memory_anon_peak_bytes",
    "memory_working_set_peak_bytes": "memory_working_set_peak_bytes",
}
"""Metrics that include the runtime's own start, each with its metric of a do-nothing container."""


def runtime_floor(trials: Iterable[TrialResult]) -> dict[str, float]:
    """The figures of the run's do-nothing container, by the metric whose floor they are."""
    idle = [
        trial.metrics
        for trial in trials
        if trial.key.case == CALIBRATION_CASE and trial.status is TrialStatus.OK
    ]
    found = {
        name: [row[source] for row in idle if source in row] for name, source in _OF_RUNTIME.items()
    }
    return {name: stats.median(values) for name, values in found.items() if values}


def step(metric: Metric, *sides: Rows, floor: float = 0.0) -> float:
    """The difference of medians, in the metric's unit, up to which nothing can be told.

    Zero for the metrics of a scenario's own, of which bench does not know how they are taken.

    Args:
        metric: of the table, or a scenario's own.
        sides: the metrics of the trials compared.
        floor: what the runtime itself takes, where that is what both sides are made of.
    """
    if METRICS.get(metric.name) != metric:
        return 0.0
    medians = [
        stats.median(values)
        for rows in sides
        if (values := [row[metric.name] for row in rows if metric.name in row])
    ]
    runtime = floor if medians and max(medians) <= floor else 0.0
    return max(runtime, _taken_in_steps_of(metric, sides))


def _taken_in_steps_of(metric: Metric, sides: Sequence[Rows]) -> float:
    if metric.name.startswith("memory_"):
        return float(_MEMORY)
    least = _BY_UNIT.get(metric.unit, 0.0)
    if metric.name not in _PROBED:
        return least
    resolutions = [
        stats.median(values)
        for rows in sides
        if (values := [row["ready_resolution_s"] for row in rows if "ready_resolution_s" in row])
    ]
    return max([least, *resolutions])

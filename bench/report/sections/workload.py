"""Figures that the workloads print, case by case, beside the time to ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.domain import TrialStatus
from bench.judge.statistics import stats
from bench.report.sections.section import Section
from bench.report.wording import unit_words
from bench.results.summary import evidence, measured_states

if TYPE_CHECKING:
    from bench.results.run import Run


def workload(run: Run) -> Section | None:
    """A row for each case and cache state; None where the scenario defines no metrics."""
    own = list(run.scenario.own_metrics)
    rows = [
        _row(run, case, cache, ["ready_s", *own])
        for case in run.scenario.cases
        for cache, arm in measured_states(run, case)
        if arm == "fit"
    ]
    if not own or not rows:
        return None
    return Section(
        title="what the workload printed",
        beside="figures from its output (medians of the successful trials)",
        columns=("case", "cache", "ready", *(run.metrics[name].title for name in own), "failed"),
        rows=tuple(rows),
    )


def _row(run: Run, case: str, cache: str, names: list[str]) -> tuple[str, ...]:
    found = evidence(run, case, cache)
    good = [trial for trial in found.trials if trial.status is TrialStatus.OK]
    cells = []
    for name in names:
        values = [trial.metrics[name] for trial in good if name in trial.metrics]
        middle = stats.median(values) if values else None
        cells.append(unit_words(middle, run.metrics[name].unit))
    failed = f"{len(found.failed)} of {len(found.trials)}" if found.failed else ""
    return (case, cache, *cells, failed)

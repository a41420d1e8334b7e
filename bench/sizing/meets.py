"""Whether a trial under a limit still meets what its case is judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.domain import Arm, Severity, TrialStatus
from bench.core.metrics import Scope
from bench.core.units import format_seconds
from bench.judge.aggregates import shown_against

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.analysis.model import TrialResult
    from bench.standard.rule import Rule

_HELD_BY_A_LIMIT = (
    "memory", "cpu_cores", "cpu_demand", "cpu_unseen", "processes", "io_", "gpu_",
)  # fmt: skip
"""Beginnings of the names of metrics that a lower limit holds down: they say nothing here."""


def is_about_size(row: Rule) -> bool:
    """Whether limits of memory and cores have to do with `row`."""
    if row.check is not None:
        return row.arm is Arm.NEED
    return row.measured.scope is Scope.TRIAL


def deciding_rows(rows: Sequence[Rule]) -> list[Rule]:
    """The blocking rows that a smaller limit can make a case fail."""
    return [
        row
        for row in rows
        if row.check is None
        and row.arm is Arm.FIT
        and row.severity is Severity.BLOCK
        and row.measured.scope is Scope.TRIAL
        and not row.metric.startswith(_HELD_BY_A_LIMIT)
    ]


def longest_wait_s(rows: Sequence[Rule], pull_s: float) -> float | None:
    """How long after the start it is worth waiting for ready; None where no row says so."""
    limits = [
        row.parsed_limit().value - (pull_s if row.metric == "startup_s" else 0.0)
        for row in rows
        if row.metric in ("startup_s", "ready_s")
    ]
    return min(limits, default=None)


def why_not(trial: TrialResult, rows: Sequence[Rule], pull_s: float) -> str:
    """Why the trial does not meet `rows`; empty where it does.

    Args:
        trial: without a pull of its own.
        rows: those that decide.
        pull_s: the pull that is added to its start, as measured under the case's own limits:
            limits are on the container, and do not touch the pull.
    """
    if trial.status is not TrialStatus.OK:
        return trial.reason
    kills = trial.metrics.get("oom_kills", 0.0)
    if kills:
        return f"{kills:.0f} killed for memory"
    for row in rows:
        value = trial.metrics.get(row.metric)
        if value is None:
            if row.required:
                return f"{row.measured.title} was not measured"
            continue
        added = pull_s if row.metric == "startup_s" else 0.0
        limit, unit = row.parsed_limit(), row.measured.unit
        if not limit.holds(value + added):
            said = f"{row.measured.title} {shown_against(value + added, limit, unit)}"
            pull = f", the pull of {format_seconds(pull_s)} included" if added else ""
            return f"{said} does not meet {row.limit_text}{pull}"
    return ""

"""Whether a trial under a limit still meets the rules of its case."""

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


def is_about_size(rule: Rule) -> bool:
    """Whether limits of memory and cores have to do with `rule`."""
    if rule.check is not None:
        return rule.arm is Arm.NEED
    return rule.measured.scope is Scope.TRIAL


def deciding_rules(rules: Sequence[Rule]) -> list[Rule]:
    """The blocking rules that a smaller limit can make a case fail."""
    return [
        rule
        for rule in rules
        if rule.check is None
        and rule.arm is Arm.FIT
        and rule.severity is Severity.BLOCK
        and rule.measured.scope is Scope.TRIAL
        and not rule.metric.startswith(_HELD_BY_A_LIMIT)
    ]


def longest_wait_s(rules: Sequence[Rule], pull_s: float) -> float | None:
    """How long after the start it is worth waiting for ready; None where no rule says so."""
    limits = [
        rule.bound.value - (pull_s if rule.metric == "startup_s" else 0.0)
        for rule in rules
        if rule.metric in ("startup_s", "ready_s")
    ]
    return min(limits, default=None)


def why_not(trial: TrialResult, rules: Sequence[Rule], pull_s: float) -> str:
    """Why the trial does not meet `rules`; empty where it does.

    Args:
        trial: without a pull of its own.
        rules: those that decide.
        pull_s: the pull that is added to its start, as measured under the case's own limits:
            limits are on the container, and do not touch the pull.
    """
    if trial.status is not TrialStatus.OK:
        return trial.reason
    kills = trial.metrics.get("oom_kills", 0.0)
    if kills:
        return f"{kills:.0f} killed for memory"
    for rule in rules:
        value = trial.metrics.get(rule.metric)
        if value is None:
            if rule.required:
                return f"{rule.measured.title} was not measured"
            continue
        added = pull_s if rule.metric == "startup_s" else 0.0
        limit, unit = rule.bound, rule.measured.unit
        if not limit.holds(value + added):
            said = f"{rule.measured.title} {shown_against(value + added, limit, unit)}"
            pull = f", the pull of {format_seconds(pull_s)} included" if added else ""
            return f"{said} does not meet {rule.limit_text}{pull}"
    return ""

"""The rows that a scenario is judged by: its checklist's, as its own settings change them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bench.core.domain import Arm
from bench.core.metrics import METRICS, Metric
from bench.scenario.model import CheckSetting
from bench.standard.rule import Rule
from bench.standard.thresholds import Aggregate, Operator

if TYPE_CHECKING:
    from bench.scenario.model import Scenario, Threshold, Waiver
    from bench.standard.checklist import Checklist
    from bench.standard.rule import Judgement


@dataclass(frozen=True)
class EffectiveRule:
    """A row and the waiver that the scenario has for it, whether or not that still holds."""

    row: Rule
    waiver: Waiver | None = None


def scenario_rows(scenario: Scenario, checklist: Checklist | None) -> tuple[EffectiveRule, ...]:
    """The rows that every case of `scenario` is judged by.

    A threshold takes the place of the first row that judges the same metric, under that row's
    id; where it asks for another arm or cache state than the row, or for something that a check
    made in code does not do, it is a row of its own, named after the metric. Then `checks:`
    changes the severity, what is required and the waiver of a row, or leaves it out.
    """
    rows = list(checklist.rows) if checklist else []
    for name, threshold in scenario.thresholds.items():
        for index, row in enumerate(rows):
            if row.metric == name and _same_question(row, threshold):
                rows[index] = _overridden(row, threshold)
                break
        else:
            rows.append(_own(name, threshold, scenario.own_metrics.get(name)))
    settings = {row.id: scenario.checks.get(row.id) for row in rows}
    return tuple(_set(row, settings[row.id]) for row in rows if settings[row.id] != "off")


def _same_question(row: Rule, threshold: Threshold) -> bool:
    # `arm: fit` is what a threshold says where nothing is written, so it cannot be told from
    # an arm that was asked for, and leaves the row its own.
    if threshold.cache is not None and threshold.cache is not row.cache:
        return False
    if row.check is not None:
        upper = threshold.limit.lstrip().startswith((Operator.AT_MOST, Operator.BELOW))
        return upper and threshold.over is Aggregate.MAX
    return threshold.arm is Arm.FIT or threshold.arm is row.arm


def _overridden(row: Rule, threshold: Threshold) -> Rule:
    changed = replace(
        row,
        limit=threshold.limit,
        severity=threshold.severity,
        required=threshold.required,
    )
    if row.check is not None:
        return changed
    return replace(changed, over=threshold.over, else_first=threshold.cache is None)


def _own(name: str, threshold: Threshold, own: Metric | None) -> Rule:
    metric = own or METRICS[name]
    return Rule(
        id=name,
        title=metric.title,
        rule=f"{metric.title} {threshold.limit}",
        why="",
        remedy="",
        judged_on=metric.meaning,
        misleads=metric.misleads,
        metric=name,
        over=threshold.over,
        limit=threshold.limit,
        cache=threshold.cache,
        arm=threshold.arm,
        severity=threshold.severity,
        required=threshold.required,
        own=own,
    )


def _set(row: Rule, setting: object) -> EffectiveRule:
    if not isinstance(setting, CheckSetting):
        return EffectiveRule(row)
    changed = replace(
        row,
        severity=setting.severity or row.severity,
        required=row.required if setting.required is None else setting.required,
        allow=tuple(setting.allow),
    )
    return EffectiveRule(changed, setting.waive)


def needs_arm(scenario: Scenario, checklist: Checklist | None, arm: Arm) -> bool:
    """Whether any row is judged on trials of `arm`."""
    return any(one.row.metric and one.row.arm is arm for one in scenario_rows(scenario, checklist))


def needs_check(scenario: Scenario, checklist: Checklist | None, check: Judgement) -> bool:
    """Whether any row is judged by `check`."""
    return any(one.row.check is check for one in scenario_rows(scenario, checklist))

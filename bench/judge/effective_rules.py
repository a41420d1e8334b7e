"""The rules that a scenario is judged by: its checklist's, as its own settings change them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bench.core.domain import Arm
from bench.core.metrics import METRICS, Metric
from bench.scenario.model import CheckSetting
from bench.standard.rule import Rule
from bench.standard.thresholds import Aggregate, limit_operator, parse_limit

if TYPE_CHECKING:
    from bench.scenario.model import Scenario, Threshold, Waiver
    from bench.standard.checklist import Checklist
    from bench.standard.rule import ExtraTrials


@dataclass(frozen=True)
class EffectiveRule:
    """A rule and the waiver that the scenario has for it, whether or not that still holds."""

    rule: Rule
    waiver: Waiver | None = None


def effective_rules(scenario: Scenario, checklist: Checklist | None) -> tuple[EffectiveRule, ...]:
    """The rules that every case of `scenario` is judged by.

    A threshold takes the place of the first rule that judges the same metric, under that rule's
    id; where it asks for another arm or cache state than the rule, or for something that a check
    made in code does not do, it is a rule of its own, named after the metric. Then `checks:`
    changes the severity, what is required and the waiver of a rule, or leaves it out.
    """
    rules = list(checklist.rules) if checklist else []
    for name, threshold in scenario.thresholds.items():
        for index, rule in enumerate(rules):
            if rule.metric == name and _same_question(rule, threshold):
                rules[index] = _overridden(rule, threshold)
                break
        else:
            rules.append(_own(name, threshold, scenario.own_metrics.get(name)))
    settings = {rule.id: scenario.checks.get(rule.id) for rule in rules}
    return tuple(_set(rule, settings[rule.id]) for rule in rules if settings[rule.id] != "off")


def _same_question(rule: Rule, threshold: Threshold) -> bool:
    # `arm: fit` is what a threshold says where nothing is written, so it cannot be told from
    # an arm that was asked for, and leaves the rule its own.
    if threshold.cache is not None and threshold.cache is not rule.cache:
        return False
    if rule.check is not None:
        return limit_operator(threshold.limit).is_upper and threshold.over is Aggregate.MAX
    return threshold.arm is Arm.FIT or threshold.arm is rule.arm


def _overridden(rule: Rule, threshold: Threshold) -> Rule:
    changed = replace(
        rule,
        limit=parse_limit(threshold.limit, rule.measured.unit),
        severity=threshold.severity,
        required=threshold.required,
    )
    if rule.check is not None:
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
        limit=parse_limit(threshold.limit, metric.unit),
        cache=threshold.cache,
        arm=threshold.arm,
        severity=threshold.severity,
        required=threshold.required,
        own=own,
    )


def _set(rule: Rule, setting: object) -> EffectiveRule:
    if not isinstance(setting, CheckSetting):
        return EffectiveRule(rule)
    changed = replace(
        rule,
        severity=setting.severity or rule.severity,
        required=rule.required if setting.required is None else setting.required,
    )
    return EffectiveRule(changed, setting.waive)


def needs_arm(scenario: Scenario, checklist: Checklist | None, arm: Arm) -> bool:
    """Whether any rule is judged on trials of `arm`."""
    return any(
        effective.rule.metric and effective.rule.arm is arm
        for effective in effective_rules(scenario, checklist)
    )


def needs_trials(scenario: Scenario, checklist: Checklist | None, trials: ExtraTrials) -> bool:
    """Whether the check of any rule needs these trials."""
    checks = (effective.rule.check for effective in effective_rules(scenario, checklist))
    return any(check is not None and check.needs.trials is trials for check in checks)

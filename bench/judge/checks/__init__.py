"""Checks: judgements that take more than one metric against one limit, one module for each.

A module is called as its check in `bench.standard.rule.Judgement`, and has a function `judge`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.analysis.model import TrialResult
    from bench.judge.finding import Finding
    from bench.judge.model import JudgeContext
    from bench.scenario.model import Case
    from bench.standard.rule import Rule


def judge_check(
    rule: Rule, case_id: str, case: Case, trials: Sequence[TrialResult], context: JudgeContext
) -> Finding:
    """Judge the rule's check."""
    assert rule.check is not None, "it is a metric against a limit"
    module = import_module(f"{__name__}.{rule.check.replace('-', '_')}")
    found: Finding = module.judge(rule, case_id, case, trials, context)
    return found

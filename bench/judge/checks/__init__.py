"""The judgements that are more than one metric against one limit, one module for each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bench.judge.checks.cpu_demand import judge_cpu
from bench.judge.checks.egress import judge_egress
from bench.judge.checks.memory_need import judge_memory
from bench.judge.checks.scale_out import judge_scale_out
from bench.judge.evidence import gather
from bench.judge.finding import Finding, sentence
from bench.judge.limits import NEED_TRIALS, blame_image, judged_cache
from bench.judge.model import Outcome
from bench.judge.row import Judgement
from bench.scenario.model import Arm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.judge.model import JudgeContext
    from bench.judge.row import Row
    from bench.results.model import TrialResult
    from bench.scenario.model import Case


def judge_check(
    row: Row, case_id: str, case: Case, trials: Sequence[TrialResult], context: JudgeContext
) -> Finding:
    """Judge the row's check."""
    complete = context.complete
    if row.check is Judgement.EGRESS:
        services = context.services
        return judge_egress(case_id, case, trials, services=services, complete=complete)
    if row.check is Judgement.SCALE_OUT:
        return judge_scale_out(case_id, case, trials, complete=complete)
    return _judge_need(row, case_id, case, trials, context)


def _judge_need(
    row: Row, case_id: str, case: Case, trials: Sequence[TrialResult], context: JudgeContext
) -> Finding:
    """What a pod needs, from the trials without limits."""
    cache, complete = judged_cache(row, case), context.complete
    need = gather(trials, case_id, arm=Arm.NEED, cache=None, planned=NEED_TRIALS)
    short = need.shortfall(complete=complete)
    if short is not None:
        return replace(short, cache=cache)
    if row.check is Judgement.MEMORY_NEED:
        fit = gather(
            trials, case_id, arm=Arm.FIT, cache=None, planned=case.repeat * len(case.cache)
        )
        found = judge_memory(row, case, need, fit, complete=complete)
    else:
        found = judge_cpu(row, need, context.host_cores)
    if found.outcome is Outcome.NOT_MEASURED or (
        found.outcome is Outcome.PASS and need.all_failed  # what it would take is not known
    ):
        found = blame_image(trials, case_id, need) or found
    elif need.failed:
        found = replace(found, reason=sentence(found.reason, need.failures()))
    return replace(found, cache=cache)

"""The judgements that are more than one metric against one limit: what a pod needs.

Both are made on the need arm, which runs without limits: a peak that was capped is never
compared with its own cap.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bench.judge.aggregates import shown_against
from bench.judge.evidence import Evidence, gather
from bench.judge.finding import Finding, sentence, unmeasured
from bench.judge.limits import NEAR, NEED_TRIALS, blame_image, judged_cache
from bench.judge.model import Outcome
from bench.judge.row import Judgement
from bench.metrics import METRICS
from bench.scenario.model import Arm
from bench.units import format_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.judge.row import Row
    from bench.results.model import TrialResult
    from bench.scenario.model import Case

NOT_BUILT = "this check is not built yet"

CPU_TOLERANCE = 0.02
"""Share by which a peak of demand may exceed the limit: what a window of 1 s is good for."""


def judge_check(
    row: Row,
    case_id: str,
    case: Case,
    trials: Sequence[TrialResult],
    *,
    host_cores: int,
    complete: bool,
) -> Finding:
    """Judge the row's check; one that this version cannot make is not measured."""
    if row.check is None or not row.check.built:
        return unmeasured(NOT_BUILT)
    cache = judged_cache(row, case)
    need = gather(trials, case_id, arm=Arm.NEED, cache=None, planned=NEED_TRIALS)
    short = need.shortfall(complete=complete)
    if short is not None:
        return replace(short, cache=cache)
    if row.check is Judgement.MEMORY_NEED:
        fit = gather(
            trials, case_id, arm=Arm.FIT, cache=None, planned=case.repeat * len(case.cache)
        )
        found = _memory(row, case, need, fit, complete=complete)
    else:
        found = _cpu(row, need, host_cores)
    if found.outcome is Outcome.NOT_MEASURED or (
        found.outcome is Outcome.PASS and need.all_failed  # what it would take is not known
    ):
        found = blame_image(trials, case_id, need) or found
    elif need.failed:
        found = replace(found, reason=sentence(found.reason, need.failures()))
    return replace(found, cache=cache)


def _memory(row: Row, case: Case, need: Evidence, fit: Evidence, *, complete: bool) -> Finding:
    limit, limit_text = row.parsed_limit(), row.limit_text
    peaks = need.values("memory_peak_bytes")
    held = need.values("memory_anon_peak_bytes")
    peak = max(peaks, default=None)
    n = len(peaks) or len(held)
    if held and not limit.holds(max(held)):
        reason = (
            f"{shown_against(max(held), limit, 'bytes')} of anonymous, shared and kernel memory, "
            f"which cannot be reclaimed, does not meet {limit_text}"
        )
        return Finding(Outcome.FAIL, reason, peak, n)
    if peak is None:
        return unmeasured(f"no trial of the need arm has {row.metric}")
    shown = shown_against(peak, limit, "bytes")
    flag = ""
    if abs(peak - limit.value) <= NEAR * limit.value:
        flag = f"the peak is within {NEAR:.0%} of the limit"
    if limit.holds(peak):
        reason = f"a peak of {shown} with no limit set meets {limit_text}"
        return Finding(Outcome.PASS, sentence(reason, flag), peak, n)
    if not held:
        reason = f"a peak of {shown} exceeds the limit, and how much of it is page cache is unknown"
        return Finding(Outcome.INCONCLUSIVE, sentence(reason, flag), peak, n)
    outcome, why = _fits(limit.value, case, fit, complete=complete)
    reason = (
        f"a peak of {shown} exceeds the limit only with page cache "
        f"({format_bytes(max(held))} cannot be reclaimed), so the fit arm decides: {why}"
    )
    return Finding(outcome, sentence(reason, flag), peak, n)


def _fits(limit_bytes: float, case: Case, fit: Evidence, *, complete: bool) -> tuple[Outcome, str]:
    """Whether the trials under a limit of at most `limit_bytes` show that it lives there."""
    cap = case.effective_limits.memory
    if cap is None or cap > limit_bytes:
        return Outcome.INCONCLUSIVE, "the case has no memory limit as low as this one"
    if fit.failed:
        return Outcome.FAIL, fit.failures()
    kills = sum(fit.values("oom_kills"))
    if kills:
        return Outcome.FAIL, f"{kills:.0f} processes were killed for memory under the limit"
    short = fit.shortfall(complete=complete)
    if short is not None:
        return short.outcome, short.reason
    if not fit.trials:
        return Outcome.INCONCLUSIVE, "it has no trials"
    if any("oom_kills" not in one.metrics for one in fit.trials):
        return Outcome.INCONCLUSIVE, "kills for memory were not counted in every trial"
    return Outcome.PASS, f"{len(fit.trials)} trials under the limit, none killed for memory"


def _cpu(row: Row, need: Evidence, host_cores: int) -> Finding:
    limit = row.parsed_limit()
    metric, note = row.metric, ""
    if not need.values(metric):
        if host_cores <= limit.value:
            if not need.trials or need.all_failed:
                return unmeasured(f"no trial of the need arm has {metric}")
            reason = (
                f"no schedstat, so time spent waiting for a core is unknown, and a host with "
                f"{host_cores} cores cannot show a use above {limit.value:g}"
            )
            return Finding(Outcome.INCONCLUSIVE, reason, n=len(need.trials))
        metric = "cpu_cores_peak"
        note = "cores used, for there is no schedstat to say how many were asked for"
    values = need.values(metric)
    if not values:
        return unmeasured(f"no trial of the need arm has {row.metric}")
    peak, unit = max(values), METRICS[metric].unit
    shown = shown_against(peak, limit, unit)
    if limit.holds(peak):
        outcome, reason = Outcome.PASS, f"{shown} meets {row.limit_text}"
    elif peak <= limit.value * (1 + CPU_TOLERANCE):
        outcome = Outcome.PASS
        reason = f"{shown} meets {row.limit_text} within the tolerance of {CPU_TOLERANCE:.0%}"
    else:
        outcome, reason = Outcome.FAIL, f"{shown} does not meet {row.limit_text}"
    moved = metric if metric != row.metric else ""
    return Finding(outcome, sentence(reason, note), peak, len(values), metric=moved)

"""CI-7: how much memory a pod needs, judged on the need arm.

A peak that was capped is never compared with its own cap. Where only page cache brings the peak
over the limit, the fit arm decides whether the case lives under one. Whatever is decided, it is
said where the case's own limit squeezed it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bench.judge.aggregates import shown_against
from bench.judge.finding import Finding, counted, sentence, unmeasured
from bench.judge.limits import NEAR
from bench.judge.model import Outcome
from bench.metrics import METRICS
from bench.units import format_bytes

if TYPE_CHECKING:
    from bench.judge.evidence import Evidence
    from bench.judge.row import Row
    from bench.scenario.model import Case


def judge_memory(row: Row, case: Case, need: Evidence, fit: Evidence, *, complete: bool) -> Finding:
    """Judge `row` on the trials without limits (`need`) and under the case's own (`fit`)."""
    found = _judge(row, case, need, fit, complete=complete)
    if found.outcome is Outcome.NOT_MEASURED:
        return found
    return replace(found, reason=sentence(found.reason, _squeezed(case, fit)))


def _judge(row: Row, case: Case, need: Evidence, fit: Evidence, *, complete: bool) -> Finding:
    limit, limit_text = row.parsed_limit(), row.limit_text
    peaks = need.values(METRICS["memory_peak_bytes"])
    held = need.values(METRICS["memory_anon_peak_bytes"])
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
    kills = sum(fit.values(METRICS["oom_kills"]))
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


def _squeezed(case: Case, fit: Evidence) -> str:
    """What the case's own limit did to it; empty where it stayed clear of it."""
    cap = case.effective_limits.memory
    if cap is None:
        return ""
    peaks = fit.values(METRICS["memory_peak_bytes"])
    pressed = sum(peak >= (1 - NEAR) * cap for peak in peaks)
    killed = sum(kills > 0 for kills in fit.values(METRICS["oom_kills"]))
    parts = []
    if pressed:
        of = counted(len(peaks), "trial")
        parts.append(
            f"the peak, page cache included, came within {NEAR:.0%} of it in {pressed} of {of}"
        )
    if killed:
        parts.append(f"processes were killed for memory in {counted(killed, 'trial')}")
    if not parts:
        return ""
    return f"its own limit of {format_bytes(cap)} squeezes it: {', and '.join(parts)}"

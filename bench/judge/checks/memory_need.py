"""CI-7: how much memory a pod needs, judged on the need arm.

Each trial by itself. A peak that was capped is never compared with its own cap. Where only page
cache brings the peak over the limit, the fit arm decides whether the case lives under one.
Whatever is decided, it is said where the case's own limit squeezed it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bench.core.capability import Capability
from bench.core.domain import Arm
from bench.core.metrics import METRICS
from bench.core.units import format_bytes
from bench.judge.aggregates import shown_against
from bench.judge.evidence import gather
from bench.judge.finding import Finding, counted, sentence, unmeasured
from bench.judge.limit_notes import NEAR
from bench.judge.limits import STACK_PEAK, STACK_PEAK_UPPER
from bench.judge.model import Outcome
from bench.judge.pod_needs import judge_need

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.analysis.model import TrialResult
    from bench.judge.evidence import Evidence
    from bench.judge.model import JudgeContext
    from bench.scenario.model import Case
    from bench.standard.rule import Rule
    from bench.standard.thresholds import Limit


def judge(
    rule: Rule, case_id: str, case: Case, trials: Sequence[TrialResult], context: JudgeContext
) -> Finding:
    """Judge the trials without limits and those under the case's own."""
    planned = case.repeat * len(case.cache)
    fit = gather(trials, case_id, arm=Arm.FIT, cache=None, planned=planned)

    def judged(need: Evidence) -> Finding:
        return judge_memory(rule, case, need, fit, complete=context.complete)

    return judge_need(rule, case_id, case, trials, context, judged, all_kills_counted=True)


def judge_memory(
    rule: Rule, case: Case, need: Evidence, fit: Evidence, *, complete: bool
) -> Finding:
    """Judge `rule` on the trials without limits (`need`) and under the case's own (`fit`)."""
    found = _judge(rule, case, need, fit, complete=complete)
    if found.outcome is Outcome.NOT_MEASURED:
        return found
    return replace(found, reason=sentence(found.reason, _squeezed(case, fit)))


@dataclass(frozen=True)
class _Taken:
    """Memory that one trial without limits used, in bytes; None where it was not measured.

    Attributes:
        peak: the kernel's high-water mark; of a stack the least that its services had together.
        most: the same; of a stack the most that they can have had together.
        sure: what surely cannot be reclaimed, the highest sample: a lower bound. Anonymous and
            shared memory, with that of the kernel where its reclaimable caches are told apart.
        held: the same with all that may not be reclaimed.
        unseen: how far the peak is above the highest sample of all memory.
    """

    peak: float | None
    most: float | None
    sure: float | None
    held: float | None
    unseen: float | None

    @classmethod
    def of(cls, trial: TrialResult, *, stack: bool) -> _Taken:
        """Read from the metrics of `trial`."""
        peak = trial.metrics.get(STACK_PEAK)
        sampled = trial.metrics.get("memory_usage_peak_bytes")
        held = trial.metrics.get("memory_anon_peak_bytes")
        told_apart = "memory_slab_reclaimable_peak_bytes" in trial.metrics
        apart = trial.metrics.get("memory_anon_shmem_peak_bytes", held)
        return cls(
            peak=peak,
            most=trial.metrics.get(STACK_PEAK_UPPER) if stack else peak,
            sure=held if told_apart else apart,
            held=held,
            unseen=None if peak is None or sampled is None else max(0.0, peak - sampled),
        )

    @property
    def held_at_most(self) -> float | None:
        """The most that was not page cache, were all that no sample saw not page cache."""
        if self.held is None or self.unseen is None:
            return None
        return self.held + self.unseen


def _judge(rule: Rule, case: Case, need: Evidence, fit: Evidence, *, complete: bool) -> Finding:
    """Trial by trial: the peak of one is not set against the page cache of another."""
    limit, limit_text = rule.bound, rule.limit_text
    stack = case.lacks(Capability.SINGLE)
    taken = [_Taken.of(trial, stack=stack) for trial in need.trials]
    peak = max((use.peak for use in taken if use.peak is not None), default=None)
    sure = max((use.sure for use in taken if use.sure is not None), default=0.0)
    n = sum(use.peak is not None or use.held is not None for use in taken)
    if not limit.holds(sure):
        reason = (
            f"at least {shown_against(sure, limit, 'bytes')} that is not cache (sampled, so a "
            f"lower bound) does not meet {limit_text}"
        )
        return Finding(Outcome.FAIL, reason, peak, n)
    if peak is None:
        return unmeasured(f"no trial of the need arm has {rule.metric}")
    shown = shown_against(peak, limit, "bytes")
    flag = ""
    if abs(peak - limit.value) <= NEAR * limit.value:
        flag = f"the peak is within {NEAR:.0%} of the limit"
    over = [use for use in taken if use.peak is not None and not limit.holds(use.peak)]
    if over:
        found = _over(limit, over, case, fit, complete=complete)
        reason = f"a peak of {shown} exceeds the limit, {found.reason}"
        return replace(found, reason=sentence(reason, flag), actual=peak, n=n)
    open_ends = [use.most for use in taken if use.most is None or not limit.holds(use.most)]
    if open_ends:
        ends = [end for end in open_ends if end is not None]
        upper = format_bytes(max(ends)) if len(ends) == len(open_ends) else "an unknown amount"
        reason = f"the services took between {shown} and {upper} together, the sum of their peaks"
        return Finding(Outcome.INCONCLUSIVE, sentence(reason, flag), peak, n)
    highest = max(use.most for use in taken if use.most is not None)
    span = f" to {format_bytes(highest)}" if highest > peak else ""
    reason = f"a peak of {shown}{span} with no limit set meets {limit_text}"
    return Finding(Outcome.PASS, sentence(reason, flag), peak, n)


def _over(
    limit: Limit, over: Sequence[_Taken], case: Case, fit: Evidence, *, complete: bool
) -> Finding:
    """Of trials whose peak exceeds the limit, though what is not page cache was not seen to."""
    if any(use.held is None for use in over):
        return Finding(Outcome.INCONCLUSIVE, "and how much of it is page cache is unknown")
    at_most = [use.held_at_most for use in over]
    if any(amount is None or not limit.holds(amount) for amount in at_most):
        return Finding(
            Outcome.INCONCLUSIVE,
            "and no sample was close enough to the peak to tell how much is page cache",
        )
    outcome, why = _fits(limit.value, case, fit, complete=complete)
    most = format_bytes(max(amount for amount in at_most if amount is not None))
    return Finding(
        outcome,
        f"but only with page cache (all else is at most {most}), so the fit arm decides: {why}",
    )


def _fits(limit_bytes: float, case: Case, fit: Evidence, *, complete: bool) -> tuple[Outcome, str]:
    """Whether the trials under a limit of at most `limit_bytes` show that it lives there."""
    cap = case.effective_limits.memory
    if cap is None or cap > limit_bytes:
        return Outcome.INCONCLUSIVE, "the case has no memory limit as low as this one"
    if fit.failed:
        return Outcome.FAIL, fit.failures()
    kills = sum(fit.values(METRICS["oom_kills"]))
    if kills:
        return Outcome.FAIL, f"{kills:.0f} processes were OOM-killed under the limit"
    short = fit.shortfall(complete=complete)
    if short is not None:
        return short.outcome, short.reason
    if not fit.trials:
        return Outcome.INCONCLUSIVE, "it has no trials"
    if any("oom_kills" not in trial.metrics for trial in fit.trials):
        return Outcome.INCONCLUSIVE, "out-of-memory kills were not counted in every trial"
    return Outcome.PASS, f"{len(fit.trials)} trials under the limit, without out-of-memory kills"


def _squeezed(case: Case, fit: Evidence) -> str:
    """A note where the case's own limit was reached; empty where it was not."""
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
        parts.append(f"processes were OOM-killed in {counted(killed, 'trial')}")
    if not parts:
        return ""
    return f"its own limit of {format_bytes(cap)} constrains it: {', and '.join(parts)}"

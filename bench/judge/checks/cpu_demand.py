"""CI-8: how many cores a pod asks for, judged on the need arm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.judge.aggregates import shown_against
from bench.judge.finding import Finding, sentence, unmeasured
from bench.judge.model import Outcome
from bench.metrics import METRICS

if TYPE_CHECKING:
    from bench.judge.evidence import Evidence
    from bench.judge.row import Row

CPU_TOLERANCE = 0.02
"""Share by which a peak of demand may exceed the limit: what a window of 1 s is good for."""


def judge_cpu(row: Row, need: Evidence, host_cores: int) -> Finding:
    """Judge `row` on the trials without limits, made on a host with `host_cores`."""
    limit = row.parsed_limit()
    metric, note = row.metric, ""
    if not need.values(METRICS[metric]):
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
    values = need.values(METRICS[metric])
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

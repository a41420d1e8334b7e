"""Totals of a stack over its services, and the chain of services that its readiness waited for.

A stack has no counters of its own. Its samples are the sum of those of its services at each moment
at which any of them was looked at, straight lines in between; before its first sample a service
counts as nothing, and after its last its totals stay while what it held is gone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.analysis.trial_metrics import sampled_metrics
from bench.core.domain import TrialStatus
from bench.core.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.analysis.model import TrialResult
    from bench.core.domain import TrialKey
    from bench.journal.columns import Samples
    from bench.journal.facts.stack import WaitFact

Values = np.ndarray[Any, np.dtype[np.float64]]

METHOD = "sum of the services"

_COUNTERS = [metric.counter for metric in METRICS.values() if metric.counter]
_TOTALS = frozenset(
    {
        *(counter.column for counter in _COUNTERS if counter.grows),
        "cpu_wait_ns", "cpu_seen_ns", "cpu_ending_ns", "exit_reports_lost",
        "throttled_n", "quota_periods_n", "forks_refused",
    }
)  # fmt: skip
"""Columns that only grow, and stay when a service is gone."""

_OF_ALL = (
    "cpu_s", "cpu_cores_peak", "cpu_cores_peak_100ms", "cpu_demand_cores_peak",
    "cpu_unseen_share_pct",
)  # fmt: skip
"""Metrics that a stack has only where each of its services has them."""

_OF_THE_DEVICE = re.compile(r"gpu(_utilization_pct|\d+_(?!own_).*)")
"""Columns that say the same of all services, for they share the device."""


@dataclass(frozen=True)
class StackStart:
    """One start of a stack.

    Attributes:
        whole: its trial.
        members: those of its services, in the order of their start.
    """

    whole: TrialResult
    members: tuple[TrialResult, ...]

    def member(self, service: str) -> TrialResult | None:
        """The trial of one service."""
        return next((member for member in self.members if member.service == service), None)

    def total_of(self, metric: str) -> float | None:
        """The sum of a metric over the services; None where any has none."""
        values = [member.metrics[metric] for member in self.members if metric in member.metrics]
        return sum(values) if len(values) == len(self.members) else None


@dataclass(frozen=True)
class ChainLink:
    """One service on the way that the last answer waited for; seconds from the stack's zero.

    Attributes:
        service: which.
        after: the service whose condition let it start; empty where it waited for no other.
        started_s: its start call was sent.
        ready_s: it was ready.
    """

    service: str
    after: str
    started_s: float
    ready_s: float


def starts_of(results: Sequence[TrialResult]) -> list[StackStart]:
    """Every start of a stack among `results`, in their order."""
    members: dict[tuple[TrialKey, int], list[TrialResult]] = {}
    for trial in results:
        if trial.service:
            members.setdefault((trial.key, trial.attempt), []).append(trial)
    return [
        StackStart(trial, tuple(members[trial.key, trial.attempt]))
        for trial in results
        if not trial.service and (trial.key, trial.attempt) in members
    ]


def with_sums(
    results: Sequence[TrialResult], columns: Sequence[Samples]
) -> tuple[list[TrialResult], list[Samples]]:
    """The same results and samples, in which stacks have what their services took together."""
    samples = {id(trial): table for trial, table in zip(results, columns, strict=True)}
    changed: dict[int, TrialResult] = {}
    for start in starts_of(results):
        tables = [samples[id(member)] for member in start.members]
        whole, unsampled = start.whole, _unsampled(start, tables)
        samples[id(whole)] = table = {} if unsampled else summed(tables)
        changed[id(whole)] = replace(
            whole,
            metrics=whole.metrics | _metrics(start, table),
            method=METHOD,
            unsampled=unsampled,
        )
    return (
        [changed.get(id(trial), trial) for trial in results],
        [samples[id(trial)] for trial in results],
    )


def _unsampled(start: StackStart, tables: Sequence[Samples]) -> tuple[str, ...]:
    """The services without samples: what they took is not known, and neither is any sum."""
    there = {
        member.service
        for member, table in zip(start.members, tables, strict=True)
        if len(table.get("t_ns", ()))
    }
    stack = start.whole.facts.stack
    names = (stack and stack.services) or [member.service for member in start.members]
    return tuple(name for name in names if name not in there)


def with_doubts(results: Sequence[TrialResult]) -> list[TrialResult]:
    """The same results, in which a stack is an error where one of its services is."""
    changed: dict[int, TrialResult] = {}
    for start in starts_of(results):
        wrong = next(
            (member for member in start.members if member.status is TrialStatus.ERROR), None
        )
        if wrong is not None and start.whole.status.counts:
            reason = f"{wrong.service}: {wrong.reason}"
            changed[id(start.whole)] = replace(start.whole, status=TrialStatus.ERROR, reason=reason)
    return [changed.get(id(trial), trial) for trial in results]


def summed(tables: Sequence[Samples]) -> Samples:
    """The sum of several services' samples, column by column; only columns that all have."""
    if not tables:
        return {}
    stamps = np.unique(np.concatenate([table["t_ns"] for table in tables]))
    names = [
        name for name in tables[0] if all(name in table for table in tables) and name != "t_ns"
    ]
    total: Samples = {"t_ns": stamps}
    for name in names:
        if name.endswith("_energy_mj"):
            total[name] = _read_by_any(stamps, tables, name)
            continue
        values = [_at(stamps, table, name) for table in tables]
        is_shared = _OF_THE_DEVICE.fullmatch(name)
        total[name] = np.max(values, axis=0) if is_shared else np.sum(values, axis=0)
    return total


def _at(stamps: Values, table: Samples, name: str) -> Values:
    """The column of one service at these moments."""
    known = ~np.isnan(table[name])
    if not known.any():
        return np.full(len(stamps), np.nan)
    own, values = table["t_ns"][known], table[name][known]
    after = 0.0
    if name in _TOTALS:
        values = np.maximum.accumulate(values)  # those of an interface fall to zero when it goes
        after = values[-1]
    found: Values = np.interp(stamps, own, values, left=0.0, right=after)
    return found


def _read_by_any(stamps: Values, tables: Sequence[Samples], name: str) -> Values:
    """A counter of the device, of which each service's readings are readings of the same."""
    known = [~np.isnan(table[name]) for table in tables]
    own = np.concatenate([table["t_ns"][there] for table, there in zip(tables, known, strict=True)])
    values = np.concatenate(
        [table[name][there] for table, there in zip(tables, known, strict=True)]
    )
    if not len(own):
        return np.full(len(stamps), np.nan)
    order = np.argsort(own, kind="stable")
    found: Values = np.interp(stamps, own[order], values[order])
    return found


def _metrics(start: StackStart, table: Samples) -> dict[str, float]:
    """The totals over all services.

    The memory peak lies between two ends. They had the highest sum of the samples at one moment,
    and the largest of the kernel's high-water marks, each a service's own; and no more than all
    these marks together, which need not have been reached at the same time.
    """
    metrics = sampled_metrics(table)
    for name in _OF_ALL:
        if any(name not in member.metrics for member in start.members):
            metrics.pop(name, None)  # the sum of some is not that of all
    charged = table.get("memory_usage_bytes")
    marks = [
        member.metrics["memory_peak_bytes"]
        for member in start.members
        if "memory_peak_bytes" in member.metrics
    ]
    if charged is not None and not np.isnan(charged).all() and marks:
        least = max(float(np.nanmax(charged)), *marks)
        metrics["memory_peak_bytes"] = least
        if len(marks) == len(start.members):
            metrics["memory_peak_upper_bytes"] = max(least, sum(marks))
    kills = [member.metrics.get("oom_kills") for member in start.members]
    counted = sum(kill for kill in kills if kill is not None)
    metrics.pop("oom_kills", None)
    if counted or (kills and None not in kills):
        metrics["oom_kills"] = counted
    stopped = [
        member.metrics["stop_killed"] for member in start.members if "stop_killed" in member.metrics
    ]
    if stopped:
        metrics["stop_killed"] = max(stopped)
    ready = start.whole.facts.ready
    if ready and "cpu_ns" in table:
        used_ns = np.interp(ready.at_ns, table["t_ns"], table["cpu_ns"])
        metrics["cpu_to_ready_s"] = float(used_ns) / 1e9
    return metrics


def chain_of(start: StackStart) -> list[ChainLink]:
    """The services that the last answer waited for, one after the other, the first first.

    Each is the one whose condition was met last of those that the next waited for. Empty where
    the stack did not get ready.
    """
    ready = start.whole.facts.ready
    if not ready:
        return []
    chain: list[ChainLink] = []
    service, seen = ready.probe, set()
    while service and service not in seen:
        seen.add(service)
        trial = start.member(service)
        if trial is None or "startup_s" not in trial.metrics:
            return []
        waits = trial.facts.member.waits if trial.facts.member else ()
        met = [(_met_s(start, wait), wait) for wait in waits]
        after = max(met, key=lambda pair: pair[0])[1].service if met else ""
        started_s = _begin_s(trial, "start")
        chain.append(ChainLink(service, after, started_s, trial.metrics["startup_s"]))
        service = after
    return chain[::-1]


def _met_s(start: StackStart, wait: WaitFact) -> float:
    """When the condition of `wait` was met."""
    trial = start.member(wait.service)
    if trial is None:
        return 0.0
    if wait.condition == "service_started":
        return next((span.end_s for span in trial.phases if span.phase == "start"), 0.0)
    return trial.metrics.get("startup_s", 0.0)


def _begin_s(trial: TrialResult, phase: str) -> float:
    return next((span.start_s for span in trial.phases if span.phase == phase), 0.0)

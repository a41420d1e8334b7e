"""From the events of one trial to its metrics: pure arithmetic on stamps and counters."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.analysis.contacts import before_ready
from bench.analysis.model import PhaseSpan, TrialResult
from bench.analysis.pull_path import PullPath, critical_path
from bench.analysis.time_breakdown import time_shares
from bench.analysis.workload import workload_metrics
from bench.core.domain import TrialStatus
from bench.core.metrics import METRICS
from bench.journal.facts.course import TrialEnd
from bench.journal.facts.trial import TrialFacts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.journal.columns import Samples
    from bench.journal.facts.course import Phase
    from bench.journal.trial_events import TrialEvents

WINDOW_NS = 1_000_000_000
"""Length of the windows over which peaks of CPU use and demand are taken."""

SHORT_WINDOW_NS = 100_000_000
"""Length of those in which a burst shows; two samples at least must fit into one."""

TICK_NS = 10_000_000
"""The most that the kernel's time of a running thread may lag behind (CONFIG_HZ=100)."""

SLAB = "memory_slab_reclaimable_bytes"

Values = np.ndarray[Any, np.dtype[np.float64]]


def derive(events: TrialEvents, samples: Samples) -> TrialResult:
    """The trial's result; a trial without an end was cut off and counts as interrupted."""
    started, ended = events.started, events.ended or _cut_off(events)
    facts = ended.facts
    zero_ns = _zero_ns(events, facts)
    spans = tuple(_span(phase, zero_ns) for phase in events.phases)
    metrics = _time_metrics(events.phases, facts, zero_ns)
    path = _pull_path(events)
    if path is not None and not path.unreliable:
        metrics |= {"pull_download_s": path.download_s, "pull_extract_s": path.extract_s}
    metrics |= _counter_metrics(facts)
    metrics |= sampled_metrics(samples)
    if facts.memory_kill is not None and facts.memory_kill.engine_flag:
        metrics["oom_kills"] = max(1.0, metrics.get("oom_kills", 0.0))
    metrics |= _share_metrics(events, samples)
    metrics |= _egress_metrics(facts)
    metrics |= workload_metrics(facts)
    _refuse_impossible(metrics)
    return TrialResult(
        trial_id=started.trial_id,
        key=started.key,
        service=started.service,
        attempt=started.attempt,
        status=ended.status,
        reason=ended.reason,
        metrics=metrics,
        phases=spans,
        layers=tuple(events.layers),
        log_tail=ended.log_tail,
        facts=facts,
        zero_ns=zero_ns,
        method=events.method,
        path=path,
    )


def _cut_off(events: TrialEvents) -> TrialEnd:
    """The end of a trial that has none."""
    reason = "the run was cut off in this trial"
    return TrialEnd(events.started.trial_id, TrialStatus.INTERRUPTED, reason, TrialFacts(), ())


def _pull_path(events: TrialEvents) -> PullPath | None:
    """The pull taken apart; None where nothing was pulled, or not to its end."""
    pull = next((span for span in events.phases if span.phase == "pull"), None)
    if pull is None or not events.layers:
        return None
    return critical_path(events.layers, pull.took_ns / 1e9)


def _refuse_impossible(metrics: Mapping[str, float]) -> None:
    for name, value in metrics.items():
        signed = name == "exit_code" or name not in METRICS  # a workload's figures may be negative
        if not math.isfinite(value) or (value < 0 and not signed):
            raise ValueError(f"{name} would be {value}")


def _zero_ns(events: TrialEvents, facts: TrialFacts) -> int:
    """The trial's zero: the start of the pull, or of the create call."""
    if facts.zero_ns is not None:
        return facts.zero_ns
    for phase in events.phases:
        if phase.phase != "prepare":
            return phase.start_ns
    return events.phases[0].end_ns if events.phases else 0


def _span(phase: Phase, zero_ns: int) -> PhaseSpan:
    resolution_ns = phase.resolution_ns
    return PhaseSpan(
        phase=phase.phase,
        start_s=(phase.start_ns - zero_ns) / 1e9,
        end_s=(phase.end_ns - zero_ns) / 1e9,
        clock=phase.clock,
        resolution_s=None if resolution_ns is None else resolution_ns / 1e9,
    )


def _time_metrics(phases: Sequence[Phase], facts: TrialFacts, zero_ns: int) -> dict[str, float]:
    by_name = {phase.phase: phase for phase in phases}
    metrics = {
        f"{name}_s": phase.took_ns / 1e9
        for name, phase in by_name.items()
        if name in ("pull", "create", "start", "ready", "stop", "remove")
    }
    if {"stop", "restart"} <= set(by_name):
        metrics["restart_s"] = metrics["stop_s"] + by_name["restart"].took_ns / 1e9
    ready, start = facts.ready, by_name.get("start")
    if ready:
        metrics["startup_s"] = (ready.at_ns - zero_ns) / 1e9
        metrics["ready_resolution_s"] = ready.resolution_ns / 1e9
    if facts.first_output_ns is not None and facts.start_sent_ns is not None:
        metrics["first_output_s"] = (facts.first_output_ns - facts.start_sent_ns) / 1e9
    if facts.port_open and start:
        metrics["port_open_s"] = (facts.port_open.at_ns - start.end_ns) / 1e9
    ended_ns = facts.exit.at_ns if facts.exit else None
    if ended_ns is not None and facts.stop is None and start:
        metrics["run_s"] = (ended_ns - start.end_ns) / 1e9
    return metrics


def _counter_metrics(facts: TrialFacts) -> dict[str, float]:
    """The totals that a trial recorded, and the kernel's high-water mark."""
    known = {
        "memory_peak_bytes": facts.counters.memory_peak_bytes if facts.counters else None,
        "downloaded_bytes": facts.downloaded_bytes,
        "exit_code": facts.exit.code if facts.exit else None,
        "stop_killed": facts.stop.killed if facts.stop else None,
    }
    metrics = {name: float(value) for name, value in known.items() if value is not None}
    if facts.cpu_ns_at_ready is not None:
        metrics["cpu_to_ready_s"] = facts.cpu_ns_at_ready / 1e9
    if facts.member and facts.member.waited_ns is not None:
        metrics["waited_s"] = facts.member.waited_ns / 1e9
    return metrics


def _counted(samples: Samples) -> dict[str, float]:
    """The metrics that are the highest value of a counter."""
    metrics: dict[str, float] = {}
    for metric in METRICS.values():
        highest = _highest(samples, metric.counter.column) if metric.counter else None
        if metric.counter and highest is not None:
            metrics[metric.name] = highest * metric.counter.factor
    return metrics


def sampled_metrics(samples: Samples) -> dict[str, float]:
    """Everything that is computed from samples alone, by name."""
    metrics = _counted(samples)
    periods, paused = _highest(samples, "quota_periods_n"), _highest(samples, "throttled_n")
    derived = {
        "cpu_throttled_periods_pct": 100 * (paused or 0.0) / periods if periods else None,
        "memory_anon_peak_bytes": _top(unreclaimable(samples)),
        "memory_anon_shmem_peak_bytes": _top(process_memory(samples)),
        "memory_working_set_peak_bytes": _top(working_set(samples)),
        "cpu_cores_peak": _peak_rate(samples, "cpu_ns"),
        "cpu_cores_peak_100ms": _short_peak(samples),
        "cpu_demand_cores_peak": _peak_demand(samples),
        "cpu_unseen_share_pct": _unseen_share_pct(samples),
        "gpu_energy_j": _growth(samples, "gpu_energy_mj", 1e-3),
    }
    metrics |= {name: value for name, value in derived.items() if value is not None}
    return metrics


def _share_metrics(events: TrialEvents, samples: Samples) -> dict[str, float]:
    """The shares of the time from the return of the start call to ready, in per cent."""
    ready = next((span for span in events.phases if span.phase == "ready"), None)
    if ready is None:
        return {}
    shares = time_shares(samples, events.threads, ready.start_ns, ready.end_ns)
    if shares is None:
        return {}
    return {
        "running_share_pct": 100 * shares.running,
        "core_wait_share_pct": 100 * shares.core_wait,
        "throttled_share_pct": 100 * shares.throttled,
        "disk_wait_share_pct": 100 * shares.disk_wait,
        "idle_share_pct": 100 * shares.idle,
    }


def _egress_metrics(facts: TrialFacts) -> dict[str, float]:
    """Outside contacts before ready, where all of them could be seen."""
    seen = facts.egress
    if seen is None or not seen.observed or seen.dropped:
        return {}
    undeclared = [contact for contact in before_ready(facts) if not contact.allowed]
    tried = {(contact.kind, contact.destination) for contact in undeclared}
    return {"egress_attempts": float(len(tried))}


def process_memory(samples: Samples) -> Values | None:
    """Anonymous + shared memory at each sample, bytes: none of it the kernel's."""
    if "memory_anon_bytes" not in samples:
        return None
    total = samples["memory_anon_bytes"].copy()
    if "memory_shmem_bytes" in samples:
        total = total + np.nan_to_num(samples["memory_shmem_bytes"])
    return total


def unreclaimable(samples: Samples) -> Values | None:
    """Anonymous + shared + kernel memory at each sample, bytes; what a limit cannot squeeze.

    The kernel's caches of names and of inodes are in its memory and can be reclaimed: they are
    left out where it tells them apart (`memory_slab_reclaimable_bytes`), as cgroup v1 does not.
    """
    total = process_memory(samples)
    if total is None or "memory_kernel_bytes" not in samples:
        return total
    kernel = samples["memory_kernel_bytes"]
    if SLAB in samples:
        kernel = np.maximum(0.0, kernel - np.nan_to_num(samples[SLAB]))
    return total + np.nan_to_num(kernel)


def working_set(samples: Samples) -> Values | None:
    """Charged memory less inactive file cache at each sample, bytes; as docker stats has it."""
    if "memory_usage_bytes" not in samples or "memory_inactive_file_bytes" not in samples:
        return None
    # Two files, read one after the other: the cache may have grown in between.
    return np.maximum(0.0, samples["memory_usage_bytes"] - samples["memory_inactive_file_bytes"])


def _top(values: Values | None) -> float | None:
    if values is None or np.isnan(values).all():
        return None
    return float(np.nanmax(values))


def _highest(samples: Samples, column: str) -> float | None:
    return _top(samples.get(column))


def _growth(samples: Samples, column: str, factor: float) -> float | None:
    values = samples.get(column)
    if values is None:
        return None
    known = values[~np.isnan(values)]
    return float(known[-1] - known[0]) * factor if len(known) > 1 else None


def _known(samples: Samples, *columns: str) -> tuple[Values, list[Values]] | None:
    """The stamps and these columns where all of them were read; None where one never was."""
    if not samples.keys() >= set(columns):
        return None
    there = np.all([~np.isnan(samples[name]) for name in columns], axis=0)
    return samples["t_ns"][there], [samples[name][there] for name in columns]


def _peak_rate(samples: Samples, column: str) -> float | None:
    """Most growth of a nanosecond counter per nanosecond, over windows of one second."""
    found = _known(samples, column)
    if found is None:
        return None
    stamps, (counter,) = found
    return _peak_slope(stamps, counter)


def _short_peak(samples: Samples) -> float | None:
    """Most CPU seconds per second in any 100 ms; None where samples are too far apart for that."""
    found = _known(samples, "cpu_ns")
    if found is None:
        return None
    stamps, (used,) = found
    if len(stamps) < 2 or np.median(np.diff(stamps)) > SHORT_WINDOW_NS / 2:
        return None
    return _peak_slope(stamps, used, SHORT_WINDOW_NS)


def _peak_demand(samples: Samples) -> float | None:
    """The same for time used plus time waited, where the waiting was read."""
    found = _known(samples, "cpu_ns", "cpu_wait_ns")
    if found is None:
        return None
    stamps, (used, waited) = found
    if len(stamps) > 1 and np.diff(stamps).max() > 2 * WINDOW_NS:
        return None  # what was asked for in a second that nobody looked at is not known
    return _peak_slope(stamps, used + waited)


def _unseen_share_pct(samples: Samples) -> float | None:
    """Most CPU time that no task accounts for in any second, in % of the most used in any.

    Not of what was used in that second: where a container hardly runs, what is unseen may be much
    of it and can still not have asked for many cores. Less than a tick of the scheduler is none.

    A task whose end was reported is not unseen for what it used after its report. Where reports
    were dropped they stand for nothing but themselves.
    """
    found = _known(samples, "cpu_ns", "cpu_seen_ns", "cpu_ending_ns")
    if found is None:
        return None
    stamps, (used, seen, ending) = found
    if _highest(samples, "exit_reports_lost"):
        ending = np.zeros_like(ending)
    most = _peak_slope(stamps, used)
    unseen = _peak_slope(stamps, used - seen - ending)
    if most is None or unseen is None:
        return None
    return 100 * min(1.0, unseen / most) if unseen * WINDOW_NS > TICK_NS else 0.0


def _peak_slope(stamps: Values, values: Values, window_ns: int = WINDOW_NS) -> float | None:
    """The largest growth within any window, per nanosecond.

    Growth between samples counts as even, so the largest is in a window that begins or ends with
    a sample. A shorter burst is divided by the whole window: 50 ms do not need a core for 1 s.
    """
    if len(stamps) < 2:
        return None
    after = np.interp(stamps + window_ns, stamps, values) - values
    before = values - np.interp(stamps - window_ns, stamps, values)
    return float(max(after.max(), before.max()) / window_ns)

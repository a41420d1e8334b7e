"""From the events of one trial to its metrics: pure arithmetic on stamps and counters."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.results.model import LayerPull, PhaseSpan, TrialKey, TrialResult, TrialStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.results.events import Samples

WINDOW_NS = 1_000_000_000
"""Length of the windows over which peaks of CPU use and demand are taken."""


@dataclass
class TrialEvents:
    """What the journal has of one trial, as its lines are read."""

    started: Mapping[str, Any]
    phases: list[Mapping[str, Any]] = field(default_factory=list)
    layers: list[LayerPull] = field(default_factory=list)
    batches: list[Samples] = field(default_factory=list)
    method: str = ""
    ended: Mapping[str, Any] | None = None

    def add_samples(self, method: str, columns: Samples) -> None:
        """Take one batch of samples, read by `method`."""
        self.method = self.method or method
        self.batches.append(columns)

    def samples(self) -> Samples:
        """Every column over all batches, in the order of time; not-a-number where one lacks it."""
        names = list(dict.fromkeys(name for batch in self.batches for name in batch))
        joined = {
            name: np.concatenate(
                [
                    batch[name] if name in batch else np.full(len(batch["t_ns"]), np.nan)
                    for batch in self.batches
                ]
            )
            for name in names
        }
        stamps = joined.get("t_ns", np.empty(0))
        if (np.diff(stamps) >= 0).all():
            return joined
        order = np.argsort(stamps, kind="stable")  # two threads may write batches
        return {name: values[order] for name, values in joined.items()}


def derive(events: TrialEvents, samples: Samples) -> TrialResult:
    """The trial's result; a trial without an end was cut off and counts as interrupted."""
    started, ended = events.started, events.ended or {}
    facts = dict(ended.get("facts") or {})
    status = TrialStatus(ended.get("status", TrialStatus.INTERRUPTED))
    zero_ns = _zero_ns(events, facts)
    spans = tuple(_span(phase, zero_ns) for phase in events.phases)
    metrics = _time_metrics(events.phases, facts, zero_ns)
    metrics |= _counter_metrics(facts, samples)
    metrics |= _sampled_metrics(samples)
    _refuse_impossible(metrics)
    return TrialResult(
        trial_id=started["trial_id"],
        key=TrialKey(**started["key"]),
        attempt=int(started["attempt"]),
        status=status,
        reason=str(ended.get("reason", "the run was cut off in this trial")),
        metrics=metrics,
        phases=spans,
        layers=tuple(events.layers),
        log_tail=tuple(ended.get("log_tail") or ()),
        facts=facts | {"method": events.method, "zero_ns": zero_ns},
    )


def _refuse_impossible(metrics: Mapping[str, float]) -> None:
    for name, value in metrics.items():
        if not math.isfinite(value) or (value < 0 and name != "exit_code"):
            raise ValueError(f"{name} would be {value}")


def _zero_ns(events: TrialEvents, facts: Mapping[str, Any]) -> int:
    """The trial's zero: the start of the pull, or of the create call."""
    if "zero_ns" in facts:
        return int(facts["zero_ns"])
    for phase in events.phases:
        if phase["phase"] != "prepare":
            return int(phase["start_ns"])
    return int(events.phases[0]["end_ns"]) if events.phases else 0


def _span(phase: Mapping[str, Any], zero_ns: int) -> PhaseSpan:
    resolution_ns = phase.get("resolution_ns")
    return PhaseSpan(
        phase=phase["phase"],
        start_s=(phase["start_ns"] - zero_ns) / 1e9,
        end_s=(phase["end_ns"] - zero_ns) / 1e9,
        clock=phase["clock"],
        resolution_s=None if resolution_ns is None else resolution_ns / 1e9,
    )


def _time_metrics(
    phases: Sequence[Mapping[str, Any]], facts: Mapping[str, Any], zero_ns: int
) -> dict[str, float]:
    by_name = {phase["phase"]: phase for phase in phases}
    metrics = {
        f"{name}_s": (phase["end_ns"] - phase["start_ns"]) / 1e9
        for name, phase in by_name.items()
        if name in ("pull", "create", "start", "ready", "stop", "remove")
    }
    ready = facts.get("ready")
    if ready:
        metrics["startup_s"] = (ready["at_ns"] - zero_ns) / 1e9
        metrics["ready_resolution_s"] = ready["resolution_ns"] / 1e9
    if "first_output_ns" in facts and "start_sent_ns" in facts:
        metrics["first_output_s"] = (facts["first_output_ns"] - facts["start_sent_ns"]) / 1e9
    ending = facts.get("exit")
    if ending and "stop" not in facts and "start" in by_name and ending["at_ns"] is not None:
        metrics["run_s"] = max(0, ending["at_ns"] - by_name["start"]["end_ns"]) / 1e9
    return metrics


def _counter_metrics(facts: Mapping[str, Any], samples: Samples) -> dict[str, float]:
    """Totals and high-water marks that the kernel keeps by itself."""
    counters = facts.get("counters") or {}
    metrics: dict[str, float] = {}
    if "memory_peak_bytes" in counters:
        metrics["memory_peak_bytes"] = float(counters["memory_peak_bytes"])
    if "cpu_ns_at_ready" in facts:
        metrics["cpu_to_ready_s"] = facts["cpu_ns_at_ready"] / 1e9
    for column, name, factor in (
        ("cpu_ns", "cpu_s", 1e-9),
        ("throttled_ns", "cpu_throttled_s", 1e-9),
        ("oom_kills", "oom_kills", 1.0),
        ("io_read_bytes", "io_read_bytes", 1.0),
        ("io_write_bytes", "io_write_bytes", 1.0),
        ("net_rx_bytes", "net_rx_bytes", 1.0),
        ("net_tx_bytes", "net_tx_bytes", 1.0),
    ):
        highest = _highest(samples, column)
        if highest is not None:
            metrics[name] = highest * factor
    if "downloaded_bytes" in facts:
        metrics["downloaded_bytes"] = float(facts["downloaded_bytes"])
    if facts.get("exit"):
        metrics["exit_code"] = float(facts["exit"]["code"])
    if facts.get("stop"):
        metrics["stop_killed"] = float(facts["stop"]["killed"])
    return metrics


def _sampled_metrics(samples: Samples) -> dict[str, float]:
    metrics: dict[str, float] = {}
    held = unreclaimable(samples)
    peaks = {
        "memory_anon_peak_bytes": _top(held),
        "memory_working_set_peak_bytes": _top(working_set(samples)),
        "processes_peak": _highest(samples, "tasks"),
        "gpu_memory_peak_bytes": _highest(samples, "gpu_memory_bytes"),
        "gpu_utilization_peak_pct": _highest(samples, "gpu_utilization_pct"),
        "cpu_cores_peak": _peak_rate(samples, "cpu_ns"),
        "cpu_demand_cores_peak": _peak_demand(samples),
        "gpu_energy_j": _growth(samples, "gpu_energy_mj", 1e-3),
    }
    metrics |= {name: value for name, value in peaks.items() if value is not None}
    return metrics


def unreclaimable(samples: Samples) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    """Anonymous + shared + kernel memory at each sample, bytes; what a limit cannot squeeze."""
    if "memory_anon_bytes" not in samples:
        return None
    total = samples["memory_anon_bytes"].copy()
    for name in ("memory_shmem_bytes", "memory_kernel_bytes"):
        if name in samples:
            total = total + np.nan_to_num(samples[name])
    return total


def working_set(samples: Samples) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    """Charged memory less inactive file cache at each sample, bytes; as docker stats has it."""
    if "memory_usage_bytes" not in samples or "memory_inactive_file_bytes" not in samples:
        return None
    # Two files, read one after the other: the cache may have grown in between.
    return np.maximum(0.0, samples["memory_usage_bytes"] - samples["memory_inactive_file_bytes"])


def _top(values: np.ndarray[Any, np.dtype[np.float64]] | None) -> float | None:
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


def _peak_rate(samples: Samples, column: str) -> float | None:
    """Most growth of a nanosecond counter per nanosecond, over windows of one second."""
    if column not in samples:
        return None
    known = ~np.isnan(samples[column])
    return _peak_slope(samples["t_ns"][known], samples[column][known])


def _peak_demand(samples: Samples) -> float | None:
    """The same for time used plus time waited, where the waiting was read."""
    if "cpu_wait_ns" not in samples or "cpu_ns" not in samples:
        return None
    known = ~np.isnan(samples["cpu_wait_ns"]) & ~np.isnan(samples["cpu_ns"])
    total = samples["cpu_wait_ns"][known] + samples["cpu_ns"][known]
    return _peak_slope(samples["t_ns"][known], total)


def _peak_slope(
    stamps: np.ndarray[Any, np.dtype[np.float64]], values: np.ndarray[Any, np.dtype[np.float64]]
) -> float | None:
    """Most growth within a second that begins at a sample, over that second.

    What grows for less than a second is divided by a second all the same: a burst of 50 ms does
    not need a core for longer than that.
    """
    if len(stamps) < 2:
        return None
    ends = stamps + WINDOW_NS
    values_at_end = np.interp(ends, stamps, values)
    return float(np.max(values_at_end - values) / WINDOW_NS)

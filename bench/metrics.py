"""The one table of metrics: name, unit, direction, what it means and when it misleads.

The threshold grammar, the published schema, the reports and `bench explain` all read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Better(StrEnum):
    """Which way a metric improves."""

    LOWER = "lower"
    HIGHER = "higher"
    NEITHER = "neither"


class Scope(StrEnum):
    """What a value belongs to: every trial has its own, or the image has one for the run."""

    TRIAL = "trial"
    IMAGE = "image"


@dataclass(frozen=True)
class Metric:
    """One named figure.

    Attributes:
        name: the column it stands in; ends in its unit.
        unit: `s`, `bytes`, `cores`, `pct`, `J`, or empty for counts and codes.
        title: a few words for a table's row.
        better: which way it improves.
        meaning: what it is and how it is taken.
        misleads: when not to trust it; empty where no such case is known.
        scope: whether each trial has its own value.
    """

    name: str
    unit: str
    title: str
    better: Better
    meaning: str
    misleads: str = ""
    scope: Scope = Scope.TRIAL

    @property
    def is_time(self) -> bool:
        """Whether a failed trial counts as infinite for it."""
        return self.unit == "s"


_L, _N = Better.LOWER, Better.NEITHER
_SAMPLED = "Sampled, so a peak between two samples is missed: a lower bound."
_FLOOR = (
    "The runtime's own start is charged to the container (see the calibration row): "
    "small figures are mostly that."
)

_TABLE = (
    Metric("build_s", "s", "build", _L,
           "Building the image, from sending the context to its id, once a run.",
           "The builder's layer cache is used where it holds; a second run is faster.",
           Scope.IMAGE),
    Metric("pull_s", "s", "pull", _L,
           "From sending the pull request to the end of its stream with the digest checked."),
    Metric("create_s", "s", "create", _L, "The engine's create call."),
    Metric("start_s", "s", "start", _L,
           "The engine's start call, until it returned; the process runs a few ms earlier."),
    Metric("ready_s", "s", "ready after start", _L,
           "From the return of the start call to the probe's confirming answer."),
    Metric("startup_s", "s", "start incl. pull", _L,
           "From just before the pull to the probe's confirming answer.",
           "Its pull share belongs to the link and the disk as much as to the image."),
    Metric("first_output_s", "s", "first output", _L,
           "From sending the start request to the first byte on stdout or stderr.",
           "Buffered output comes late; a silent program has none."),
    Metric("run_s", "s", "run", _L,
           "From the return of the start call to the exit of the main process.",
           "Clipped at zero where the process was gone before the start call returned."),
    Metric("stop_s", "s", "stop", _L, "From sending the stop request to its return.",
           "Close to the grace period when the signal was ignored: see stop_killed."),
    Metric("restart_s", "s", "restart", _L,
           "Stop, then start to ready again, with the container's volumes kept."),
    Metric("remove_s", "s", "remove", _L, "The engine's remove call."),
    Metric("ready_resolution_s", "s", "resolution of ready", _L,
           "From the end of the last refusal to the sending of the successful attempt, plus "
           "that attempt's round trip: ready lies within it."),
    Metric("image_size_bytes", "bytes", "image unpacked", _L,
           "Sum of regular-file bytes over the layers, hard links once: the same on every "
           "image store.", "A file deleted in a later layer still counts: it is shipped.",
           Scope.IMAGE),
    Metric("image_transfer_bytes", "bytes", "image compressed", _L,
           "Sum of the compressed layers and the configuration in the manifest.",
           "", Scope.IMAGE),
    Metric("downloaded_bytes", "bytes", "downloaded", _L,
           "Compressed bytes of the layers that the pull fetched, each distinct layer once."),
    Metric("layer_count", "", "layers", _L, "Layers in the manifest.", "", Scope.IMAGE),
    Metric("layer_waste_bytes", "bytes", "layer waste", _L,
           "Bytes shipped in one layer and overwritten or deleted by a later one.",
           "", Scope.IMAGE),
    Metric("memory_peak_bytes", "bytes", "memory peak", _L,
           "The kernel's high-water mark of charged memory, page cache included.",
           "Grows up to the limit for programs that read many files, without harm. " + _FLOOR),
    Metric("memory_anon_peak_bytes", "bytes", "anon memory peak", _L,
           "Highest sample of anonymous + shared + kernel memory, which cannot be reclaimed.",
           f"{_SAMPLED} On cgroup v1 the kernel brings memory.stat up to date in batches, so that "
           "the figure comes late, and too low where the trial is short."),
    Metric("memory_working_set_peak_bytes", "bytes", "working set peak", _L,
           "Highest sample of charged memory less inactive file cache, as docker stats shows.",
           _SAMPLED),
    Metric("oom_kills", "", "killed for memory", _L,
           "Processes of the container that the kernel killed for memory."),
    Metric("cpu_to_ready_s", "s", "CPU to ready", _L,
           "CPU seconds of all processes from start to ready, from the cgroup's counter.",
           _FLOOR),
    Metric("cpu_s", "s", "CPU", _L,
           "CPU seconds of all processes over the container's life, from the cgroup's counter.",
           _FLOOR),
    Metric("cpu_cores_peak", "cores", "CPU peak", _L,
           "Most CPU seconds per second used in any 1 s window.",
           "Cannot exceed the limit or the host's cores: see cpu_demand_cores_peak."),
    Metric("cpu_demand_cores_peak", "cores", "CPU demand peak", _L,
           "Most CPU seconds used plus seconds spent waiting for a core, per second, in any "
           "1 s window (schedstat of every thread).",
           "Waiting includes waiting for other tenants of the host; threads that live less "
           "than a sample are missed."),
    Metric("cpu_throttled_s", "s", "CPU throttled", _L,
           "Seconds for which the quota held the container back.",
           "Blind to contention with others and to steal."),
    Metric("io_read_bytes", "bytes", "disk read", _L, "Bytes read from block devices.",
           "Not measured on cgroup v1."),
    Metric("io_write_bytes", "bytes", "disk written", _L, "Bytes written to block devices.",
           "Not measured on cgroup v1, which misses buffered writes."),
    Metric("net_rx_bytes", "bytes", "network received", _N,
           "Bytes received on the container's interfaces, loopback apart.",
           "Broadcasts of the bridge count; the last sample before the end is taken."),
    Metric("net_tx_bytes", "bytes", "network sent", _N,
           "Bytes sent on the container's interfaces, loopback apart.",
           "The last sample before the end is taken."),
    Metric("processes_peak", "", "processes and threads peak", _L,
           "Most tasks at once in the container's pids cgroup.", _SAMPLED),
    Metric("gpu_memory_peak_bytes", "bytes", "GPU memory peak", _L,
           "Highest sample of the GPU memory of the container's processes, all devices.",
           _SAMPLED),
    Metric("gpu_utilization_peak_pct", "pct", "GPU utilisation peak", _N,
           "Highest sample of the busiest device's share of time with a kernel running.",
           "The driver's window is 1/6 s to 1 s; other tenants of the device count."),
    Metric("gpu_energy_j", "J", "GPU energy", _L,
           "Energy of the devices over the trial.", "Other tenants of the device count."),
    Metric("egress_attempts", "", "outside contacts", _L,
           "Distinct outside destinations tried before ready, less the allowed ones."),
    Metric("exit_code", "", "exit code", _N, "Exit code of the main process."),
    Metric("stop_killed", "", "killed at stop", _L,
           "1 where the stop ended in SIGKILL at the end of the grace period, else 0."),
)  # fmt: skip

METRICS: dict[str, Metric] = {metric.name: metric for metric in _TABLE}

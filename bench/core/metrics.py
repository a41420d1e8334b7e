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
    """The owner of a value: each trial has its own, or the image has one for the run."""

    TRIAL = "trial"
    IMAGE = "image"


@dataclass(frozen=True)
class Counter:
    """The sample column whose highest value a metric is.

    Attributes:
        column: of the samples.
        factor: from the column's unit to the metric's.
        grows: whether it is a total; else it is a level that goes up and down.
        may_fall: of a total, whether it falls when one of the devices that it sums goes away.
    """

    column: str
    factor: float = 1.0
    grows: bool = False
    may_fall: bool = False


@dataclass(frozen=True)
class Metric:
    """One named figure.

    Attributes:
        name: the column it stands in; ends in its unit.
        unit: `s`, `bytes`, `cores`, `pct`, `J`, or empty for counts and codes; `ms` and units of
            its own only where a scenario defines it.
        title: a few words for a table's row.
        better: which way it improves.
        meaning: what it is and how it is taken.
        misleads: when not to trust it; empty where no such case is known.
        scope: whether each trial has its own value.
        counter: the counter that it is read from, where that is all there is to it.
    """

    name: str
    unit: str
    title: str
    better: Better
    meaning: str
    misleads: str = ""
    scope: Scope = Scope.TRIAL
    counter: Counter | None = None

    @property
    def is_time(self) -> bool:
        """Whether a failed trial counts as infinite for it."""
        return is_time(self.unit)


def is_time(unit: str) -> bool:
    """Whether `unit` is one of time."""
    return unit in ("s", "ms")


_L, _N = Better.LOWER, Better.NEITHER
_SAMPLED = "Sampled, so a peak between two samples is missed: a lower bound."
_FLOOR = (
    "The runtime's own start is charged to the container (see the calibration row), and "
    "dominates small figures."
)

_COLD = (
    "In trials that pull (`cold`, `base`), the page cache of the image is charged to the engine, "
    "which unpacked it. So memory is compared in the trials without limits, which start with the "
    "image in place and the page cache dropped."
)

_SHARE = "Share of the time between the return of the start call and ready in which"
_SHARES_MISLEAD = (
    "An upper bound: threads that run in parallel between two samples count one after the "
    "other, up to the interval."
)

_TABLE = (
    Metric("build_s", "s", "build", _L,
           "Building the image, from the request to the builder to its end, once a run.",
           "The builder's layer cache is used where it holds; a second run is faster: see "
           "build_steps.",
           Scope.IMAGE),
    Metric("build_steps", "", "steps of the build", _L,
           "Steps of the build that were not in the builder's cache. FROM does not count; BuildKit "
           "has steps only for what changes files (RUN, COPY, ADD, WORKDIR), the classic builder "
           "for each instruction. Absent where the builder does not report them.",
           "If there are fewer than the Dockerfile has, build_s is not that of a first build.",
           Scope.IMAGE),
    Metric("rebuild_s", "s", "rebuild", _L,
           "Building the image again after a small change of the files that `rebuild_after` names, "
           "with the builder's cache, once a run right after the build.",
           "Steps that download something depend on the network and its servers.",
           Scope.IMAGE),
    Metric("rebuild_steps", "", "steps of a rebuild", _L,
           "Steps of that build that were not in the builder's cache, without FROM. Absent where "
           "the builder does not report them.",
           "Steps differ in weight: see rebuild_s.", Scope.IMAGE),
    Metric("pull_s", "s", "pull", _L,
           "From sending the pull request to the end of its stream with the digest checked."),
    Metric("pull_download_s", "s", "downloading", _L,
           "Time within the pull in which at least one layer was being downloaded: from the first "
           "byte that the engine reported until it was verified. Absent where the pull could not "
           "be split into steps.",
           "Depends on the link. Layers are extracted meanwhile, so this and pull_extract_s may "
           "add up to more than pull_s."),
    Metric("pull_extract_s", "s", "extracting", _L,
           "Time within the pull in which a layer was being extracted: from the engine's first "
           "message on it until the layer was in the store. Absent where the pull could not be "
           "split into steps.",
           "Depends on the disk and the cores of the host, and on the compression of the layers."),
    Metric("create_s", "s", "create", _L, "The engine's create call."),
    Metric("start_s", "s", "start", _L,
           "The engine's start call, until it returned; the process runs a few ms earlier."),
    Metric("waited_s", "s", "waited for others", _L,
           "Of a service of a stack: from when its container could be started until the "
           "conditions of the services that it depends on were met."),
    Metric("ready_s", "s", "ready after start", _L,
           "From the return of the start call to the probe's confirming answer.",
           "After a pull the page cache still holds the unpacked files, so a cold trial may be "
           "ready sooner after its start than one with the image in place and the page cache "
           "dropped."),
    Metric("startup_s", "s", "start incl. pull", _L,
           "From just before the pull to the probe's confirming answer.",
           "The pull depends on the link and the disk as much as on the image. Without a pull, "
           "it begins with the create call."),
    Metric("first_output_s", "s", "first output", _L,
           "From sending the start request to the first byte on stdout or stderr; not from its "
           "return, as a program may print before that.",
           "Buffered output appears late; a silent program has none."),
    Metric("port_open_s", "s", "port open", _L,
           "From the return of the start call to the first TCP connection of a probe, answered "
           "or not; http, tcp and grpc probes only.",
           "A port that opens long before ready_s accepts connections that are not answered. Its "
           "resolution is that of the probe: see ready_resolution_s."),
    Metric("run_s", "s", "run", _L,
           "From the return of the start call to the exit of the main process.",
           "Zero where the process exited before the start call returned."),
    Metric("stop_s", "s", "stop", _L, "From sending the stop request to its return.",
           "A stop that ended in SIGKILL took the scenario's grace period, so it is never "
           "compared as a time: see stop_killed."),
    Metric("restart_s", "s", "restart", _L,
           "The stop, plus the time from starting the same container again, with its volumes and "
           "all that it wrote, to the probe's confirming answer.",
           "Measured on the first of the replicas, while the others are stopped: what they share "
           "is warm."),
    Metric("remove_s", "s", "remove", _L, "The engine's remove call."),
    Metric("ready_resolution_s", "s", "resolution of ready", _L,
           "From the end of the last refusal to the sending of the successful attempt, plus "
           "that attempt's round trip: ready lies within it. If the attempt before timed out "
           "without an answer, it counts from the sending of that one."),
    Metric("image_size_bytes", "bytes", "image unpacked", _L,
           "Sum of regular-file bytes over the layers, hard links once: the same on every "
           "image store.", "A file deleted in a later layer still counts, as it is shipped.",
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
           "Programs that read many files fill it up to the limit, without harm. For a stack it "
           "is a lower bound: see memory_peak_upper_bytes. " + _COLD + " " + _FLOOR),
    Metric("memory_peak_upper_bytes", "bytes", "memory peak at most", _L,
           "Of a stack: the sum of its services' high-water marks. The true peak of all together "
           "lies between memory_peak_bytes and this.",
           "The services may have reached their marks at different times."),
    Metric("memory_usage_peak_bytes", "bytes", "memory peak as sampled", _L,
           "Highest sample of charged memory, page cache included. memory_peak_bytes also has "
           "peaks between two samples.", _SAMPLED,
           counter=Counter("memory_usage_bytes")),
    Metric("memory_anon_peak_bytes", "bytes", "anon memory peak", _L,
           "Highest sample of anonymous + shared + kernel memory, which cannot be reclaimed. The "
           "kernel's reclaimable caches of names and inodes are left out on cgroup v2.",
           f"{_SAMPLED} The kernel counts it in batches of 64 pages per core, and the last batch "
           "may be missing. On cgroup v1 it includes those caches, which the kernel does not "
           "separate there: see memory_anon_shmem_peak_bytes. " + _COLD),
    Metric("memory_anon_shmem_peak_bytes", "bytes", "anon and shared memory peak", _L,
           "Highest sample of anonymous + shared memory, without kernel memory.",
           f"{_SAMPLED} Page tables, stacks and socket buffers, which cannot be reclaimed either, "
           "are not included."),
    Metric("memory_slab_reclaimable_peak_bytes", "bytes", "reclaimable slab peak", _N,
           "Highest sample of the kernel's caches of names and inodes (slab_reclaimable), which it "
           "frees when memory runs short.",
           f"{_SAMPLED} Not measured on cgroup v1.",
           counter=Counter("memory_slab_reclaimable_bytes")),
    Metric("memory_working_set_peak_bytes", "bytes", "working set peak", _L,
           "Highest sample of charged memory less inactive file cache, as docker stats shows.",
           f"{_SAMPLED} {_COLD}"),
    Metric("oom_kills", "", "killed for memory", _L,
           "Processes of the container that the kernel killed because memory ran out, by its own "
           "counter; at least one where the engine reports an OOM kill.",
           counter=Counter("oom_kills", grows=True)),
    Metric("cpu_to_ready_s", "s", "CPU to ready", _L,
           "CPU seconds of all processes from start to ready, from the cgroup's counter.",
           _FLOOR),
    Metric("cpu_s", "s", "CPU", _L,
           "CPU seconds of all processes over the container's life, from the cgroup's counter.",
           _FLOOR,
           counter=Counter("cpu_ns", factor=1e-9, grows=True)),
    Metric("cpu_cores_peak", "cores", "CPU peak", _L,
           "Most CPU seconds per second used in any 1 s window.",
           "Cannot exceed the limit or the host's cores: see cpu_demand_cores_peak. A full core "
           "for 0.3 s is 0.3 cores here: see cpu_cores_peak_100ms."),
    Metric("cpu_cores_peak_100ms", "cores", "CPU peak over 100 ms", _L,
           "Most CPU seconds per second used in any 100 ms. Absent where samples are more than "
           "50 ms apart.",
           "Cannot exceed the host's cores. A quota applies per period, usually 100 ms. The kernel "
           "counts in ticks of up to 10 ms, which may move a tenth of the figure from one window "
           "to the next."),
    Metric("cpu_demand_cores_peak", "cores", "CPU demand peak", _L,
           "Most CPU seconds used plus seconds spent waiting for a core, per second, in any 1 s "
           "window: from schedstat of every running thread, and from the kernel's reports of "
           "those that ended.",
           "Waiting includes waiting for other tenants of the host. Where the kernel does not "
           "report ended threads (bench not root, or in a PID namespace), those that live shorter "
           "than a sample are missed: see cpu_unseen_share_pct."),
    Metric("cpu_unseen_share_pct", "pct", "CPU of threads unseen", _L,
           "Most CPU time in any 1 s window that was used by threads too short-lived to see, in "
           "per cent of the most used in any window. Their time waiting for a core is not in "
           "cpu_demand_cores_peak.",
           "CPU time of a thread after the kernel's report of its end counts as unseen: about 2 % "
           "if threads live for 2 ms."),
    Metric("cpu_throttled_s", "s", "CPU throttled", _L,
           "Seconds for which the CPU quota stopped the container.",
           "Does not include contention with other programs, nor steal.",
           counter=Counter("throttled_ns", factor=1e-9, grows=True)),
    Metric("cpu_throttled_periods_pct", "pct", "periods throttled", _L,
           "Share of the quota's periods, of 100 ms each, in which the container used up its "
           "quota before the end of the period. Absent where no quota is set.",
           "Shows how often, not for how long: see cpu_throttled_s. A short burst of many threads "
           "is throttled even if the quota suffices on average."),
    Metric("running_share_pct", "pct", "running", _N,
           f"{_SHARE} a thread of the container was on a core. Where some ran and others waited, "
           "the time is divided in proportion.", _SHARES_MISLEAD),
    Metric("core_wait_share_pct", "pct", "waiting for a core", _L,
           f"{_SHARE} a thread was ready to run, but the core was busy with other threads of the "
           "container, of the host or of bench.", _SHARES_MISLEAD),
    Metric("throttled_share_pct", "pct", "throttled", _L,
           f"{_SHARE} a thread was ready to run, but the CPU quota was used up.",
           f"Takes precedence over waiting for a core. {_SHARES_MISLEAD}"),
    Metric("disk_wait_share_pct", "pct", "waiting for disk", _L,
           f"{_SHARE} no thread could run and one waited for a disk: from the kernel's "
           "io.pressure, else from the state of threads at each sample (uninterruptible sleep).",
           "By state, it includes other uninterruptible waits, such as kernel locks and network "
           f"file systems; below 50 samples it is rough. {_SHARES_MISLEAD}"),
    Metric("idle_share_pct", "pct", "idle", _N,
           f"{_SHARE} no thread ran, could have run or waited for a disk: all slept, or "
           "waited for a timer, the network or another program.",
           "A lower bound, except for threads that live shorter than a sample, whose waits are "
           "not seen. On a virtual machine, steal may count as idle (see the steal share of the "
           "trial)."),
    Metric("io_read_bytes", "bytes", "disk read", _L, "Bytes read from block devices.",
           "Not measured on cgroup v1.",
           counter=Counter("io_read_bytes", grows=True, may_fall=True)),
    Metric("io_write_bytes", "bytes", "disk written", _L, "Bytes written to block devices.",
           "Not measured on cgroup v1, which misses buffered writes.",
           counter=Counter("io_write_bytes", grows=True, may_fall=True)),
    Metric("net_rx_bytes", "bytes", "network received", _N,
           "Bytes received on the container's interfaces, without loopback.",
           "Includes broadcasts of the bridge; taken from the last sample before the end.",
           counter=Counter("net_rx_bytes", grows=True, may_fall=True)),
    Metric("net_tx_bytes", "bytes", "network sent", _N,
           "Bytes sent on the container's interfaces, without loopback.",
           "Taken from the last sample before the end.",
           counter=Counter("net_tx_bytes", grows=True, may_fall=True)),
    Metric("processes_peak", "", "processes and threads peak", _L,
           "Most tasks at once in the container's pids cgroup.", _SAMPLED,
           counter=Counter("tasks")),
    Metric("gpu_memory_peak_bytes", "bytes", "GPU memory peak", _L,
           "Highest sample of the GPU memory of the container's processes, all devices.",
           _SAMPLED,
           counter=Counter("gpu_memory_bytes")),
    Metric("gpu_utilization_peak_pct", "pct", "GPU utilisation peak", _N,
           "Highest sample of the busiest device's share of time with a kernel running.",
           "The driver averages over 1/6 s to 1 s, so the first second of sampling is left out, as "
           "it may include earlier work. Includes other users of the device.",
           counter=Counter("gpu_utilization_pct")),
    Metric("gpu_energy_j", "J", "GPU energy", _L,
           "Energy of the devices over the trial.",
           "All energy of the devices, including idle power and other users."),
    Metric("egress_attempts", "", "outside contacts", _L,
           "Distinct outside destinations tried before ready (DNS query, TCP, UDP, ping), without "
           "those that the scenario declares.",
           "Absent where packets could not be observed or were missed. A DNS query and the "
           "connection that follows count as two."),
    Metric("exit_code", "", "exit code", _N, "Exit code of the main process."),
    Metric("stop_killed", "", "killed at stop", _L,
           "1 where the stop ended in SIGKILL at the end of the grace period, else 0."),
)  # fmt: skip

METRICS: dict[str, Metric] = {metric.name: metric for metric in _TABLE}

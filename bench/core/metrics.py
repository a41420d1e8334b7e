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
        return is_time(self.unit)


def is_time(unit: str) -> bool:
    """Whether `unit` is one of time."""
    return unit in ("s", "ms")


_L, _N = Better.LOWER, Better.NEITHER
_SAMPLED = "Sampled, so a peak between two samples is missed: a lower bound."
_FLOOR = (
    "The runtime's own start is charged to the container (see the calibration row): "
    "small figures are mostly that."
)

_COLD = (
    "In trials that pull (`cold`, `base`) the page cache of the image is not in it, for the engine "
    "was charged when it unpacked that: memory is compared in the trials without limits, which "
    "start with the image in place and the page cache dropped."
)

_SHARE = "Share of the time between the return of the start call and ready in which"
_SHARES_MISLEAD = (
    "Threads that run side by side between two samples count one after the other, up to the "
    "interval: an upper bound."
)

_TABLE = (
    Metric("build_s", "s", "build", _L,
           "Building the image, from the request to the builder to its end, once a run.",
           "The builder's layer cache is used where it holds; a second run is faster: see "
           "build_steps.",
           Scope.IMAGE),
    Metric("build_steps", "", "steps of the build", _L,
           "Steps of the build which the builder's cache did not have. FROM is none; BuildKit has "
           "steps only for what changes files (RUN, COPY, ADD, WORKDIR), the classic builder for "
           "each instruction. Absent where the builder does not say.",
           "With fewer than the Dockerfile has, build_s is not that of a first build.",
           Scope.IMAGE),
    Metric("rebuild_s", "s", "rebuild", _L,
           "Building the image again after a small change of the files that `rebuild_after` names, "
           "with the builder's cache, once a run right after the build.",
           "Steps that fetch something take what the network and its servers take at that moment.",
           Scope.IMAGE),
    Metric("rebuild_steps", "", "steps of a rebuild", _L,
           "Steps of that build which the builder's cache did not have; FROM is none. Absent where "
           "the builder does not say.",
           "Steps differ in weight: see rebuild_s.", Scope.IMAGE),
    Metric("pull_s", "s", "pull", _L,
           "From sending the pull request to the end of its stream with the digest checked."),
    Metric("pull_download_s", "s", "downloading", _L,
           "Time within the pull in which at least one layer was being downloaded: from the first "
           "byte that the engine showed of it until it was there and verified. Absent where the "
           "pull could not be taken apart.",
           "Belongs to the link. Layers are extracted meanwhile, so that it and pull_extract_s "
           "may add up to more than pull_s."),
    Metric("pull_extract_s", "s", "extracting", _L,
           "Time within the pull in which a layer was being extracted: from the first word on it "
           "until the layer was known to the store. Absent where the pull could not be taken "
           "apart.",
           "Belongs to the disk and the cores of the host, and to the compression of the layers."),
    Metric("create_s", "s", "create", _L, "The engine's create call."),
    Metric("start_s", "s", "start", _L,
           "The engine's start call, until it returned; the process runs a few ms earlier."),
    Metric("waited_s", "s", "waited for others", _L,
           "Of a service of a stack: from the moment at which its containers could be started to "
           "the moment at which those that it waits for had come far enough."),
    Metric("ready_s", "s", "ready after start", _L,
           "From the return of the start call to the probe's confirming answer.",
           "After a pull the page cache still holds what was just unpacked, so that a cold trial "
           "may be ready sooner after its start than one with the image in place and the page "
           "cache dropped."),
    Metric("startup_s", "s", "start incl. pull", _L,
           "From just before the pull to the probe's confirming answer.",
           "Its pull share belongs to the link and the disk as much as to the image. Where nothing "
           "is pulled it begins with the create call."),
    Metric("first_output_s", "s", "first output", _L,
           "From sending the start request to the first byte on stdout or stderr; not from its "
           "return, for a program may print before that.",
           "Buffered output comes late; a silent program has none."),
    Metric("port_open_s", "s", "port open", _L,
           "From the return of the start call to the first TCP connection that a probe got, "
           "whether or not it was answered; http, tcp and grpc probes only.",
           "A port that opens long before ready_s accepts connections that nobody answers. As "
           "fine as the probing: see ready_resolution_s."),
    Metric("run_s", "s", "run", _L,
           "From the return of the start call to the exit of the main process.",
           "Clipped at zero where the process was gone before the start call returned."),
    Metric("stop_s", "s", "stop", _L, "From sending the stop request to its return.",
           "A stop that ended in SIGKILL took the grace period that the scenario gives, which says "
           "nothing of the image and is never compared as a time: see stop_killed."),
    Metric("restart_s", "s", "restart", _L,
           "The stop, plus the time from starting the same container again, with its volumes and "
           "all that it wrote, to the probe's confirming answer.",
           "Taken of the first of several containers that were started at once, while the others "
           "are stopped: what they share is warm."),
    Metric("remove_s", "s", "remove", _L, "The engine's remove call."),
    Metric("ready_resolution_s", "s", "resolution of ready", _L,
           "From the end of the last refusal to the sending of the successful attempt, plus "
           "that attempt's round trip: ready lies within it. An attempt that was given up without "
           "an answer was not refused: from its sending."),
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
           "Grows up to the limit for programs that read many files, without harm. Of a stack it "
           "is a lower bound: see memory_peak_upper_bytes. " + _COLD + " " + _FLOOR),
    Metric("memory_peak_upper_bytes", "bytes", "memory peak at most", _L,
           "Of a stack: the sum of its services' high-water marks. What they took together at one "
           "moment lies between memory_peak_bytes and this.",
           "The services need not have reached their marks at the same time."),
    Metric("memory_usage_peak_bytes", "bytes", "memory peak as sampled", _L,
           "Highest sample of charged memory, page cache included. What memory_peak_bytes is above "
           "it came and went between two samples.", _SAMPLED),
    Metric("memory_anon_peak_bytes", "bytes", "anon memory peak", _L,
           "Highest sample of anonymous + shared + kernel memory, which cannot be reclaimed: the "
           "kernel's caches of names and inodes, which can, are left out on cgroup v2.",
           f"{_SAMPLED} The kernel counts it in batches, of 64 pages a core, and of those the last "
           "may be missing. On cgroup v1 those caches are in it, for the kernel does not tell them "
           "apart there: see memory_anon_shmem_peak_bytes. " + _COLD),
    Metric("memory_anon_shmem_peak_bytes", "bytes", "anon and shared memory peak", _L,
           "Highest sample of anonymous + shared memory, without any of the kernel's.",
           f"{_SAMPLED} Page tables, stacks and socket buffers cannot be reclaimed either, and are "
           "not in it."),
    Metric("memory_slab_reclaimable_peak_bytes", "bytes", "reclaimable slab peak", _N,
           "Highest sample of the kernel's caches of names and inodes (slab_reclaimable), which it "
           "gives up where memory runs short.",
           f"{_SAMPLED} Not measured on cgroup v1."),
    Metric("memory_working_set_peak_bytes", "bytes", "working set peak", _L,
           "Highest sample of charged memory less inactive file cache, as docker stats shows.",
           f"{_SAMPLED} {_COLD}"),
    Metric("oom_kills", "", "killed for memory", _L,
           "Processes of the container that the kernel killed for memory, by its own counter; at "
           "least one where the engine says that there was any."),
    Metric("cpu_to_ready_s", "s", "CPU to ready", _L,
           "CPU seconds of all processes from start to ready, from the cgroup's counter.",
           _FLOOR),
    Metric("cpu_s", "s", "CPU", _L,
           "CPU seconds of all processes over the container's life, from the cgroup's counter.",
           _FLOOR),
    Metric("cpu_cores_peak", "cores", "CPU peak", _L,
           "Most CPU seconds per second used in any 1 s window.",
           "Cannot exceed the limit or the host's cores: see cpu_demand_cores_peak. A full core "
           "for 0.3 s is 0.3 cores here: see cpu_cores_peak_100ms."),
    Metric("cpu_cores_peak_100ms", "cores", "CPU peak over 100 ms", _L,
           "Most CPU seconds per second used in any 100 ms. Absent where samples are more than "
           "50 ms apart.",
           "Cannot exceed the host's cores; a quota holds over its period, of 100 ms as a rule. "
           "The kernel counts at its ticks, up to 10 ms apart, which may move a tenth of it from "
           "one window to the next."),
    Metric("cpu_demand_cores_peak", "cores", "CPU demand peak", _L,
           "Most CPU seconds used plus seconds spent waiting for a core, per second, in any 1 s "
           "window: by schedstat of every thread that was there, and by the kernel's reports of "
           "those that ended.",
           "Waiting includes waiting for other tenants of the host. Where the kernel reports no "
           "ends (bench not root, or in a namespace of processes), threads that live less than a "
           "sample are missed: see cpu_unseen_share_pct."),
    Metric("cpu_unseen_share_pct", "pct", "CPU of threads unseen", _L,
           "Most CPU time in any 1 s window that was used by threads too short-lived to see, in "
           "per cent of the most that was used in any: how long those waited for a core is not in "
           "cpu_demand_cores_peak.",
           "What a thread uses from the kernel's report of its end until it is gone counts as "
           "unseen, about 2 % where threads live for 2 ms."),
    Metric("cpu_throttled_s", "s", "CPU throttled", _L,
           "Seconds for which the quota held the container back.",
           "Blind to contention with others and to steal."),
    Metric("cpu_throttled_periods_pct", "pct", "periods throttled", _L,
           "Share of the quota's periods, of 100 ms each, in which the container had used up its "
           "cores before the period was over. Absent where no quota is set.",
           "Says how often, not for how long: see cpu_throttled_s. A short burst of many threads "
           "is throttled under a quota that it needs for a moment only."),
    Metric("running_share_pct", "pct", "running", _N,
           f"{_SHARE} something of it was on a core. Where threads ran and waited at once, the "
           "time is divided as theirs is.", _SHARES_MISLEAD),
    Metric("core_wait_share_pct", "pct", "waiting for a core", _L,
           f"{_SHARE} something of it was ready to run and other work had the core: of other "
           "threads of its own, of the host, of bench.", _SHARES_MISLEAD),
    Metric("throttled_share_pct", "pct", "throttled", _L,
           f"{_SHARE} it was ready to run and its CPU quota held it back.",
           f"Where it also waited for a core, this counts. {_SHARES_MISLEAD}"),
    Metric("disk_wait_share_pct", "pct", "waiting for disk", _L,
           f"{_SHARE} nothing of it could run and something waited for a disk: by the kernel's "
           "io.pressure, else by the state of its threads at each sample (uninterruptible sleep).",
           "By state it also counts what else cannot be interrupted, as locks of the kernel and "
           f"network file systems; below 50 samples it is rough. {_SHARES_MISLEAD}"),
    Metric("idle_share_pct", "pct", "idle", _N,
           f"{_SHARE} nothing of it ran, could have run or waited for a disk: it slept, or "
           "waited for a timer, the network or another program.",
           "A lower bound, but for threads that live shorter than a sample: what these waited is "
           "not seen. On a virtual machine, time that other tenants of the machine took may count "
           "as idle (see the steal share of the trial)."),
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
           "The driver's window is 1/6 s to 1 s, so that the first second after sampling began is "
           "left out: it may be of what ran before. Other tenants of the device count."),
    Metric("gpu_energy_j", "J", "GPU energy", _L,
           "Energy of the devices over the trial.",
           "All of what the devices draw, idle or for others, as well as for the container."),
    Metric("egress_attempts", "", "outside contacts", _L,
           "Distinct outside destinations tried before ready (a name asked for, TCP, UDP, ping), "
           "less those that the scenario declares.",
           "Absent where packets could not be observed or were missed. A name that is asked for "
           "and the connection that follows count as two."),
    Metric("exit_code", "", "exit code", _N, "Exit code of the main process."),
    Metric("stop_killed", "", "killed at stop", _L,
           "1 where the stop ended in SIGKILL at the end of the grace period, else 0."),
)  # fmt: skip

METRICS: dict[str, Metric] = {metric.name: metric for metric in _TABLE}

"""The kernel's counter files of a container, on cgroup v1 and v2, and what stands in them.

Columns have the same names on both; what a version does not have is absent, never zero. Files
are opened once and read again from their start. On v1 `memory.stat` has hierarchical values
under `total_`, and block I/O misses buffered writes, so it is not read there at all.

`memory.stat` is read of the container's own cgroup: in the one above it the kernel now and then
adds up what the container took only every two seconds (seen with Linux 6.18, on v1 and v2, with
hundreds of MiB missing meanwhile). What is charged, and the peaks, are exact in both.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass

from bench.cgroup.mounts import CgroupVersion, ContainerCgroup

Parser = Callable[[bytes], dict[str, int]]


def _one(column: str) -> Parser:
    def parse(raw: bytes) -> dict[str, int]:
        text = raw.strip()
        return {column: int(text)} if text.isdigit() else {}

    return parse


def _pairs(columns: dict[str, tuple[str, int]]) -> Parser:
    """For files of `key value` lines: key -> (column, factor)."""

    def parse(raw: bytes) -> dict[str, int]:
        found = {}
        for line in raw.decode().splitlines():
            key, _, value = line.partition(" ")
            if key in columns:
                column, factor = columns[key]
                found[column] = int(value) * factor
        return found

    return parse


def _io_stat(raw: bytes) -> dict[str, int]:
    """v2 `io.stat`: bytes over all devices."""
    read = written = 0
    for field in raw.decode().split():
        key, _, value = field.partition("=")
        if key == "rbytes":
            read += int(value)
        elif key == "wbytes":
            written += int(value)
    return {"io_read_bytes": read, "io_write_bytes": written}


def _pressure(resource: str) -> Parser:
    """v2 `*.pressure`: microseconds for which some task was held up."""

    def parse(raw: bytes) -> dict[str, int]:
        for line in raw.decode().splitlines():
            if line.startswith("some "):
                return {f"pressure_{resource}_us": int(line.rpartition("total=")[2])}
        return {}

    return parse


@dataclass(frozen=True, eq=False)  # each is itself, which is found sooner than by its fields
class _File:
    controller: str
    name: str
    parse: Parser
    of_child: bool = False


_V1_MEMORY = _pairs(
    {
        "total_rss": ("memory_anon_bytes", 1),
        "total_shmem": ("memory_shmem_bytes", 1),
        "total_cache": ("memory_file_bytes", 1),
        "total_inactive_file": ("memory_inactive_file_bytes", 1),
    }
)
_V2_MEMORY = _pairs(
    {
        "anon": ("memory_anon_bytes", 1),
        "shmem": ("memory_shmem_bytes", 1),
        "file": ("memory_file_bytes", 1),
        "inactive_file": ("memory_inactive_file_bytes", 1),
        "kernel": ("memory_kernel_bytes", 1),
        "slab_reclaimable": ("memory_slab_reclaimable_bytes", 1),
    }
)

_QUOTA = {"nr_periods": ("quota_periods_n", 1), "nr_throttled": ("throttled_n", 1)}
_FORKS = _File("pids", "pids.events", _pairs({"max": ("forks_refused", 1)}), of_child=True)

_SAMPLED = {
    CgroupVersion.V1: (
        _File("memory", "memory.usage_in_bytes", _one("memory_usage_bytes")),
        _File("memory", "memory.stat", _V1_MEMORY, of_child=True),
        _File("memory", "memory.kmem.usage_in_bytes", _one("memory_kernel_bytes")),
        _File("cpuacct", "cpuacct.usage", _one("cpu_ns")),
        _File("pids", "pids.current", _one("tasks")),
        _File(
            "cpu",
            "cpu.stat",
            _pairs(_QUOTA | {"throttled_time": ("throttled_ns", 1)}),
            of_child=True,
        ),
        _File(
            "memory", "memory.oom_control", _pairs({"oom_kill": ("oom_kills", 1)}), of_child=True
        ),
        _FORKS,
    ),
    CgroupVersion.V2: (
        _File("memory", "memory.current", _one("memory_usage_bytes")),
        _File("memory", "memory.stat", _V2_MEMORY, of_child=True),
        _File("cpu", "cpu.stat", _pairs({"usage_usec": ("cpu_ns", 1000)})),
        _File("pids", "pids.current", _one("tasks")),
        _File("io", "io.stat", _io_stat),
        _File("cpu", "cpu.pressure", _pressure("cpu")),
        _File("memory", "memory.pressure", _pressure("memory")),
        _File("io", "io.pressure", _pressure("io")),
        _File("memory", "memory.events", _pairs({"oom_kill": ("oom_kills", 1)})),
        _FORKS,
        _File(
            "cpu",
            "cpu.stat",
            _pairs(_QUOTA | {"throttled_usec": ("throttled_ns", 1000)}),
            of_child=True,
        ),
    ),
}
_HIGH_WATER = {
    CgroupVersion.V1: _File("memory", "memory.max_usage_in_bytes", _one("memory_peak_bytes")),
    CgroupVersion.V2: _File("memory", "memory.peak", _one("memory_peak_bytes")),
}

_MOST_TASKS = _File("pids", "pids.peak", _one("tasks_peak"))


class CounterFiles:
    """The open counter files of one container."""

    def __init__(self, cgroup: ContainerCgroup) -> None:
        self._cgroup = cgroup
        version = cgroup.mounts.version
        self.method = f"cgroup-{version}"
        self._files = _SAMPLED[version]
        self._high_water = _HIGH_WATER[version]
        self._descriptors: dict[_File, int] = {}
        self._last_high_water: dict[str, int] = {}

    def read(self) -> tuple[bytes | None, ...]:
        """The raw bytes of every sampled file; None where it is not there (yet, or any more)."""
        raw = tuple(self._read(file) for file in self._files)
        if not self._cgroup.outlives_container:
            self._last_high_water |= self.high_water()
        return raw

    def parse(self, raw: tuple[bytes | None, ...]) -> dict[str, int]:
        """The columns in what `read` returned."""
        columns: dict[str, int] = {}
        for file, data in zip(self._files, raw, strict=True):
            if data is not None:
                columns |= file.parse(data)
        return columns

    def high_water(self) -> dict[str, int]:
        """The kernel's high-water mark of memory, where it keeps one."""
        data = self._read(self._high_water)
        return self._high_water.parse(data) if data is not None else self._last_high_water

    def tasks_peak(self) -> int | None:
        """The most processes and threads at once; None where the kernel keeps no such mark."""
        data = self._read(_MOST_TASKS)
        return None if data is None else _MOST_TASKS.parse(data).get("tasks_peak")

    def has_io_pressure(self) -> bool:
        """Whether the kernel says for how long something waited for a disk."""
        if self._cgroup.mounts.version is CgroupVersion.V1:
            return False
        path = self._cgroup.mounts.path("io", self._cgroup.group) / "io.pressure"
        try:
            return bool(path.read_bytes())
        except OSError:  # a kernel without it, or with it switched off
            return False

    def cpu_ns(self) -> int | None:
        """CPU time so far, read afresh: for a thread beside the sampler's."""
        file = next(file for file in self._files if file.controller in ("cpuacct", "cpu"))
        path = self._cgroup.mounts.path(file.controller, self._cgroup.group) / file.name
        try:
            return file.parse(path.read_bytes()).get("cpu_ns")
        except OSError:
            return None

    def _read(self, file: _File) -> bytes | None:
        descriptor = self._descriptors.get(file)
        if descriptor is None:
            cgroup = self._cgroup.child if file.of_child else self._cgroup.group
            try:
                path = self._cgroup.mounts.path(file.controller, cgroup) / file.name
                descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except (OSError, KeyError):
                return None
            self._descriptors[file] = descriptor
        try:
            return os.pread(descriptor, 65536, 0)
        except OSError:
            return None

    def close(self) -> None:
        """Close the files."""
        for descriptor in self._descriptors.values():
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self._descriptors.clear()


def applied_limits(cgroup: ContainerCgroup) -> dict[str, int | float | str]:
    """The limits that the kernel holds for the container, as read back from its cgroup.

    `swap_bytes` is what it may swap out beside its memory; absent where the kernel cannot say.
    """
    if cgroup.mounts.version is CgroupVersion.V1:
        return _applied_v1(cgroup)
    return _applied_v2(cgroup)


def _text(cgroup: ContainerCgroup, controller: str, name: str) -> str:
    try:
        return (cgroup.mounts.path(controller, cgroup.child) / name).read_text().strip()
    except (OSError, KeyError):
        return ""


def _applied_v1(cgroup: ContainerCgroup) -> dict[str, int | float | str]:
    limits: dict[str, int | float | str] = {}
    memory = _text(cgroup, "memory", "memory.limit_in_bytes")
    if memory.isdigit() and int(memory) < 2**62:
        limits["memory_bytes"] = int(memory)
    both = _text(cgroup, "memory", "memory.memsw.limit_in_bytes")
    if both.isdigit():
        unlimited = int(both) >= 2**62 or "memory_bytes" not in limits
        limits["swap_bytes"] = "unlimited" if unlimited else int(both) - int(memory)
    quota, period = (
        _text(cgroup, "cpu", "cpu.cfs_quota_us"),
        _text(cgroup, "cpu", "cpu.cfs_period_us"),
    )
    if quota.isdigit() and period.isdigit():
        limits["cpus"] = int(quota) / int(period)
    pids = _text(cgroup, "pids", "pids.max")
    if pids.isdigit():
        limits["pids"] = int(pids)
    return limits


def _applied_v2(cgroup: ContainerCgroup) -> dict[str, int | float | str]:
    limits: dict[str, int | float | str] = {}
    memory = _text(cgroup, "memory", "memory.max")
    if memory.isdigit():
        limits["memory_bytes"] = int(memory)
    swap = _text(cgroup, "memory", "memory.swap.max")
    if swap:
        limits["swap_bytes"] = int(swap) if swap.isdigit() else "unlimited"
    quota, _, period = _text(cgroup, "cpu", "cpu.max").partition(" ")
    if quota.isdigit():
        limits["cpus"] = int(quota) / int(period)
    pids = _text(cgroup, "pids", "pids.max")
    if pids.isdigit():
        limits["pids"] = int(pids)
    return limits

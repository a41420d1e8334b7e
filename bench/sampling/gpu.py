"""GPU memory, utilisation and energy through NVML; the only importer of `pynvml`.

NVML reports host process ids, so a container's share is found by its cgroup's processes. Where
bench counts processes otherwise than the driver does, whose memory it is cannot be told, and the
share is absent.
Utilisation is the driver's own average over 1/6 s to 1 s and belongs to the device, whoever
uses it; on a MIG device there is none.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.core.clock import Clock

_EVERY_NS = 100_000_000

_HOST_NAMESPACE = 0xEFFFFFFC
"""Inode number of the first namespace of processes (linux/proc_ns.h: PROC_PID_INIT_INO)."""

_LINKS_OF_A_LEAF = 2
"""Links of a cgroup's folder in which there is no other."""

_WINDOW_NS = 1_000_000_000
"""How far back the driver's average of the utilisation may reach."""


@dataclass(frozen=True)
class GpuDevice:
    """One device, for the record.

    Attributes:
        persistent: whether the driver keeps it ready while no program has it open; else opening
            it takes seconds. None where the driver does not say.
    """

    index: int
    name: str
    uuid: str
    memory_bytes: int
    persistent: bool | None = None


@dataclass(frozen=True)
class Gpus:
    """The devices of this host, or why none can be measured."""

    devices: tuple[GpuDevice, ...]
    absent_because: str = ""
    driver: str = ""


def find_gpus() -> Gpus:
    """The devices that NVML knows, or the reason for their absence."""
    try:
        import pynvml
    except ImportError:
        return Gpus((), "nvidia-ml-py is not installed (pip install 'container-bench[gpu]')")
    try:
        pynvml.nvmlInit()
        try:
            count = pynvml.nvmlDeviceGetCount()
            devices = tuple(_device(pynvml, index) for index in range(count))
            driver = _text(pynvml.nvmlSystemGetDriverVersion())
        finally:
            pynvml.nvmlShutdown()
    except pynvml.NVMLError as error:
        return Gpus((), f"no NVIDIA GPU or driver: {error}")
    return Gpus(devices, "" if devices else "the driver knows no device", driver)


def _device(nvml: Any, index: int) -> GpuDevice:
    handle = nvml.nvmlDeviceGetHandleByIndex(index)
    persistence = _optional(nvml, "nvmlDeviceGetPersistenceMode", handle)
    return GpuDevice(
        index=index,
        name=_text(nvml.nvmlDeviceGetName(handle)),
        uuid=_text(_optional(nvml, "nvmlDeviceGetUUID", handle) or ""),
        memory_bytes=int(nvml.nvmlDeviceGetMemoryInfo(handle).total),
        persistent=None if persistence is None else bool(persistence),
    )


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _optional(nvml: Any, function: str, handle: Any) -> Any:
    """The value of an NVML function for a device; None where the device does not have it."""
    try:
        return getattr(nvml, function)(handle)
    except (nvml.NVMLError, AttributeError):
        return None


_IN_A_NAMESPACE = (
    "bench runs in a namespace of processes of its own, where they have other numbers than the "
    "driver gives: run it in the host's (docker run --pid=host)"
)


def counts_as_host(namespace: Path = Path("/proc/self/ns/pid")) -> bool:
    """Whether this process numbers processes as the driver does, in the host's own namespace."""
    try:
        return namespace.stat().st_ino == _HOST_NAMESPACE
    except OSError:
        return False


def is_there(pid: int) -> bool:
    """Whether a process of this number can be seen from here."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # another user's
    return True


class GpuSource:
    """A sampler source: the devices, and the share of the processes listed in `processes`."""

    def __init__(
        self,
        processes: Path,
        clock: Clock,
        *,
        counts_as_host: Callable[[], bool] = counts_as_host,
        is_there: Callable[[int], bool] = is_there,
    ) -> None:
        """Start NVML.

        Args:
            processes: the cgroup.procs of the container.
            clock: stamps the readings.
            counts_as_host: whether the processes in it have the numbers that NVML gives them.
            is_there: whether a process that NVML names exists.
        """
        import pynvml

        self._nvml = pynvml
        pynvml.nvmlInit()
        self._handles = [
            pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())
        ]
        self._processes = processes
        self._clock = clock
        self._due_ns = 0
        self._first_ns: int | None = None
        self._is_there = is_there
        self._is_known = False
        self._unknown_because = "" if counts_as_host() else _IN_A_NAMESPACE

    @property
    def unknown_because(self) -> str:
        """Why the container's own memory was never told; empty where it was, or it had none."""
        return "" if self._is_known else self._unknown_because

    def read(self) -> dict[str, int] | None:
        """One reading, ten times a second: NVML's calls are slower than the kernel's files."""
        now_ns = self._clock.monotonic_ns()
        if now_ns < self._due_ns:
            return None
        self._due_ns = now_ns + _EVERY_NS
        if self._first_ns is None:
            self._first_ns = now_ns
        of_before = now_ns - self._first_ns < _WINDOW_NS
        own = self._own_processes()
        row: dict[str, int] = {}
        devices = [self._device(handle, own) for handle in self._handles]
        if of_before:  # the one that ran before this container had a part in it
            devices = [device | {"utilization_pct": None} for device in devices]
        for index, device in enumerate(devices):
            row |= {f"gpu{index}_{name}": value for name, value in device.items()
                    if value is not None}  # fmt: skip
        utilization = [device["utilization_pct"] for device in devices]
        totals = {
            "gpu_memory_bytes": _total([device["own_memory_bytes"] for device in devices]),
            "gpu_utilization_pct": max((share for share in utilization if share is not None),
                                       default=None),
            "gpu_energy_mj": _total([device["energy_mj"] for device in devices]),
        }  # fmt: skip
        self._is_known = self._is_known or totals["gpu_memory_bytes"] is not None
        return row | {name: value for name, value in totals.items() if value is not None}

    def _device(self, handle: Any, own: set[int] | None) -> dict[str, int | None]:
        """The readings of one device, with the part of the container's processes `own`."""
        rates = _optional(self._nvml, "nvmlDeviceGetUtilizationRates", handle)
        return {
            "memory_used_bytes": int(self._nvml.nvmlDeviceGetMemoryInfo(handle).used),
            "utilization_pct": None if rates is None else int(rates.gpu),
            "energy_mj": _optional(self._nvml, "nvmlDeviceGetTotalEnergyConsumption", handle),
            "own_memory_bytes": self._memory_of(handle, own),
        }

    def _own_processes(self) -> set[int] | None:
        """The container's processes, None where it has no cgroup (yet, or any more)."""
        if self._unknown_because == _IN_A_NAMESPACE:
            return None
        try:
            own = {int(pid) for pid in self._processes.read_text().split()}
            if self._processes.parent.stat().st_nlink != _LINKS_OF_A_LEAF:
                for below in self._processes.parent.glob(f"*/**/{self._processes.name}"):
                    own |= {int(pid) for pid in below.read_text().split()}
        except OSError:
            return None
        if 0 in own:  # a process outside of this namespace, in a list of cgroup v2
            self._unknown_because = _IN_A_NAMESPACE
            return None
        return own

    def _memory_of(self, handle: Any, own: set[int] | None) -> int | None:
        """Bytes that the container's processes hold on a device, None where none can tell.

        A process that the driver names and that is not there may be one of the container's under
        another number. One that has just ended is missing in this reading only.
        """
        running = _optional(self._nvml, "nvmlDeviceGetComputeRunningProcesses", handle)
        if own is None:
            return None
        if running is None:
            self._unknown_because = "the driver does not list the processes that use a device"
            return None
        strangers = [process.pid for process in running if process.pid not in own]
        if not all(map(self._is_there, strangers)):
            self._unknown_because = "the driver names processes by numbers that this host has not"
            return None
        held = _total([process.usedGpuMemory for process in running if process.pid in own])
        if held is None:
            self._unknown_because = "the driver does not tell memory by process"
        return held

    def parse(self, raw: dict[str, int]) -> dict[str, int]:
        """The reading is its own columns."""
        return raw

    def close(self) -> None:
        """Let NVML go."""
        self._nvml.nvmlShutdown()


def _total(parts: list[int | None]) -> int | None:
    """The sum, or None where a part of it is not known."""
    known = [int(part) for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None

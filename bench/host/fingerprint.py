"""Facts of this host, for the record of a run and for refusing comparisons between hosts."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

from bench.cgroup.mounts import find_mounts
from bench.host.thermal import governors
from bench.sampling.gpu import find_gpus
from bench.sampling.threads import ThreadTimes


def fingerprint() -> dict[str, Any]:
    """Kernel, processor, memory, cgroup version and what can be measured here."""
    mounts = find_mounts()
    gpus = find_gpus()
    return {
        "hostname": platform.node(),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "os": _os_name(),
        "cpu_model": _cpu_model(),
        "cores": os.cpu_count() or 1,
        "memory_bytes": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        "swap_bytes": _swap_bytes(),
        "cgroup": str(mounts.version) if mounts else "",
        "schedstat": ThreadTimes.is_available(),
        "virtualised": _virtualised(),
        "python": platform.python_version(),
        "governors": governors(),
        "load_1min": round(os.getloadavg()[0], 2),
        "gpus": [device.name for device in gpus.devices],
        "gpus_memory_bytes": [device.memory_bytes for device in gpus.devices],
        "gpu_driver": gpus.driver,
        "gpus_persistent": [device.persistent for device in gpus.devices],
        "gpu_absent_because": gpus.absent_because,
        "root": os.geteuid() == 0,
    }


COMPARABLE_KEYS = ("cpu_model", "cores", "memory_bytes", "architecture", "kernel", "cgroup")
"""Facts in which two hosts must agree for their runs to be comparable."""


def _os_name() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        return ""


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _swap_bytes() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("SwapTotal:"):
            return int(line.split()[1]) * 1024
    return 0


def _virtualised() -> bool:
    return any(
        line.startswith("flags") and " hypervisor" in line
        for line in Path("/proc/cpuinfo").read_text().splitlines()
    )

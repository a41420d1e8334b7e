"""Capabilities of this host and engine, each finding with its remedy."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from bench.cgroup.mounts import CgroupVersion, find_mounts, takes_parent
from bench.core.errors import BenchError
from bench.host import fitness
from bench.host.finding import Health, HostFinding
from bench.runtimes.known import connect
from bench.runtimes.managed.private import PrivateEngine
from bench.runtimes.managed.requirements import PACKAGES, missing_programs, why_impossible
from bench.runtimes.process.runtime import why_no_processes
from bench.sampling.exits import ExitReports
from bench.sampling.gpu import counts_as_host, find_gpus
from bench.sampling.threads import ThreadTimes

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.runtimes.select import Choice


def examine(choice: Choice) -> list[HostFinding]:
    """Look at everything; nothing is started or changed."""
    examinations: tuple[Callable[[Choice], HostFinding], ...] = (
        _engine,
        _registry,
        _privileges,
        _cgroups,
        _memory_peak,
        _waiting,
        _pressure,
        _page_cache,
        _gpu,
    )
    now = fitness.present()
    return [
        *(examination(choice) for examination in examinations),
        fitness.cores(),
        fitness.load(now),
        fitness.other_containers(),
        fitness.steal(now),
        fitness.memory(),
        fitness.swap(),
        fitness.disk(),
        fitness.clock_rate(),
        fitness.heat(),
    ]


def _engine(choice: Choice) -> HostFinding:
    subject = "engine"
    if not choice.runs_images:
        no_processes = why_no_processes()
        if no_processes:
            return HostFinding(subject, Health.BAD, no_processes.cause, no_processes.remedy)
        return HostFinding(subject, Health.GOOD, "none: plain processes of this host only")
    if choice.is_private:
        impossible = why_impossible()
        if impossible:
            return HostFinding(
                subject, Health.BAD, f"private: {impossible.cause}", impossible.remedy
            )
        private = PrivateEngine()
        if not private.is_up():
            return HostFinding(
                subject, Health.GOOD, "private: installed, not running; `bench run` starts it"
            )
        address = private.address("measuring")
    else:
        address = choice.address
    try:
        engine = connect(address)
    except BenchError as error:
        remedy = error.remedy or "check the engine's log and restart it"
        return HostFinding(subject, Health.BAD, str(error).splitlines()[0], remedy)
    facts = engine.info
    engine.close()
    text = (
        f"{facts.kind} {facts.version} at {address}, {facts.storage_driver} "
        f"({facts.image_store} store), {facts.cgroup_driver} driver"
    )
    if not facts.is_local:
        return HostFinding(
            subject,
            Health.BAD,
            f"{text}, under another kernel",
            "it cannot reach the registry that bench runs here: run bench on the engine's machine",
        )
    if not choice.is_private:
        return HostFinding(
            subject,
            Health.LESS,
            text,
            "cold trials may find layers of your own images; use the private engine (needs root)",
        )
    return HostFinding(subject, Health.GOOD, text)


def _registry(choice: Choice) -> HostFinding:  # noqa: ARG001 - all examinations are alike
    if "docker-registry" in missing_programs():
        return HostFinding(
            "registry",
            Health.BAD,
            "docker-registry is not installed",
            f"apt-get install --no-install-recommends {' '.join(PACKAGES)}",
        )
    running = any(daemon.name == "registry" and daemon.pid for daemon in PrivateEngine().status())
    return HostFinding("registry", Health.GOOD, "running" if running else "installed, not running")


def _privileges(choice: Choice) -> HostFinding:  # noqa: ARG001
    if os.geteuid() == 0:
        return HostFinding("privileges", Health.GOOD, "root")
    return HostFinding(
        "privileges",
        Health.LESS,
        "not root: no private engine, no cgroup of bench's own, no dropping of the page cache, "
        "and outside contacts (CI-3) are not observed",
        "run bench as root",
    )


def _cgroups(choice: Choice) -> HostFinding:
    mounts = find_mounts()
    if mounts is None:
        return HostFinding(
            "cgroups",
            Health.LESS,
            "none are mounted: counters come from the engine's statistics",
            "mount cgroup2 on /sys/fs/cgroup",
        )
    driver = "cgroupfs" if choice.is_private else ""
    own = "with a parent of bench's own" if takes_parent(driver) else "the container's own"
    if mounts.version is CgroupVersion.V1:
        return HostFinding(
            "cgroups",
            Health.LESS,
            f"v1, {own}: block I/O and pressure are not measured",
            "boot with systemd.unified_cgroup_hierarchy=1 for v2",
        )
    return HostFinding("cgroups", Health.GOOD, f"v2, {own}")


def _memory_peak(choice: Choice) -> HostFinding:  # noqa: ARG001
    mounts = find_mounts()
    release = tuple(int(part) for part in re.findall(r"\d+", os.uname().release)[:2])
    if mounts and mounts.version is CgroupVersion.V2 and release < (5, 19):
        return HostFinding(
            "memory peak",
            Health.LESS,
            f"kernel {os.uname().release} keeps no high-water mark on v2",
            "memory_peak_bytes is not measured; a kernel from 5.19 on has it",
        )
    return HostFinding("memory peak", Health.GOOD, "the kernel's own high-water mark")


def _waiting(choice: Choice) -> HostFinding:  # noqa: ARG001
    if ThreadTimes.is_available() and ExitReports.is_available():
        return HostFinding(
            "CPU demand", Health.GOOD, "schedstat counts time spent waiting for a core"
        )
    if ThreadTimes.is_available():
        return HostFinding(
            "CPU demand",
            Health.LESS,
            "threads that live shorter than a sample are not seen: if they use much CPU, CI-8 is "
            "inconclusive",
            "run bench as root in the host's PID namespace, on a kernel with CONFIG_TASKSTATS",
        )
    return HostFinding(
        "CPU demand",
        Health.LESS,
        "no schedstat: with four cores or fewer CI-8 is inconclusive",
        "a kernel with CONFIG_SCHEDSTATS or CONFIG_SCHED_INFO",
    )


def _pressure(choice: Choice) -> HostFinding:  # noqa: ARG001
    if Path("/proc/pressure/cpu").exists():
        return HostFinding("pressure", Health.GOOD, "the kernel counts stalls")
    return HostFinding("pressure", Health.LESS, "no stall counters (PSI)", "boot with psi=1")


def _page_cache(choice: Choice) -> HostFinding:  # noqa: ARG001
    if os.geteuid() == 0 and os.access("/proc/sys/vm/drop_caches", os.W_OK):
        return HostFinding("page cache", Health.GOOD, "can be dropped for cold trials")
    return HostFinding(
        "page cache",
        Health.LESS,
        "cannot be dropped; cold trials record that",
        "run bench as root, outside a container",
    )


def _gpu(choice: Choice) -> HostFinding:  # noqa: ARG001
    gpus = find_gpus()
    if gpus.devices:
        names = ", ".join(device.name for device in gpus.devices)
        if any(device.persistent is False for device in gpus.devices):
            return HostFinding(
                "GPU",
                Health.LESS,
                f"{names}: persistence mode is off, so opening it takes seconds",
                "nvidia-smi -pm 1",
            )
        if not counts_as_host():
            return HostFinding(
                "GPU",
                Health.LESS,
                f"{names}: the memory that a case uses is unknown inside a PID namespace",
                "run bench in the host's PID namespace: docker run --pid=host",
            )
        return HostFinding("GPU", Health.GOOD, f"{names}, driver {gpus.driver}")
    return HostFinding(
        "GPU",
        Health.LESS,
        f"not measured: {gpus.absent_because}",
        "to measure GPUs: a host with NVIDIA's driver, and pip install 'container-bench[gpu]'",
    )

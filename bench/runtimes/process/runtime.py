"""The bare host as a runtime: plain processes in place of containers.

It is the reference for what a container costs. A process has its own cgroup with the limits that a
container would have, but shares the host's file system, network and PID namespace.
"""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.cgroup.mounts import CgroupMounts, ContainerCgroup, find_mounts
from bench.core.capability import PLAIN_PROCESS
from bench.core.errors import EngineRefusedError, EngineUnavailableError
from bench.core.stop_signal import DEFAULT_SIGNAL, signal_number
from bench.core.units import parse_cores
from bench.runtimes.process.cgroup import ProcessCgroup, new_name
from bench.runtimes.process.child import ChildProcess
from bench.runtimes.protocol import Owned, OwnedKind, RuntimeInfo
from bench.runtimes.workload import WorkloadState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.core.capability import Capabilities
    from bench.runtimes.process.child import PipeOutput
    from bench.runtimes.specs import WorkloadSpec

KIND = "host"
ADDRESS = "127.0.0.1"
"""The address of a plain process, which listens in the host's network."""

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH")
"""Variables that a process inherits from bench: only those for finding programs and libraries."""


@dataclass(frozen=True)
class _Made:
    spec: WorkloadSpec
    cgroup: ProcessCgroup
    process: ChildProcess


class ProcessRuntime:
    """Plain processes of this host."""

    capabilities: Capabilities = PLAIN_PROCESS
    images = None
    builder = None
    volumes = None
    networks = None

    def __init__(self, mounts: CgroupMounts | None = None) -> None:
        """`mounts` are those of this host if None."""
        self._mounts = mounts or find_mounts()
        self._made: dict[str, _Made] = {}

    @property
    def info(self) -> RuntimeInfo:
        """The host; fields that only engines have are empty."""
        mounts = self._mounts
        return RuntimeInfo(
            kind=KIND,
            version=platform.release(),
            api_version="",
            engine_id="",
            address=ADDRESS,
            storage_driver="",
            image_store="",
            cgroup_driver="cgroupfs",
            cgroup_version=mounts.version.value if mounts else "",
            runtime="",
            kernel=platform.release(),
            cpus=os.cpu_count() or 1,
            memory_bytes=os.sysconf("SC_PHYS_PAGES") * _PAGE_BYTES,
            is_local=True,
        )

    def create(self, spec: WorkloadSpec) -> ProcessWorkload:
        """Prepare a process to be started, in a cgroup below that of its trial.

        Raises:
            EngineUnavailableError: not as root, or without cgroups.
            HostError: the kernel refuses its cgroup or the process.
        """
        impossible = why_no_processes(self._mounts)
        if impossible:
            raise impossible
        assert self._mounts is not None, "else it is not possible"
        assert spec.command, "a plain process has a command"
        name = new_name()
        cgroup = ProcessCgroup(self._mounts, f"{spec.cgroup_parent}/{name}")
        process = ChildProcess(
            spec.command,
            working_dir=spec.working_dir or "/",
            environment=_environment(spec),
            cgroup=cgroup,
            cores=None if spec.cpuset is None else parse_cores(spec.cpuset),
        )
        # on record before there is anything that an interruption could leave
        self._made[name] = _Made(spec, cgroup, process)
        cgroup.make(memory_bytes=spec.memory_bytes, cpus=spec.cpus, pids=spec.pids)
        process.prepare()
        return self.workload(name)

    def workload(self, name: str) -> ProcessWorkload:
        """A handle for a process by its id, or by the name in its spec."""
        return ProcessWorkload(self, name)

    def find(self, name: str) -> _Made | None:
        """The process with this id or name; None if there is none."""
        if name in self._made:
            return self._made[name]
        return next((made for made in self._made.values() if made.spec.name == name), None)

    def forget(self, name: str) -> None:
        """Kill it with its descendants, and drop it; no error if it is absent."""
        found = self.find(name)
        if found is None:
            return
        found.cgroup.kill()
        found.process.end()
        found.cgroup.remove()
        self._made = {name: made for name, made in self._made.items() if made is not found}

    def owned(self, label: str) -> list[Owned]:
        """All processes that carry `label`."""
        return [
            Owned(OwnedKind.CONTAINER, name, made.spec.labels[label])
            for name, made in self._made.items()
            if label in made.spec.labels
        ]

    def remove(self, item: Owned) -> None:
        """Kill it; no error if it is absent."""
        self.forget(item.name)

    def close(self) -> None:
        """Kill all remaining processes."""
        for name in list(self._made):
            self.forget(name)


class ProcessWorkload:
    """One plain process and its descendants."""

    capabilities = PLAIN_PROCESS
    files = None

    def __init__(self, runtime: ProcessRuntime, name: str) -> None:
        self._runtime = runtime
        self.id = name
        self.warnings: tuple[str, ...] = ()

    @property
    def _made(self) -> _Made:
        made = self._runtime.find(self.id)
        if made is None:
            raise EngineRefusedError(self.id, "there is no such process", status=404)
        return made

    def attach(self) -> PipeOutput:
        """Follow its output, once."""
        output = self._made.process.output
        assert output is not None, "it is made with its output"
        return output

    def start(self) -> None:
        """Start it."""
        self._made.process.start()

    def state(self) -> WorkloadState:
        """Its current state."""
        made = self._made
        pid, code = made.process.pid, made.process.exit_code
        return WorkloadState(
            running=bool(pid),
            pid=pid,
            address=ADDRESS if pid else "",
            exit_code=code or 0,
            oom_killed=made.cgroup.oom_kills() > 0,
            health="",
            stop_signal=made.spec.stop_signal or "",
        )

    def wait(self, timeout_s: float) -> int:
        """Exit code, once it has ended."""
        return self._made.process.wait(timeout_s)

    def execute(self, command: tuple[str, ...], timeout_s: float) -> int:
        """Run a command beside it, which is charged to it."""
        made = self._made
        beside = ChildProcess(
            command,
            working_dir=made.spec.working_dir or "/",
            environment=_environment(made.spec),
            cgroup=made.cgroup,
            cores=None,
            is_silent=True,
        )
        try:
            beside.prepare()
            beside.start()
            return beside.wait(timeout_s, unless=made.process)
        finally:
            beside.end()

    def stop(self, grace_s: int) -> None:
        """Its stop signal, then SIGKILL to all of its cgroup after `grace_s`."""
        made = self._made
        made.process.stop(signal_number(made.spec.stop_signal or DEFAULT_SIGNAL), grace_s)

    def remove(self) -> None:
        """Kill it with its descendants; no error if it is absent."""
        self._runtime.forget(self.id)

    def log_tail(self, lines: int) -> list[str]:  # noqa: ARG002 - as the protocol has it
        """Empty: its output goes only to the reader that attached."""
        return []

    def usage(self) -> Mapping[str, int]:
        """Empty: its usage is only known from its cgroup."""
        return {}

    def usages(self) -> Iterator[Mapping[str, int]]:
        """Empty, as `usage`."""
        return iter(())

    def cgroup(self, mounts: CgroupMounts, parent: str) -> ContainerCgroup:
        """Below the trial's own, which it always has."""
        return ContainerCgroup(mounts, parent, f"{parent}/{self.id}")


def open_processes() -> ProcessRuntime:
    """This host as a runtime.

    Raises:
        EngineUnavailableError: not as root, or without cgroups.
    """
    impossible = why_no_processes()
    if impossible:
        raise impossible
    return ProcessRuntime()


def why_no_processes(mounts: CgroupMounts | None = None) -> EngineUnavailableError | None:
    """Why plain processes cannot be measured here, or None if they can.

    `mounts` are the cgroups of this host; they are looked up if None.
    """
    if os.geteuid() != 0:
        return EngineUnavailableError(
            "host", "cgroups for plain processes need root", "run bench as root"
        )
    if (mounts or find_mounts()) is None:
        return EngineUnavailableError(
            "host",
            "no cgroup file system is mounted",
            "mount one, such as cgroup2 on /sys/fs/cgroup",
        )
    return None


def _environment(spec: WorkloadSpec) -> dict[str, str]:
    """The environment of a process; without `gpus` it sees no GPU, as in a container."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    if not isinstance(spec.gpus, str):  # it is not `all`
        inherited["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, range(spec.gpus or 0)))
    return inherited | dict(spec.environment)

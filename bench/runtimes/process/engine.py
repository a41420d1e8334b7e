"""The bare host as an engine: plain processes where others have containers.

It is the yardstick for what a container costs. A process has a cgroup of its own under the same
limits as a container would, but the file system, the network and the process numbers of the host.
"""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.cgroup.mounts import CgroupMounts, find_mounts
from bench.core.errors import EngineRefusedError, EngineUnavailableError
from bench.core.stop_signal import DEFAULT_SIGNAL, signal_number
from bench.core.units import parse_cores
from bench.runtimes.process.cgroup import ProcessCgroup, new_name
from bench.runtimes.process.child import ChildProcess
from bench.runtimes.process.imageless import Imageless
from bench.runtimes.protocol import Change, WorkloadState, RuntimeInfo
from bench.runtimes.specs import Created

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.runtimes.process.child import PipeOutput
    from bench.runtimes.specs import ContainerFile, WorkloadSpec

KIND = "host"
ADDRESS = "127.0.0.1"
"""Where a plain process is reached: it listens where the host does."""

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH")
"""What a process gets of bench's own environment: what finds programs and libraries, no more."""


class ProcessRuntime(Imageless):
    """Plain processes of this host."""

    def __init__(self, mounts: CgroupMounts | None = None) -> None:
        """`mounts` are those of this host where None."""
        self._mounts = mounts or find_mounts()
        self._made: dict[str, _Made] = {}

    @property
    def facts(self) -> RuntimeInfo:
        """The host as an engine; what only engines have is empty."""
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

    def create(self, spec: WorkloadSpec) -> Created:
        """Have a process ready to be started, in a cgroup below that of its trial.

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
        made = _Made(spec, cgroup, process)
        self._made[name] = made  # before there is anything that an interruption could leave
        cgroup.make(memory_bytes=spec.memory_bytes, cpus=spec.cpus, pids=spec.pids)
        process.prepare()
        return Created(name, ())

    def _find(self, name: str) -> _Made | None:
        """By id, or by the name that the spec gave."""
        if name in self._made:
            return self._made[name]
        return next((one for one in self._made.values() if one.spec.name == name), None)

    def _get(self, container_id: str) -> _Made:
        made = self._find(container_id)
        if made is None:
            raise EngineRefusedError(container_id, "there is no such process", status=404)
        return made

    def attach(self, container_id: str) -> PipeOutput:
        """Follow its output, once."""
        output = self._get(container_id).process.output
        assert output is not None, "it is made with its output"
        return output

    def start(self, container_id: str) -> None:
        """Start it."""
        self._get(container_id).process.start()

    def state(self, container_id: str) -> WorkloadState:
        """How it is."""
        made = self._get(container_id)
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

    def wait(self, container_id: str, timeout_s: float) -> int:
        """Exit code, once it has ended."""
        return self._get(container_id).process.wait(timeout_s)

    def execute(self, container_id: str, command: tuple[str, ...], timeout_s: float) -> int:
        """Run a command beside it, which is charged to it."""
        made = self._get(container_id)
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

    def stop(self, container_id: str, grace_s: int) -> None:
        """Its stop signal, then SIGKILL to all of its cgroup after `grace_s`."""
        made = self._get(container_id)
        number = signal_number(made.spec.stop_signal or DEFAULT_SIGNAL)
        made.process.stop(number, grace_s)

    def changes(self, container_id: str) -> list[Change]:
        """Nothing is known of what it wrote: the file system is the host's."""
        raise EngineRefusedError(container_id, "a plain process has no layer", status=400)

    def file(self, container_id: str, path: str, most_bytes: int) -> ContainerFile | None:  # noqa: ARG002
        """It has no file system of its own."""
        raise EngineRefusedError(container_id, "a plain process has no files", status=400)

    def log_tail(self, container_id: str, lines: int) -> list[str]:  # noqa: ARG002
        """Its output is followed by whoever attached, and kept nowhere else."""
        return []

    def usage(self, container_id: str) -> Mapping[str, Any]:
        """Nothing but the cgroup says what it uses."""
        raise EngineRefusedError(container_id, "a plain process has no statistics", status=400)

    def usages(self, container_id: str) -> Iterator[Mapping[str, Any]]:
        """As `usage`."""
        raise EngineRefusedError(container_id, "a plain process has no statistics", status=400)

    def remove(self, container_id: str) -> None:
        """Kill it with all that it started; absent is fine."""
        made = self._find(container_id)
        if made is None:
            return
        made.cgroup.kill()
        made.process.end()
        made.cgroup.remove()
        self._made = {name: one for name, one in self._made.items() if one is not made}

    def containers(self, label: str) -> list[tuple[str, str]]:
        """(id, value of the label) of all processes that carry `label`."""
        return [
            (name, one.spec.labels[label])
            for name, one in self._made.items()
            if label in one.spec.labels
        ]

    def close(self) -> None:
        """Kill whatever is left."""
        for name in list(self._made):
            self.remove(name)


def why_no_processes(mounts: CgroupMounts | None = None) -> EngineUnavailableError | None:
    """Why plain processes cannot be measured here, or None where they can.

    `mounts` are the cgroups of this host; they are looked up where None.
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
    """What a process gets; without `gpus` it sees none, as in a container."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    if not isinstance(spec.gpus, str):  # it is not `all`
        inherited["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, range(spec.gpus or 0)))
    return inherited | dict(spec.environment)


@dataclass(frozen=True)
class _Made:
    spec: WorkloadSpec
    cgroup: ProcessCgroup
    process: ChildProcess

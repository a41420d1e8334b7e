"""A runtime of the tests' own: subprocesses of this host, of which next to nothing is measured.

It shows what a new runtime takes: this file, a line in `bench.runtimes.known`, and the conformance
tests over it.
"""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
from typing import TYPE_CHECKING

from bench.core.capability import Capabilities, Capability
from bench.core.errors import EngineRefusedError, EngineTimeoutError, NoProgramError
from bench.core.stop_signal import DEFAULT_SIGNAL, signal_number
from bench.runtimes.process.child import PipeOutput
from bench.runtimes.protocol import Owned, OwnedKind, RuntimeInfo
from bench.runtimes.workload import WorkloadState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.cgroup.mounts import CgroupMounts, ContainerCgroup
    from bench.runtimes.specs import WorkloadSpec

LACKING = Capabilities(
    {
        Capability.LOCAL: "the toy does not say which process is whose",
        Capability.IMAGE: "the toy has no images",
        Capability.PULL: "the toy has no images",
        Capability.EXCLUSIVE_STORE: "the toy has no images",
        Capability.OWN_PROCESSES: "the toy gives no process numbers of its own",
        Capability.NETWORK_COUNTERS: "the toy shares the host's network",
        Capability.CONTACTS: "the toy shares the host's network",
        Capability.REPLICAS: "the toy has one of each",
        Capability.HEALTH_CHECKS: "the toy makes none",
    }
)


class ToyRuntime:
    """Runs commands as subprocesses."""

    capabilities = LACKING
    images = builder = volumes = networks = None
    info = RuntimeInfo(
        kind="toy",
        version="1",
        api_version="",
        engine_id="",
        address="127.0.0.1",
        storage_driver="",
        image_store="",
        cgroup_driver="",
        cgroup_version="",
        runtime="",
        kernel=os.uname().release,
        cpus=os.cpu_count() or 1,
        memory_bytes=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        is_local=False,
    )

    def __init__(self) -> None:
        self.made: dict[str, ToyWorkload] = {}
        self._ids = itertools.count(1)

    def create(self, spec: WorkloadSpec) -> ToyWorkload:
        made = ToyWorkload(self, f"toy-{next(self._ids)}", spec)
        self.made[made.id] = made
        return made

    def workload(self, name: str) -> ToyWorkload:
        by_name = {made.spec.name: made for made in self.made.values() if made.spec}
        return self.made.get(name) or by_name.get(name) or ToyWorkload(self, name, None)

    def owned(self, label: str) -> list[Owned]:
        return [
            Owned(OwnedKind.CONTAINER, name, made.spec.labels[label])
            for name, made in self.made.items()
            if made.spec and label in made.spec.labels
        ]

    def remove(self, item: Owned) -> None:
        self.workload(item.name).remove()

    def close(self) -> None:
        for made in list(self.made.values()):
            made.remove()


class ToyWorkload:
    """One subprocess; without a spec, a name that leads nowhere."""

    capabilities = LACKING
    files = None

    def __init__(self, runtime: ToyRuntime, name: str, spec: WorkloadSpec | None) -> None:
        self._runtime = runtime
        self._process: subprocess.Popen[bytes] | None = None
        self.id = name
        self.spec = spec
        self.warnings: tuple[str, ...] = ()
        self._ends: list[int] = []
        self._output: PipeOutput | None = None
        if spec:
            (out, out_end), (err, err_end) = os.pipe(), os.pipe()
            self._ends = [out_end, err_end]
            self._output = PipeOutput(os.fdopen(out, "rb", 0), os.fdopen(err, "rb", 0))

    def _there(self) -> WorkloadSpec:
        if self.spec is None or self.id not in self._runtime.made:
            raise EngineRefusedError(self.id, "there is no such process", status=404)
        return self.spec

    def attach(self) -> PipeOutput:
        self._there()
        assert self._output
        return self._output

    def start(self) -> None:
        spec = self._there()
        assert spec.command
        out, err = self._ends
        try:
            self._process = subprocess.Popen(
                spec.command,
                cwd=spec.working_dir,
                env=dict(spec.environment),
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise NoProgramError(spec.command[0], "not found", "install it", status=400) from error
        finally:
            self._close_ends()

    def _code(self) -> int | None:
        code = self._process.poll() if self._process else None
        return 128 - code if code is not None and code < 0 else code

    def state(self) -> WorkloadState:
        spec = self._there()
        code = self._code()
        running = self._process is not None and code is None
        return WorkloadState(
            running=running,
            pid=self._process.pid if running and self._process else 0,
            address="127.0.0.1" if running else "",
            exit_code=code or 0,
            oom_killed=False,
            health="",
            stop_signal=spec.stop_signal or "",
        )

    def wait(self, timeout_s: float) -> int:
        assert self._process
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired as error:
            raise EngineTimeoutError(self.id, "did not end in time") from error
        code = self._code()
        assert code is not None
        return code

    def execute(self, command: tuple[str, ...], timeout_s: float) -> int:
        spec = self._there()
        try:
            done = subprocess.run(
                command, check=False, timeout=timeout_s, env=dict(spec.environment)
            )
        except subprocess.TimeoutExpired as error:
            raise EngineTimeoutError(self.id, "did not end in time") from error
        return done.returncode

    def stop(self, grace_s: int) -> None:
        spec = self._there()
        assert self._process
        self._process.send_signal(signal_number(spec.stop_signal or DEFAULT_SIGNAL))
        try:
            self._process.wait(grace_s)
        except subprocess.TimeoutExpired:
            self._kill()

    def _kill(self) -> None:
        if self._process and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def remove(self) -> None:
        if self.id in self._runtime.made:
            self._kill()
            self._close_ends()
            if self._output:
                self._output.process_ended()
            del self._runtime.made[self.id]

    def _close_ends(self) -> None:
        for end in self._ends:
            os.close(end)
        self._ends = []

    def log_tail(self, lines: int) -> list[str]:
        return []

    def usage(self) -> Mapping[str, int]:
        return {}

    def usages(self) -> Iterator[Mapping[str, int]]:
        return iter(())

    def cgroup(self, mounts: CgroupMounts, parent: str) -> ContainerCgroup:
        raise NotImplementedError("nothing of it is local")

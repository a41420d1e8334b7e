"""Everything that reads a container's counters during a trial, armed before it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.sampling.counters import CounterFiles
from bench.sampling.gpu import GpuSource
from bench.sampling.processes import NetworkCounters, WaitingTime
from bench.sampling.sampler import Columns, Sampler
from bench.sampling.sources import CgroupSource, EngineSource, NetworkSource, WaitingSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.clock import Clock
    from bench.engine.protocol import Engine
    from bench.sampling.cgroup import ContainerCgroup


class Instruments:
    """The sampler with the sources that this host and engine allow."""

    def __init__(
        self,
        engine: Engine,
        container_id: str,
        cgroup: ContainerCgroup | None,
        clock: Clock,
        interval_s: float,
        *,
        need: bool,
        gpu: bool,
        on_batch: Callable[[Columns], None],
    ) -> None:
        self._engine = engine
        self._container_id = container_id
        self._cgroup = cgroup
        self._clock = clock
        self._files = CounterFiles(cgroup) if cgroup else None
        self._network: NetworkCounters | None = None
        self._gpu: GpuSource | None = None
        self._oom_kills = 0
        self._failure: Exception | None = None
        self._on_batch = on_batch
        self._sampler = Sampler(clock, interval_s, self._batch)
        if self._files is not None and cgroup is not None:
            self._sampler.add(CgroupSource(self._files))
            if need and WaitingTime.is_available():
                self._sampler.add(WaitingSource(WaitingTime(cgroup), clock))
            if gpu:
                processes = cgroup.mounts.path("memory", cgroup.child) / "cgroup.procs"
                self._gpu = GpuSource(processes, clock)
                self._sampler.add(self._gpu)

    @property
    def method(self) -> str:
        """How the counters are read."""
        return self._files.method if self._files else EngineSource.method

    @property
    def failure(self) -> Exception | None:
        """What ended the sampler, where it did not end by itself."""
        return self._sampler.failure or self._failure

    def start(self) -> None:
        """Begin to sample; the container need not run yet."""
        self._sampler.start()

    def process_is(self, pid: int, network_mode: str) -> None:
        """The main process is known: read what only it leads to."""
        if self._files is None:
            self._sampler.add(EngineSource(self._engine, self._container_id))
        elif pid and network_mode != "host":
            self._network = NetworkCounters(pid)
            self._sampler.add(NetworkSource(self._network))

    def cpu_ns(self) -> int | None:
        """CPU time so far."""
        return self._files.cpu_ns() if self._files else None

    def oom_kills(self) -> int:
        """Kills for memory seen so far, up to the last sample."""
        self._sampler.flush()
        return self._oom_kills

    def finish(self) -> dict[str, Any]:
        """End the sampling; returns the last totals and the kernel's high-water mark."""
        try:
            self._sampler.stop()
        except Exception as error:  # noqa: BLE001 - handed to the trial, as what ends the thread is
            self._failure = error
        counters: dict[str, Any] = {"method": self.method}
        if self._files is not None:
            counters |= self._files.high_water()
            self._files.close()
        if self._network is not None:
            self._network.close()
        if self._gpu is not None:
            self._gpu.close()
        return counters

    def _batch(self, columns: Columns) -> None:
        seen = [value for value in columns.get("oom_kills", []) if value is not None]
        self._oom_kills = max([self._oom_kills, *seen])
        self._on_batch(columns)

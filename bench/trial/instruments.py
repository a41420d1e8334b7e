"""The samplers that read a container's counters during a trial, set up before it starts."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from bench.cgroup.counters import CounterFiles
from bench.core.errors import EngineError
from bench.journal.facts.trial import CountersFact
from bench.observe.observer import Observer
from bench.sampling.exits import ExitReports
from bench.sampling.gpu import GpuSource
from bench.sampling.network_counters import NetworkCounters
from bench.sampling.sampler import Columns, Sampler
from bench.sampling.sources import CgroupSource, EngineSource, NetworkSource
from bench.sampling.thread_source import ThreadChanges, ThreadSource
from bench.sampling.threads import ThreadTimes

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.cgroup.mounts import ContainerCgroup
    from bench.core.clock import Clock
    from bench.journal.facts.trial import TrialFacts
    from bench.runtimes.workload import Workload, WorkloadState


class Instruments(Observer):
    """The sampler with the sources available on this host and engine."""

    def __init__(
        self,
        workload: Workload,
        cgroup: ContainerCgroup | None,
        clock: Clock,
        interval_s: float,
        *,
        need: bool,
        gpu: bool,
        has_own_network: bool,
        on_batch: Callable[[str, Columns], None],
        on_threads: Callable[[ThreadChanges], None],
    ) -> None:
        """Open the sources that can be opened before the container starts.

        Args:
            workload: the container or process.
            cgroup: location of its counters; None if they cannot be read from this host.
            clock: stamps the samples.
            interval_s: between two samples.
            need: whether its CPU demand is measured, to its end.
            gpu: whether there is a GPU to sample.
            has_own_network: whether traffic in its network is its own: not in the network of the
                host, or of another container.
            on_batch: receives the samples and how they were read, once a second.
            on_threads: receives the times of its threads until it is ready.
        """
        self._workload = workload
        self._files = CounterFiles(cgroup) if cgroup else None
        self._network: NetworkCounters | None = None
        self._threads: ThreadSource | None = None
        self._gpu: GpuSource | None = None
        self._oom_kills: int | None = None
        self._forks_refused: int | None = None
        self._cpu_ns: int | None = None
        self._failure: Exception | None = None
        self._has_own_network = has_own_network
        self._is_sampling = False
        self._on_batch = on_batch
        self._on_threads = on_threads
        self._sampler = Sampler(clock, interval_s, self._batch)
        if self._files is not None and cgroup is not None:
            self._sampler.add(CgroupSource(self._files))
            if ThreadTimes.is_available():
                times = ThreadTimes(cgroup, states=not self._files.has_io_pressure())
                exits = ExitReports.subscribe() if need else None
                self._threads = ThreadSource(times, clock, demand=need, exits=exits)
                self._sampler.add(self._threads)
            if gpu:
                processes = cgroup.mounts.path("memory", cgroup.child) / "cgroup.procs"
                self._gpu = GpuSource(processes, clock)
                self._sampler.add(self._gpu)

    @property
    def method(self) -> str:
        """How the counters are read."""
        return self._files.method if self._files else EngineSource.method

    def created(self) -> None:
        """Sample from now on."""
        self._is_sampling = True
        self._sampler.start()

    def started(self, state: WorkloadState, sent_ns: int) -> None:  # noqa: ARG002 - of every step
        """Open the sources that require the process id."""
        if self._files is None:
            self._sampler.add(EngineSource(self._workload))
            return
        if state.pid and self._has_own_network:
            self._network = NetworkCounters(state.pid)
            self._sampler.add(NetworkSource(self._network))
        self._look_now()

    def ready(self, facts: TrialFacts) -> None:
        """Record the CPU time so far."""
        cpu_ns = self._files.cpu_ns() if self._files else None
        if cpu_ns is not None:
            facts.cpu_ns_at_ready = cpu_ns
        self._look_now()
        if self._threads is not None:
            self._threads.container_is_ready()

    def process_ended(self) -> None:
        """Read the counters at once that are removed with the cgroup of a process that exited."""
        self._look_now()

    def _look_now(self) -> None:
        """Take a sample now, to separate what follows from what came before."""
        if self._threads is not None:
            self._threads.ask()
        if self._files is not None:  # the engine's own statistics may take seconds
            self._sampler.sample_now()

    @property
    def forks_refused(self) -> int | None:
        """Forks refused by the kernel at the process limit, as of the last call of `oom_kills`.

        None if no counter was read.
        """
        return self._forks_refused

    def tasks_peak(self) -> int | None:
        """The highest number of processes and threads at once, the runtime's own included."""
        return self._files.tasks_peak() if self._files else None

    def oom_kills(self) -> int | None:
        """Out-of-memory kills counted by the kernel so far; None if no counter was read."""
        try:
            self._sampler.flush()
        except Exception as error:  # noqa: BLE001 - handed to the trial, as what ends the thread is
            self._failure = error
        return self._oom_kills

    def finish(self, facts: TrialFacts) -> None:
        """Stop sampling, and record the final totals; once, whoever asks for them first.

        Raises:
            EngineError: the sampler failed during the trial.
        """
        if not self._is_sampling:
            return
        self._is_sampling = False
        facts.counters = self._totals()
        if failure := self._sampler.failure or self._failure:
            raise EngineError("sampler", f"the sampler failed: {failure}")

    def _totals(self) -> CountersFact:
        """Stop sampling; returns the final CPU total and the memory high-water mark."""
        if self._threads is not None:
            self._threads.ask()
        try:
            self._sampler.stop()
        except Exception as error:  # noqa: BLE001 - handed to the trial, as what ends the thread is
            self._failure = error
        counters = CountersFact(self.method)
        if self._files is not None:
            peak_bytes = self._files.high_water().get("memory_peak_bytes")
            counters = CountersFact(self.method, peak_bytes, self._cpu_ns)
            self._files.close()
        if self._network is not None:
            self._network.close()
        if self._gpu is not None:
            unknown = self._gpu.unknown_because or None
            counters = dataclasses.replace(counters, gpu_memory_unknown_because=unknown)
            self._gpu.close()
        if self._threads is not None:
            self._threads.close()
        return counters

    def _batch(self, columns: Columns) -> None:
        self._oom_kills = _highest(columns, "oom_kills", self._oom_kills)
        self._forks_refused = _highest(columns, "forks_refused", self._forks_refused)
        self._cpu_ns = _highest(columns, "cpu_ns", self._cpu_ns)
        self._on_batch(self.method, columns)
        changes = self._threads.take_changes() if self._threads is not None else None
        if changes is not None and changes.t_ns:
            self._on_threads(changes)


def _highest(columns: Columns, name: str, so_far: int | None) -> int | None:
    """The highest value of a counter; None if it was never read."""
    seen = [int(value) for value in columns.get(name, []) if value is not None]
    return max(seen + ([] if so_far is None else [so_far]), default=None)

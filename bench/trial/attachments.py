"""Observers attached to a container before it starts: output, exit, network and counters."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from bench.core.errors import EngineError
from bench.journal.facts.cause import CauseKind
from bench.journal.facts.ending import ExitFact, MemoryKill
from bench.observe.excerpts import ExcerptSearch
from bench.observe.figures import FigureSearch
from bench.observe.output import ExitWatch, OutputWatch
from bench.trial.cause.ending import FailedContainer, causes
from bench.trial.instruments import Instruments
from bench.trial.oom_kill import ending_words
from bench.trial.redactor import redactor

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.cgroup.mounts import ContainerCgroup
    from bench.egress.watch import Watch
    from bench.runtimes.workload import Workload, WorkloadState
    from bench.sampling.sampler import Columns
    from bench.trial.context import PreparedCase, TrialContext
    from bench.trial.record import TrialRecord

_REST_OF_OUTPUT_S = 20.0
"""Longest search of the remaining output after the container has exited."""


class Attachments:
    """Follows a container's output, samples its counters, and watches its exit and its network.

    Attributes:
        exit: starts watching once the process id is known.
        output: follows the output from the beginning.
        instruments: sample from the beginning.
    """

    def __init__(
        self,
        context: TrialContext,
        record: TrialRecord,
        prepared: PreparedCase,
        workload: Workload,
        cgroup: ContainerCgroup | None,
        *,
        need: bool,
        watch: Callable[[], Watch],
    ) -> None:
        """Attach to a created container; nothing is followed before `start`.

        `watch` starts the packet capture, which records from then on.
        """
        self._record = record
        self._case = prepared.case
        self._info = context.runtime.info
        self._workload = workload
        self.exit = ExitWatch(workload, context.clock)
        hide = redactor(prepared.case, prepared.folder, prepared.secrets)
        self._figures = FigureSearch(prepared.case.metrics, hide)
        self._excerpts = ExcerptSearch(prepared.case.excerpts, hide)
        self.output = OutputWatch(
            workload.attach(),
            context.clock,
            prepared.case.ready.log_patterns(),
            hide,
            self._read_line if self._figures or self._excerpts else None,
        )
        self.instruments = Instruments(
            workload,
            cgroup,
            context.clock,
            prepared.case.sample.interval,
            need=need,
            gpu=context.gpu,
            on_batch=self._write_samples,
            on_threads=record.threads,
        )
        self.exit.on_end(self.instruments.process_ended)
        self._egress: Watch | None = watch()  # last: what is open must not be left open

    def start(self) -> None:
        """Start following the output, capturing packets and sampling."""
        self.output.start()
        if self._egress:
            self._egress.start()
        self.instruments.start()

    def found(self, state: WorkloadState) -> None:
        """Note the process id and addresses of the running container."""
        if self._egress:
            address = ipaddress.ip_address(state.address) if state.address else None
            self._egress.found(state.pid, address, state.mac)

    def _read_line(self, line: str) -> None:
        self._figures.take(line)
        self._excerpts.take(line)

    def _write_samples(self, columns: Columns) -> None:
        self._record.samples(self.instruments.method, columns)

    def note_exit(self) -> int:
        """Record and return the exit code of a container that has ended."""
        return self._note_ending().exit_code

    def how_it_ended(self, when: str) -> str:
        """Describe how the container ended: its exit code, and the causes that are known.

        Raises:
            EngineError: the engine's disk is full.
        """
        kill = self._note_ending()
        return self._explained(ending_words(kill, when), kill)

    def how_it_hangs(self, text: str, pid: int) -> str:
        """Add the known causes to `text`, which says that the container is not ready.

        `pid` is process 1 in the host's PID namespace; 0 if it is not visible from the host.

        Raises:
            EngineError: the engine's disk is full.
        """
        return self._explained(text, None, pid)

    def _explained(self, text: str, kill: MemoryKill | None, pid: int = 0) -> str:
        kills = self.instruments.oom_kills()
        flag = self._workload.state().oom_killed if kill is None else kill.happened
        failed = FailedContainer(
            exit_code=kill.exit_code if kill else None,
            kills=max(kills or 0, int(flag)),
            forks_refused=self.instruments.forks_refused,
            tasks_peak=self.instruments.tasks_peak(),
            output=self.output.text(),
            pid=pid,
        )
        found = causes(self._workload, self._info, self._case, failed)
        if found:
            self._record.facts.cause = found[0]
        # the description of an OOM-killed container already says so
        said = [
            cause.words for cause in found if kill is None or cause.kind is not CauseKind.MEMORY
        ]
        return "; ".join([text, *said])

    def _note_ending(self) -> MemoryKill:
        code = self.exit.exit_code()
        self._record.facts.exit = ExitFact(code, self.exit.at_ns, self.exit.resolution_ns)
        flag = self._workload.state().oom_killed
        kill = MemoryKill(self.instruments.oom_kills(), flag, code)
        self._record.facts.memory_kill = kill
        return kill

    def end_output(self) -> None:
        """Stop following the output, and record what was found in it."""
        was_started = self._record.facts.start_sent_ns is not None
        if (self._figures or self._excerpts) and was_started:
            self._note_findings()
        self.output.close()
        if self.output.first_ns:
            self._record.facts.first_output_ns = self.output.first_ns

    def _note_findings(self) -> None:
        """Record the findings of the complete output; nothing if its end was not seen."""
        if not self.output.wait_end(_REST_OF_OUTPUT_S):
            return
        facts = self._record.facts
        if figures := (facts.figures or {}) | self._figures.facts():
            facts.figures = figures  # those of its load tool are there already
        if self._excerpts:
            facts.excerpts = self._excerpts.facts()

    def end_egress(self) -> None:
        """Stop capturing packets, and record the destinations that the container tried to reach."""
        watch, self._egress = self._egress, None
        if watch is None:
            return
        start_ns = self._record.facts.start_sent_ns
        seen = watch.finish(start_ns or 0)
        if start_ns is not None:
            self._record.facts.egress = seen

    def end_sampling(self) -> None:
        """Stop sampling and take the final totals.

        Raises:
            EngineError: the sampler failed during the trial.
        """
        self._record.facts.counters = self.instruments.finish()
        if self.instruments.failure:
            raise EngineError("sampler", f"the sampler failed: {self.instruments.failure}")

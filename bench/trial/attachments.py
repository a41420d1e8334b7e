"""All observers of a container, attached before it starts, and what they say of its end."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bench.journal.facts.cause import CauseKind
from bench.journal.facts.ending import ExitFact, MemoryKill
from bench.observe.opened_files import OpenedFilesObserver
from bench.observe.output import ExitWatch
from bench.scenario.compose_service import SHARED_NETWORK
from bench.trial.case_observers import EgressObserver, OutputObserver
from bench.trial.cause.ending import FailedContainer, causes
from bench.trial.instruments import Instruments
from bench.trial.oom_kill import ending_words
from bench.trial.redactor import redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.cgroup.mounts import ContainerCgroup
    from bench.egress.watch import Watch
    from bench.observe.observer import Observer
    from bench.runtimes.workload import Workload, WorkloadState
    from bench.trial.context import PreparedCase, TrialContext
    from bench.trial.record import TrialRecord


class Attachments:
    """The observers of a container: each is told of every step of its life.

    Attributes:
        exit: watches the end of the main process.
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
        """Attach to a created container; nothing is followed before `created`.

        `watch` starts the packet capture, which records from then on.
        """
        self._record = record
        self._case = case = prepared.case
        self._info = context.runtime.info
        self._workload = workload
        self.exit = ExitWatch(workload, context.clock)
        hide = redactor(case, prepared.folder, prepared.secrets)
        output = OutputObserver(workload, context.clock, case, hide)
        self.output = output.watch
        self.instruments = Instruments(
            workload,
            cgroup,
            context.clock,
            case.sample.interval,
            need=need,
            gpu=context.gpu,
            has_own_network=case.network_mode not in ("host", SHARED_NETWORK),
            on_batch=record.samples,
            on_threads=record.threads,
        )
        self.exit.on_end(self.instruments.process_ended)
        opened = self._opened_files(context, prepared) if need else ()
        egress = EgressObserver(watch())  # last: what is open must not be left open
        self._observers: tuple[Observer, ...] = (
            self.exit,
            output,
            self.instruments,
            *opened,
            egress,
        )

    def _opened_files(
        self, context: TrialContext, prepared: PreparedCase
    ) -> Sequence[OpenedFilesObserver]:
        """Without limits alone: what is observed costs the container some CPU time."""
        files, manifest = self._workload.files, prepared.manifest
        if files is None or manifest is None or not context.is_local:
            return ()
        layers = partial(context.known_layers, manifest)
        ready = prepared.case.ready
        own = ready.uses("exec") or ready.uses("healthcheck")
        unknown = "its probe opens files in the container, too" if own else ""
        return (OpenedFilesObserver(context.clock, files, layers, unknown),)

    def created(self) -> None:
        """Observe from now on; the container does not run yet."""
        for observer in self._observers:
            observer.created()

    def started(self, state: WorkloadState, sent_ns: int) -> None:
        """Note the process id and addresses of the running container."""
        for observer in self._observers:
            observer.started(state, sent_ns)

    def ready(self) -> None:
        """Note that the container is ready."""
        for observer in self._observers:
            observer.ready(self._record.facts)

    def endings(self) -> list[Callable[[], None]]:
        """The last step of each observer, to be taken whether or not another one fails."""
        return [partial(observer.finish, self._record.facts) for observer in self._observers]

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

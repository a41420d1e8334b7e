"""The lifecycle of one container: create, attach, start, wait, observe, stop and remove.

The trial procedure calls the steps in this order. Between the start and the confirming answer no
engine call is made that the timing does not require.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.analysis.held_limits import not_held
from bench.cgroup.counters import applied_limits
from bench.cgroup.mounts import remove_parent
from bench.core.errors import BenchError, EngineError
from bench.core.interrupts import postponed
from bench.journal.facts.form import read_facts
from bench.journal.facts.limits import LimitsAsked, LimitsFact, LimitsHeld
from bench.journal.facts.ready import ReadyFact
from bench.journal.facts.trial import LoadFact
from bench.observe.process_table import Process, read_table
from bench.runtimes.protocol import LABEL, container_engine
from bench.scenario.source import ProcessSource
from bench.trial.attachments import Attachments
from bench.trial.cause.refusal import blamed
from bench.trial.host_ports import check_free
from bench.trial.observing import await_end, note_that_it_is_to_stay, put_under_load
from bench.trial.outcome import FailedTrialError
from bench.trial.redactor import redactor
from bench.trial.spec import container_spec, named_volumes, process_spec
from bench.trial.stop_call import stopped
from bench.trial.stopping import standing_fact
from bench.trial.under_load import LoadRun
from bench.trial.waiting import ReadyWait

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from bench.cgroup.mounts import ContainerCgroup
    from bench.core.domain import Arm, TrialStatus
    from bench.runtimes.specs import WorkloadSpec
    from bench.runtimes.workload import Workload, WorkloadState
    from bench.trial.container_network import ContainerNetwork
    from bench.trial.context import PreparedCase, TrialContext
    from bench.trial.record import TrialRecord


class ContainerLifecycle:
    """One container of a trial; its results go into the trial's record.

    Attributes:
        name: of the container in the engine.
        workload: the container or process; None before it is created and after it is removed.
        ready: the ready fact, or None if it did not become ready.
    """

    def __init__(
        self,
        context: TrialContext,
        prepared: PreparedCase,
        record: TrialRecord,
        arm: Arm,
        network: ContainerNetwork,
        *,
        under_load: bool = False,
    ) -> None:
        """Nothing is created before `prepare`; a load tool runs only if `under_load`."""
        self._context = context
        self._prepared = prepared
        self._record = record
        self._arm = arm
        self._network = network
        self.name = f"cbench-{context.run_id}-{record.trial_id}"
        self._facts = record.facts
        self._requested = LimitsAsked()
        self.workload: Workload | None = None
        self._parent = ""
        self._spec: WorkloadSpec | None = None
        self._attachments: Attachments | None = None
        self._state: WorkloadState | None = None
        self._started_ns = 0
        is_loaded = under_load and prepared.case.load is not None
        self._load = LoadRun(context, prepared, f"{self.name}-load") if is_loaded else None
        self.ready: ReadyFact | None = None

    @property
    def _made(self) -> Workload:
        assert self.workload is not None, "it is created before it is used"
        return self.workload

    def _volume_names(self) -> list[str]:
        return named_volumes(self._prepared.case, self.name)

    @property
    def attached(self) -> Attachments:
        """The observers attached to the container."""
        assert self._attachments is not None, "a container is armed before it is started"
        return self._attachments

    def prepare(self) -> None:
        """Create its volumes, its network and, if possible, a cgroup of its own.

        Raises:
            HostError: a port that its probes connect to is in use by another program.
        """
        context = self._context
        check_free(self._prepared.case)
        self._network.prepare(self.name)
        for volume in self._volume_names():
            container_engine(context.runtime).volumes.create(volume, {LABEL: context.run_id})
        self._parent = context.cgroup_parent(self._record.trial_id)
        self._spec = self._make_spec()

    def create(self) -> None:
        """Create the container.

        Raises:
            FailedTrialError: the image, or how the case runs it, prevents that.
        """
        context = self._context
        assert self._spec is not None, "it is prepared before it is created"
        spec = self._network.joined(self._spec)
        swap_bytes = None if spec.memory_bytes is None else 0
        self._requested = LimitsAsked(spec.memory_bytes, swap_bytes, spec.cpus, spec.pids)
        self._facts.limits = LimitsFact(self._requested)
        # identified by its name until the engine answers, which a dying engine may not do
        self.workload = context.runtime.workload(self.name)
        # an engine continues a call whose client is gone, and may create it after the clean-up
        with postponed(), self._record.phase("create"), self._blamed(spec):
            self.workload = context.runtime.create(spec)
        if self.workload.warnings:
            self._facts.warnings = self.workload.warnings

    def _blamed(self, spec: WorkloadSpec | None = None) -> AbstractContextManager[None]:
        """Attribute errors within the block, which creates it from `spec`, or starts it."""
        return blamed(self._context.runtime, self._facts, self._made, spec)

    def _make_spec(self) -> WorkloadSpec:
        case, prepared, labels = self._prepared.case, self._prepared, {LABEL: self._context.run_id}
        spec = container_spec(
            case,
            image=prepared.reference,
            name=self.name,
            folder=prepared.folder,
            labels=labels,
            arm=self._arm,
            extra_hosts=prepared.extra_hosts,
            keep_healthcheck=case.ready.uses("healthcheck"),
            cgroup_parent=self._parent,
        )
        if isinstance(case.source, ProcessSource):
            return process_spec(spec, case.source.process, prepared.folder)
        return spec

    def _cgroup(self) -> ContainerCgroup | None:
        if self._context.mounts is None or not self._context.is_local:
            return None
        return self._made.cgroup(self._context.mounts, self._parent)

    def arm(self) -> None:
        """Attach the observers that must be in place before the start.

        Raises:
            FailedTrialError: its command cannot be run.
        """
        with self._record.phase("arm"):
            with self._blamed():  # Podman has the runtime make it when it is attached to
                self._attachments = Attachments(
                    self._context,
                    self._record,
                    self._prepared,
                    self._made,
                    self._cgroup(),
                    need=self._arm == "need",
                    watch=self._network.watch,
                )
            self._attachments.created()

    def start(self) -> None:
        """Start the container, and inspect it once for its process id and address.

        Raises:
            FailedTrialError: its command cannot be run.
        """
        context = self._context
        start_ns = context.clock.monotonic_ns()
        self._facts.start_sent_ns = start_ns
        with self._blamed():
            self._made.start()
        self._started_ns = context.clock.monotonic_ns()
        self._record.phase_was("start", start_ns, self._started_ns)
        self._state = self._made.state()
        self.attached.started(self._state, start_ns)

    def await_ready(self, *, unhealthy_is_final: bool = False) -> None:
        """Wait for the confirming answer.

        Args:
            unhealthy_is_final: whether the wait ends once the engine reports it as unhealthy.

        Raises:
            FailedTrialError: it exited before, or the time-out was reached.
            EngineError: the kernel enforces other limits than those requested.
        """
        assert self._state is not None, "it is started before it is waited for"
        wait = ReadyWait(
            self._context, self._prepared, self._network, self.attached, self._state, self._facts
        )
        self._is_ready(
            wait.answer(self._made, self._started_ns, unhealthy_is_final=unhealthy_is_final)
        )

    def count_as_ready(self) -> None:
        """Treat it as ready once started, since no probe is configured."""
        self._is_ready(ReadyFact(self._started_ns, 0, 0, "started"))

    def _is_ready(self, fact: ReadyFact) -> None:
        self.ready = fact
        self._network.was_ready((fact.at_ns - self._started_ns) / 1e9)
        self._facts.ready = fact
        # a line of output may come some milliseconds before the start call returns
        ready_ns = max(self._started_ns, fact.at_ns)
        with self._record.phase("check"):
            self.attached.ready()
            self._record.phase_was("ready", self._started_ns, ready_ns, fact.resolution_ns)
            self._check_limits()

    def _check_limits(self) -> None:
        """Compare the requested limits with the kernel's; engines silently drop some."""
        cgroup = self._cgroup()
        if cgroup is None:
            return
        applied = read_facts(LimitsHeld, applied_limits(cgroup))
        if self.attached.exit.ended:
            return  # its cgroup went away before or while it was read
        self._facts.limits = LimitsFact(self._requested, applied)
        wrong = not_held(self._requested, applied)
        if wrong:
            raise EngineError("limits", f"the engine did not apply {', '.join(wrong)}")

    def observe(self) -> None:
        """Keep sampling for as long as the case says.

        Raises:
            FailedTrialError: it exited in the meantime, which was not expected.
        """
        case, attached = self._prepared.case, self.attached
        with self._record.phase("observe"):
            if self._load is not None:
                assert self._state is not None, "it is started before it is put under load"
                self._facts.load = LoadFact(self._prepared.load_reference)
                address = self._network.address(self._state)
                put_under_load(self._load, address, attached, self._facts)
            elif case.observe == "exit":
                await_end(attached, case.ready.timeout)
            elif case.observe:
                attached.exit.wait(case.observe)
        may_end = case.observe in ("exit", 0) or case.ready.uses("exit")
        if attached.exit.ended and (attached.note_exit() != 0 or not may_end):
            at_ns = attached.exit.at_ns or self._context.clock.monotonic_ns()
            after_s = (at_ns - self.ready.at_ns) / 1e9 if self.ready else 0.0
            text = attached.how_it_ended(f"{after_s:.1f} s after it was ready")
            note_that_it_is_to_stay(attached, self._facts)
            raise FailedTrialError(text)

    def processes(self) -> list[Process]:
        """Its processes, process 1 first; empty if not visible from this host."""
        pid = self._state.pid if self._state else 0
        return read_table(pid) if pid and self._context.is_local else []

    def stop(self) -> None:
        """Stop it, and record how it ended; does nothing if it has already exited."""
        if self.attached.exit.ended:
            with self._record.phase("settle"):
                self.attached.note_exit()
            return
        with self._record.phase("examine"):
            table = self.processes()
            stop_signal = self._state.stop_signal if self._state else ""
        hide = redactor(self._prepared.case, self._prepared.folder, self._prepared.secrets)
        self._facts.process = standing_fact(
            self._context.runtime.capabilities, table, stop_signal, hide
        )
        grace_s = self._prepared.case.stop_grace_period
        self._facts.stop = stopped(
            self._context, self._record, self.attached, self._made, table, grace_s
        )

    def remove(self) -> None:
        """Remove it."""
        with self._record.phase("remove"):
            self._made.remove()
        self.workload = None

    def take_down(self) -> str:
        """Remove everything it left, at whichever step it failed; returns what went wrong."""
        steps: list[Callable[[], None]] = [self.kill, self._remove_volumes]
        if self._load:
            steps.append(self._load.remove)
        if self._attachments:
            steps += self._attachments.endings()
        trouble = []
        for step in (*steps, self._network.remove, self._remove_cgroup):
            try:
                step()
            except BenchError as error:
                trouble.append(error.cause)
        return "; ".join(trouble)

    def kill(self) -> None:
        """Remove it in any state; pending waits for it return."""
        if self.workload is not None:
            self.workload.remove()

    def end_sampling(self) -> None:
        """Take the final totals now."""
        self.attached.instruments.finish(self._facts)

    def _remove_volumes(self) -> None:
        for volume in self._volume_names():
            container_engine(self._context.runtime).volumes.remove(volume)

    def _remove_cgroup(self) -> None:
        if self._parent and self._context.mounts:
            remove_parent(self._context.mounts, self._parent)

    def last_words(self) -> list[str]:
        """The last lines of its output so far."""
        return self._attachments.output.tail() if self._attachments else []

    def write_end(
        self, status: TrialStatus, reason: str, case: str, seconds_to_ready: float | None
    ) -> None:
        """Write how the trial ended, and write the output to a file of its own."""
        output = self._attachments.output if self._attachments else None
        self._record.end(status, reason, self.last_words(), seconds_to_ready)
        if output:
            self._record.write_log(case, output.text())
        if self._load and self._facts.load is not None:
            self._record.write_log(f"{case}-load", self._load.text())

"""The life of one container: created, armed, started, waited for, watched, stopped and removed.

The steps are called in this order, by whoever knows when it is time for each. Nothing that is
not needed for the timing is asked of the engine between the start and the confirmed answer.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
from typing import TYPE_CHECKING

from bench.engine.protocol import LABEL
from bench.errors import BenchError, EngineError, EngineRefusedError
from bench.interrupts import postponed
from bench.results.behaviour import Stop
from bench.results.held_limits import not_held
from bench.sampling.cgroup import locate, make_parent, remove_parent, takes_parent
from bench.sampling.counters import applied_limits
from bench.trial.attachments import Attachments
from bench.trial.blame import FailedTrialError
from bench.trial.cause.ending import ENDED
from bench.trial.cause.refusal import creation_cause, disk_error, image_cause
from bench.trial.host_ports import check_free
from bench.trial.listening import Whereabouts, whereabouts
from bench.trial.probes.attempt import NotReadyError
from bench.trial.probes.make import ProbeTarget
from bench.trial.process_table import Process, read_table
from bench.trial.readiness import LONG_WAIT_S, ReadyFact, make_readiness
from bench.trial.secrets import hider
from bench.trial.spec import container_spec, named_volumes, process_spec
from bench.trial.stopping import Endings, standing_fact
from bench.trial.under_load import LoadRun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.engine.protocol import ContainerSpec, ContainerState
    from bench.results.model import TrialStatus
    from bench.sampling.cgroup import ContainerCgroup
    from bench.scenario.model import Arm
    from bench.trial.laboratory import Laboratory, Subject
    from bench.trial.network import LifeNetwork
    from bench.trial.record import TrialRecord

_KILLED = 137
_NOTICED_S = 5.0
"""How long the end of a container may take to be noticed after the stop call."""


class Life:
    """One container of a trial; what it does goes into the trial's record.

    Attributes:
        container_id: empty before it is created, and after it is removed.
        ready: when it got ready, None where it did not.
    """

    def __init__(
        self,
        lab: Laboratory,
        subject: Subject,
        record: TrialRecord,
        arm: Arm,
        network: LifeNetwork,
        *,
        under_load: bool = False,
    ) -> None:
        """Nothing is made before `prepare`; a load tool is run only `under_load`."""
        self._lab = lab
        self._subject = subject
        self._record = record
        self._arm = arm
        self._network = network
        self._name = f"cbench-{lab.run_id}-{record.trial_id}"
        self._facts = record.facts
        self._requested: dict[str, float | None] = {}
        self.container_id = ""
        self._parent = ""
        self._spec: ContainerSpec | None = None
        self._attachments: Attachments | None = None
        self._state: ContainerState | None = None
        self._started_ns = 0
        is_loaded = under_load and subject.case.load is not None and lab.beside is not None
        self._load = LoadRun(lab, subject, f"{self._name}-load") if is_loaded else None
        self._is_sampled = False
        self.ready: ReadyFact | None = None

    @property
    def name(self) -> str:
        """The name that the engine is given for it."""
        return self._name

    @property
    def attached(self) -> Attachments:
        """What was fastened to it."""
        assert self._attachments is not None, "a container is armed before it is started"
        return self._attachments

    def prepare(self) -> None:
        """Make what it is to be in: volumes, network, a cgroup of its own if there can be.

        Raises:
            HostError: another program has the port that it is asked at.
        """
        lab, facts = self._lab, self._lab.engine.facts
        check_free(self._subject.case)
        self._network.prepare(self._name)
        for volume in named_volumes(self._subject.case, self._name):
            lab.engine.create_volume(volume, {LABEL: lab.run_id})
        if lab.mounts and facts.is_local and takes_parent(facts.cgroup_driver):
            self._parent = make_parent(lab.mounts, f"{lab.run_id}-{self._record.trial_id}")
        self._spec = self._make_spec()

    def create(self) -> None:
        """Create it.

        Raises:
            FailedTrialError: its image, or how the case runs it, cannot be.
        """
        lab = self._lab
        assert self._spec is not None, "it is prepared before it is created"
        spec = self._network.joined(self._spec)
        self._requested = {
            "memory_bytes": spec.memory_bytes,
            "swap_bytes": None if spec.memory_bytes is None else 0,
            "cpus": spec.cpus,
            "pids": spec.pids,
        }
        self._facts["limits"] = {"requested": self._requested}
        # known by its name until the answer is there, which a dying engine may not give
        self.container_id = self._name
        # an engine goes on with a call that is cut off, and may make it after it was cleaned up
        with postponed():
            with self._record.phase("create"), self._blamed(spec):
                created = lab.engine.create(spec)
            self.container_id = created.container_id
        if created.warnings:
            self._facts["warnings"] = list(created.warnings)

    @contextlib.contextmanager
    def _blamed(self, spec: ContainerSpec | None = None) -> Iterator[None]:
        """While this lasts it is made from `spec`, or started.

        Raises:
            FailedTrialError: that was refused for what its image holds, or how the case runs it.
        """
        engine = self._lab.engine
        try:
            yield
        except EngineRefusedError as error:
            found = (
                creation_cause(engine, spec)
                if spec is not None
                else image_cause(engine, self.container_id, error)
            )
            if found is None and (full := disk_error(engine, error)):
                raise full from error
            if found is None:
                raise
            self._facts["cause"] = dataclasses.asdict(found)
            raise FailedTrialError(f"it could not be started: {found.words}") from error

    def _make_spec(self) -> ContainerSpec:
        case, subject, labels = self._subject.case, self._subject, {LABEL: self._lab.run_id}
        spec = container_spec(
            case,
            image=subject.reference,
            name=self._name,
            folder=subject.folder,
            labels=labels,
            arm=self._arm,
            extra_hosts=subject.extra_hosts,
            keep_healthcheck=case.ready.uses("healthcheck"),
            cgroup_parent=self._parent,
        )
        return spec if case.host is None else process_spec(spec, case.host, subject.folder)

    def _cgroup(self) -> ContainerCgroup | None:
        facts = self._lab.engine.facts
        if self._lab.mounts is None or not facts.is_local:
            return None
        return locate(self._lab.mounts, self.container_id, facts, self._parent)

    def arm(self) -> None:
        """Fasten to it what must be there before it starts.

        Raises:
            FailedTrialError: its command cannot be run.
        """
        with self._record.phase("arm"):
            with self._blamed():  # Podman has the runtime make it when it is attached to
                self._attachments = Attachments(
                    self._lab,
                    self._record,
                    self._subject,
                    self.container_id,
                    self._cgroup(),
                    need=self._arm == "need",
                    watch=self._network.watch,
                )
            self._is_sampled = True
            self._attachments.start()

    def start(self) -> None:
        """Start it, and ask once for its process and its address.

        Raises:
            FailedTrialError: its command cannot be run.
        """
        lab = self._lab
        start_ns = lab.clock.monotonic_ns()
        self._facts["start_sent_ns"] = start_ns
        with self._blamed():
            lab.engine.start(self.container_id)
        self._started_ns = lab.clock.monotonic_ns()
        self._record.phase_was("start", start_ns, self._started_ns)
        self._state = lab.engine.state(self.container_id)
        self.attached.exit.start(self._state.pid, start_ns)
        self.attached.instruments.process_is(self._state.pid, self._subject.case.network_mode)
        self.attached.found(self._state)

    def await_ready(self, *, unhealthy_is_final: bool = False) -> None:
        """Wait for the confirming answer.

        Args:
            unhealthy_is_final: whether it is given up once the engine calls it unhealthy.

        Raises:
            FailedTrialError: it ended before, or time was up.
            EngineError: it runs under other limits than it was to.
        """
        lab, attached = self._lab, self.attached
        assert self._state is not None, "it is started before it is waited for"
        target = ProbeTarget(
            lab.engine,
            self.container_id,
            self._network.address(self._state),
            attached.output,
            attached.exit,
            lab.clock,
            unhealthy_is_final,
            self._state.pid,
        )
        ready = self._network.patience(self._subject.case.ready)
        readiness = make_readiness(ready, target, lambda: self._say_where_it_listens(target))
        try:
            fact = readiness.wait(self._started_ns)
        except NotReadyError as error:
            text = str(error)
            if attached.exit.ended:
                text = attached.how_it_ended("before it was ready")
                self._say_that_it_is_to_stay()
            else:
                if error.hint:
                    self._facts["hint"] = error.hint
                if beside := self._where_it_listens(target).words:
                    text = f"{text}; {beside}"
                text = attached.how_it_hangs(text, self._seen_pid)
            text = self._network.explained(text, ended=attached.exit.ended)
            raise FailedTrialError(text) from error
        finally:
            if readiness.port_open is not None:
                self._facts["port_open"] = dataclasses.asdict(readiness.port_open)
        self._is_ready(fact)

    @property
    def _seen_pid(self) -> int:
        """Its process 1 as it is seen from here; 0 where it is not."""
        return self._state.pid if self._state and self._lab.engine.facts.is_local else 0

    def _say_where_it_listens(self, target: ProbeTarget) -> None:
        """Tell whoever watches where it listens, if that is not where it is asked."""
        place = self._where_it_listens(target)
        if place.is_missing and place.found:
            waited = f"{self._subject.name} is not ready after {LONG_WAIT_S:g} s"
            self._lab.progress.say(f"{waited}: {place.words}")

    def _where_it_listens(self, target: ProbeTarget) -> Whereabouts:
        """Where it listens, which goes on record."""
        case = self._subject.case
        place = whereabouts(
            case.ready, target.address, target.own_pid, in_container=case.host is None
        )
        if place.words:
            self._facts["listening"] = [dataclasses.asdict(one) for one in place.found]
        return place

    def count_as_ready(self) -> None:
        """It is ready because it is started, for nothing says when it can do something."""
        self._is_ready(ReadyFact(self._started_ns, 0, 0, "started"))

    def _is_ready(self, fact: ReadyFact) -> None:
        attached = self.attached
        self.ready = fact
        self._network.was_ready((fact.at_ns - self._started_ns) / 1e9)
        self._facts["ready"] = dataclasses.asdict(fact)
        # a line of output may come some milliseconds before the start call returns
        ready_ns = max(self._started_ns, fact.at_ns)
        with self._record.phase("check"):
            cpu_ns = attached.instruments.container_is_ready()
            if cpu_ns is not None:
                self._facts["cpu_ns_at_ready"] = cpu_ns
            self._record.phase_was("ready", self._started_ns, ready_ns, fact.resolution_ns)
            self._check_limits()

    def _check_limits(self) -> None:
        """Compare what was asked for with what the kernel holds; the engine drops some."""
        cgroup = self._cgroup()
        if cgroup is None:
            return
        applied = applied_limits(cgroup)
        if self.attached.exit.ended:
            return  # its cgroup went away before or while it was read
        self._facts["limits"] = {"requested": self._requested, "applied": applied}
        wrong = not_held(self._requested, applied)
        if wrong:
            raise EngineError("limits", f"the engine did not apply {', '.join(wrong)}")

    def observe(self) -> None:
        """Go on sampling for as long as the case says.

        Raises:
            FailedTrialError: it ended in the meantime, and that was not asked for.
        """
        case, attached = self._subject.case, self.attached
        with self._record.phase("observe"):
            if self._load is not None:
                self._put_under_load(self._load)
            elif case.observe == "exit":
                self._await_end(case.ready.timeout)
            elif case.observe:
                attached.exit.wait(case.observe)
        may_end = case.observe in ("exit", 0) or case.ready.uses("exit")
        if attached.exit.ended and (attached.note_exit() != 0 or not may_end):
            at_ns = attached.exit.at_ns or self._lab.clock.monotonic_ns()
            after_s = (at_ns - self.ready.at_ns) / 1e9 if self.ready else 0.0
            text = attached.how_it_ended(f"{after_s:.1f} s after it was ready")
            self._say_that_it_is_to_stay()
            raise FailedTrialError(text)

    def _say_that_it_is_to_stay(self) -> None:
        """Put on record that it ended, where nothing went wrong with it but that."""
        if "cause" not in self._facts and self.attached.note_exit() == 0:
            self._facts["cause"] = dataclasses.asdict(ENDED)

    def _await_end(self, timeout_s: float) -> None:
        """Wait until it ends.

        Raises:
            FailedTrialError: it did not; what it took until now would pass for all of it.
        """
        self.attached.exit.wait(timeout_s)
        if not self.attached.exit.ended:
            raise FailedTrialError(
                f"did not end within {timeout_s:g} s after it was ready, as `observe: exit` asks "
                "of it (`ready.timeout` is its limit)"
            )

    def _put_under_load(self, load: LoadRun) -> None:
        """Run the load tool to its end.

        Raises:
            FailedTrialError: the case ended under it.
            EngineError: the tool failed.
        """
        assert self._state is not None, "it is started before it is put under load"
        self._facts["load"] = {"reference": self._subject.load_reference}
        ending = self.attached.exit
        try:
            load.run(self._network.address(self._state), ending)
        except EngineError:
            if not ending.ended:
                raise
        finally:
            self._facts["figures"] = load.figures()
        if ending.ended:
            raise FailedTrialError(self.attached.how_it_ended("under load"))

    def processes(self) -> list[Process]:
        """Its processes, process 1 first; empty where they cannot be seen from here."""
        pid = self._state.pid if self._state else 0
        return read_table(pid) if pid and self._lab.engine.facts.is_local else []

    def stop(self) -> None:
        """Ask it to stop, and note how it ended; one that has ended already is left alone."""
        lab, attached = self._lab, self.attached
        grace_s = math.ceil(self._subject.case.stop_grace_period)  # engines wait whole seconds
        if attached.exit.ended:
            with self._record.phase("settle"):
                attached.note_exit()
            return
        with self._record.phase("examine"):
            table = self.processes()
            stop_signal = self._state.stop_signal if self._state else ""
        hide = hider(self._subject.case, self._subject.folder, self._subject.secrets)
        self._facts["process"] = standing_fact(lab.engine.facts, table, stop_signal, hide)
        with contextlib.closing(Endings(table[1:])) as endings:
            start_ns = lab.clock.monotonic_ns()
            with self._record.phase("stop"):
                lab.engine.stop(self.container_id, grace_s)
            took_s = (lab.clock.monotonic_ns() - start_ns) / 1e9
            with self._record.phase("settle"):
                attached.exit.wait(_NOTICED_S)
                killed_below = endings.killed() if table and attached.exit.ended else None
                code = attached.note_exit()
        # a program may also end itself with this code, but sooner
        killed = code == _KILLED and took_s >= grace_s - 0.1
        at_ns = attached.exit.at_ns
        ended_s = None if at_ns is None else max(0, at_ns - start_ns) / 1e9
        stop = Stop(grace_s, killed, ended_s, killed_below)
        self._facts["stop"] = dataclasses.asdict(stop)

    def remove(self) -> None:
        """Remove it."""
        with self._record.phase("remove"):
            self._lab.engine.remove(self.container_id)
        self.container_id = ""

    def take_down(self) -> str:
        """Remove whatever it left, at whichever step it broke off; says what could not be done."""
        steps: list[Callable[[], None]] = [self.kill, self._remove_volumes]
        if self._load:
            steps.append(self._load.remove)
        if self._attachments:
            attached = self._attachments
            steps += [attached.end_output, attached.end_egress, self.end_sampling]
        trouble = []
        for step in (*steps, self._network.remove, self._remove_cgroup):
            try:
                step()
            except BenchError as error:
                trouble.append(error.cause)
        return "; ".join(trouble)

    def kill(self) -> None:
        """Remove it whatever it does; whoever waits for it notices its end."""
        if self.container_id:
            self._lab.engine.remove(self.container_id)

    def end_sampling(self) -> None:
        """Take the last totals, once."""
        if self._is_sampled:
            self._is_sampled = False
            self.attached.end_sampling()

    def _remove_volumes(self) -> None:
        for volume in named_volumes(self._subject.case, self._name):
            self._lab.engine.remove_volume(volume)

    def _remove_cgroup(self) -> None:
        if self._parent and self._lab.mounts:
            remove_parent(self._lab.mounts, self._parent)

    def last_words(self) -> list[str]:
        """The last lines of its output so far."""
        return self._attachments.output.tail() if self._attachments else []

    def write_end(
        self, status: TrialStatus, reason: str, case: str, seconds_to_ready: float | None
    ) -> None:
        """Write how the trial ended, and the output to a file of its own."""
        output = self._attachments.output if self._attachments else None
        self._record.end(status, reason, self.last_words(), seconds_to_ready)
        if output:
            self._record.write_log(case, output.text())
        if self._load and "load" in self._facts:
            self._record.write_log(f"{case}-load", self._load.text())

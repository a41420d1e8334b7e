"""One trial: a case brought into its cache state, pulled, run, watched and taken down again.

A trial only appends events to the journal. Nothing here computes a metric, and nothing that is
not needed for the timing is asked of the engine between the start and the confirmed answer.
"""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING

from bench.engine.protocol import LABEL
from bench.errors import BenchError, EngineError, EngineRefusedError, StoreError
from bench.host.load import load_between
from bench.results.model import TrialStatus
from bench.sampling.cgroup import locate, make_parent, remove_parent, takes_parent
from bench.scenario.model import Arm, CacheState
from bench.trial.attachments import Attachments
from bench.trial.blame import FailedTrialError, InvalidTrialError, is_images_fault, judge_host
from bench.trial.laboratory import Laboratory, Subject
from bench.trial.limits import mismatches
from bench.trial.probes import ProbeTarget
from bench.trial.pull import PullRecorder
from bench.trial.readiness import NotReadyError, make_readiness
from bench.trial.record import TrialRecord
from bench.trial.signals import Interrupted, postponed
from bench.trial.spec import container_spec, named_volumes

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.engine.protocol import ContainerState
    from bench.results.model import TrialKey
    from bench.sampling.cgroup import ContainerCgroup
    from bench.trial.readiness import ReadyFact

_KILLED = 137
_NOTICED_S = 5.0
"""How long the end of a container may take to be noticed after the stop call."""


class Trial:
    """One trial, from its cache state to its removal."""

    def __init__(
        self, lab: Laboratory, subject: Subject, key: TrialKey, number: int, attempt: int
    ) -> None:
        self._lab = lab
        self._subject = subject
        self._key = key
        self._record = TrialRecord(lab, number, attempt)
        self._name = f"cbench-{lab.run_id}-{self.trial_id}"
        self._facts = self._record.facts
        self._requested: dict[str, float | None] = {}
        self._container_id = ""
        self._parent = ""
        self._attached: Attachments | None = None
        self._ready: ReadyFact | None = None

    @property
    def trial_id(self) -> str:
        """Such as `t0007`, or `t0007.1` for the second attempt at it."""
        return self._record.trial_id

    @property
    def seconds_to_ready(self) -> float | None:
        """From the trial's zero to the confirming answer; None where there was none."""
        zero_ns = self._facts.get("zero_ns")
        return (self._ready.at_ns - zero_ns) / 1e9 if self._ready and zero_ns else None

    def run(self) -> TrialStatus:
        """Measure, take everything down, and write how it ended.

        Raises:
            Interrupted: after the clean-up.
            StoreError: the journal cannot be written; after the clean-up too.
        """
        lab = self._lab
        self._record.begin(self._key)
        daemons = {"bench": os.getpid(), **lab.daemons}
        before = lab.read_load(daemons)
        interrupted: Interrupted | None = None
        try:
            self._measure()
            status, reason = TrialStatus.OK, ""
        except InvalidTrialError as error:
            status, reason = TrialStatus.INVALID, str(error)
        except FailedTrialError as error:
            status, reason = TrialStatus.FAILED, str(error)
        except StoreError:
            with postponed():
                self._take_down()
            raise
        except BenchError as error:
            status, reason = TrialStatus.ERROR, f"{error.subject}: {error.cause}"
        except Interrupted as signal:
            status, reason = TrialStatus.INTERRUPTED, str(signal)
            interrupted = signal
        with postponed():
            left = self._take_down()
            load = load_between(before, lab.read_load(daemons))
            self._facts["host"] = load
            if status is TrialStatus.OK:
                status, reason = judge_host(load)
            if left:
                status, reason = TrialStatus.ERROR, f"{reason}; clean-up: {left}".lstrip("; ")
            self._write_end(status, reason)
        if interrupted:
            raise interrupted
        return status

    def _write_end(self, status: TrialStatus, reason: str) -> None:
        output = self._attached.output if self._attached else None
        tail = output.tail() if output else []
        if status is TrialStatus.OK:
            tail = tail[-5:]
        self._record.end(status, reason, tail, self.seconds_to_ready)
        if output:
            log_file = self._lab.log_folder / f"{self._key.case}-{self.trial_id}.log"
            try:
                log_file.write_text(output.text(), encoding="utf-8")
            except OSError as error:
                raise StoreError(str(log_file), f"cannot be written: {error.strerror}") from error

    def _measure(self) -> None:
        lab, case = self._lab, self._subject.case
        state = CacheState(self._key.cache)
        with self._record.phase("prepare"):
            lab.keeper.establish(state, self._subject.reference, self._subject.blobs)
            for volume in named_volumes(case, self._name):
                lab.engine.create_volume(volume, {LABEL: lab.run_id})
        self._facts["zero_ns"] = lab.clock.monotonic_ns()
        if state is CacheState.COLD:
            self._pull()
        self._create()
        with self._record.phase("arm"):
            attached = self._arm()
        container, started_ns = self._start(attached)
        self._await_ready(attached, container, started_ns)
        self._observe(attached)
        self._stop(attached)
        with self._record.phase("remove"):
            lab.engine.remove(self._container_id)
        self._container_id = ""

    def _pull(self) -> None:
        recorder, lab = PullRecorder(), self._lab
        with self._record.phase("pull"):
            for line in lab.engine.pull(self._subject.reference):
                recorder.line(lab.clock.monotonic_ns(), line)
        manifest = self._subject.manifest
        if manifest is not None:
            self._record.layers(recorder.intervals(manifest.layers, self._subject.layers))
            self._facts["downloaded_bytes"] = recorder.downloaded_bytes(manifest)
            if recorder.digest and recorder.digest != manifest.digest:
                raise EngineError(
                    self._subject.reference, f"the pull brought {recorder.digest} instead"
                )
        doubt = recorder.why_not_cold(manifest)
        if doubt:
            hint = "" if lab.keeper.may_wipe else "; only the private engine may be emptied for it"
            raise InvalidTrialError(f"not a cold pull: {doubt}{hint}")

    def _create(self) -> None:
        lab, case = self._lab, self._subject.case
        facts = lab.engine.facts
        if lab.mounts and facts.is_local and takes_parent(facts.cgroup_driver):
            self._parent = make_parent(lab.mounts, f"{lab.run_id}-{self.trial_id}")
        spec = container_spec(
            case,
            image=self._subject.reference,
            name=self._name,
            folder=self._subject.folder,
            labels={LABEL: lab.run_id},
            arm=Arm(self._key.arm),
            extra_hosts=self._subject.extra_hosts,
            keep_healthcheck=case.ready.uses("healthcheck"),
            cgroup_parent=self._parent,
        )
        self._requested = {
            "memory_bytes": spec.memory_bytes,
            "cpus": spec.cpus,
            "pids": spec.pids,
        }
        with self._record.phase("create"):
            created = lab.engine.create(spec)
        self._container_id = created.container_id
        if created.warnings:
            self._facts["warnings"] = list(created.warnings)

    def _cgroup(self) -> ContainerCgroup | None:
        facts = self._lab.engine.facts
        if self._lab.mounts is None or not facts.is_local:
            return None
        return locate(
            self._lab.mounts, self._container_id, facts.cgroup_driver, facts.kind, self._parent
        )

    def _arm(self) -> Attachments:
        self._attached = Attachments(
            self._lab,
            self._record,
            self._subject,
            self._container_id,
            self._cgroup(),
            need=self._key.arm == "need",
        )
        self._attached.start()
        return self._attached

    def _start(self, attached: Attachments) -> tuple[ContainerState, int]:
        """Start it; returns what the engine says of it, and when the start call returned (ns)."""
        lab = self._lab
        start_ns = lab.clock.monotonic_ns()
        self._facts["start_sent_ns"] = start_ns
        try:
            lab.engine.start(self._container_id)
        except EngineRefusedError as error:
            if is_images_fault(error):
                raise FailedTrialError(f"it could not be started: {error.cause}") from error
            raise
        started_ns = lab.clock.monotonic_ns()
        self._record.phase_was("start", start_ns, started_ns)
        state = lab.engine.state(self._container_id)
        attached.exit.start(state.pid, start_ns)
        attached.instruments.process_is(state.pid, self._subject.case.network_mode)
        return state, started_ns

    def _await_ready(self, attached: Attachments, state: ContainerState, started_ns: int) -> None:
        lab = self._lab
        target = ProbeTarget(
            lab.engine,
            self._container_id,
            state.address,
            attached.output,
            attached.exit,
            lab.clock,
        )
        readiness = make_readiness(self._subject.case.ready, target)
        try:
            fact = readiness.wait(started_ns)
        except NotReadyError as error:
            text = str(error)
            if attached.exit.ended:
                text = attached.how_it_ended("before it was ready")
            raise FailedTrialError(text) from error
        self._ready = fact
        self._facts["ready"] = dataclasses.asdict(fact)
        cpu_ns = attached.instruments.cpu_ns()
        if cpu_ns is not None:
            self._facts["cpu_ns_at_ready"] = cpu_ns
        # a line of output may come some milliseconds before the start call returns
        ready_ns = max(started_ns, fact.at_ns)
        self._record.phase_was("ready", started_ns, ready_ns, fact.resolution_ns)
        self._check_limits(attached)

    def _check_limits(self, attached: Attachments) -> None:
        """Compare what was asked for with what the kernel holds; the engine drops some."""
        cgroup = self._cgroup()
        if cgroup is None:
            return
        applied, wrong = mismatches(cgroup, self._requested)
        if attached.exit.ended:
            return  # its cgroup went away before or while it was read
        self._facts["limits"] = {"requested": self._requested, "applied": applied}
        if wrong:
            raise EngineError("limits", f"the engine did not apply {', '.join(wrong)}")

    def _observe(self, attached: Attachments) -> None:
        case = self._subject.case
        with self._record.phase("observe"):
            if case.observe == "exit":
                attached.exit.wait(case.ready.timeout)
            elif case.observe:
                attached.exit.wait(case.observe)
        if attached.exit.ended and not case.ready.uses("exit") and attached.note_exit() != 0:
            at_ns = attached.exit.at_ns or self._lab.clock.monotonic_ns()
            after_s = (at_ns - self._ready.at_ns) / 1e9 if self._ready else 0.0
            raise FailedTrialError(attached.how_it_ended(f"{after_s:.1f} s after it was ready"))

    def _stop(self, attached: Attachments) -> None:
        lab, grace_s = self._lab, self._subject.case.stop_grace_period
        if attached.exit.ended:
            attached.note_exit()
            return
        start_ns = lab.clock.monotonic_ns()
        with self._record.phase("stop"):
            lab.engine.stop(self._container_id, grace_s)
        took_s = (lab.clock.monotonic_ns() - start_ns) / 1e9
        attached.exit.wait(_NOTICED_S)
        # engines wait whole seconds; a program may also end itself with this code, but sooner
        killed = attached.note_exit() == _KILLED and took_s >= round(grace_s) - 0.1
        self._facts["stop"] = {"killed": killed, "grace_s": grace_s}

    def _take_down(self) -> str:
        """Remove whatever the trial made; says what could not be done."""
        attached = self._attached
        steps: list[Callable[[], None]] = [self._remove_container, self._remove_volumes]
        if attached:
            steps += [attached.end_output, attached.end_sampling]
        trouble = []
        for step in (*steps, self._remove_cgroup):
            try:
                step()
            except BenchError as error:
                trouble.append(error.cause)
        return "; ".join(trouble)

    def _remove_container(self) -> None:
        if self._container_id:
            self._lab.engine.remove(self._container_id)

    def _remove_volumes(self) -> None:
        for volume in named_volumes(self._subject.case, self._name):
            self._lab.engine.remove_volume(volume)

    def _remove_cgroup(self) -> None:
        if self._parent and self._lab.mounts:
            remove_parent(self._lab.mounts, self._parent)


__all__ = ["Laboratory", "Subject", "Trial"]

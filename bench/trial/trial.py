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
from bench.trial.blame import FailedTrialError, InvalidTrialError, is_images_fault, judge_host
from bench.trial.instruments import Instruments
from bench.trial.laboratory import Laboratory, Subject
from bench.trial.limits import mismatches
from bench.trial.probes import ProbeTarget
from bench.trial.pull import PullRecorder
from bench.trial.readiness import NotReadyError, make_readiness
from bench.trial.record import TrialRecord
from bench.trial.signals import Interrupted, postponed
from bench.trial.spec import container_spec, named_volumes
from bench.trial.watch import ExitWatch, OutputWatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.engine.protocol import ContainerState
    from bench.results.model import TrialKey
    from bench.sampling.cgroup import ContainerCgroup
    from bench.sampling.sampler import Columns
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
        self._state: ContainerState | None = None
        self._instruments: Instruments | None = None
        self._output: OutputWatch | None = None
        self._exit = ExitWatch(lab.engine, "", lab.clock)
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
        tail = self._output.tail() if self._output else []
        if status is TrialStatus.OK:
            tail = tail[-5:]
        self._record.end(status, reason, tail, self.seconds_to_ready)
        if self._output:
            log_file = self._lab.log_folder / f"{self._key.case}-{self.trial_id}.log"
            try:
                log_file.write_text(self._output.text(), encoding="utf-8")
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
            self._arm()
        started_ns = self._start()
        self._await_ready(started_ns)
        self._observe()
        self._stop()
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

    def _arm(self) -> None:
        """Attach to the output and begin to sample, before there is anything to miss."""
        lab, case = self._lab, self._subject.case
        self._exit = ExitWatch(lab.engine, self._container_id, lab.clock)
        patterns = [probe.log.pattern for probe in case.ready.probes() if probe.log]
        self._output = OutputWatch(lab.engine.attach(self._container_id), lab.clock, patterns)
        self._output.start()
        self._instruments = Instruments(
            lab.engine,
            self._container_id,
            self._cgroup(),
            lab.clock,
            case.sample.interval,
            need=self._key.arm == "need",
            gpu=lab.gpu,
            on_batch=self._write_samples,
        )
        self._instruments.start()

    def _start(self) -> int:
        """Start it, and return when the start call had returned (ns)."""
        lab, case = self._lab, self._subject.case
        assert self._instruments is not None
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
        self._state = lab.engine.state(self._container_id)
        self._exit.start(self._state.pid, start_ns)
        self._instruments.process_is(self._state.pid, case.network_mode)
        return started_ns

    def _write_samples(self, columns: Columns) -> None:
        self._record.samples(self._instruments.method if self._instruments else "", columns)

    def _await_ready(self, started_ns: int) -> None:
        lab = self._lab
        assert self._state is not None
        assert self._output is not None
        target = ProbeTarget(
            lab.engine,
            self._container_id,
            self._state.address,
            self._output,
            self._exit,
            lab.clock,
        )
        readiness = make_readiness(self._subject.case.ready, target)
        try:
            fact = readiness.wait(started_ns)
        except NotReadyError as error:
            raise FailedTrialError(self._why_not_ready(str(error))) from error
        self._ready = fact
        self._facts["ready"] = dataclasses.asdict(fact)
        assert self._instruments is not None
        cpu_ns = self._instruments.cpu_ns()
        if cpu_ns is not None:
            self._facts["cpu_ns_at_ready"] = cpu_ns
        # a line of output may come some milliseconds before the start call returns
        ready_ns = max(started_ns, fact.at_ns)
        self._record.phase_was("ready", started_ns, ready_ns, fact.resolution_ns)
        self._check_limits()

    def _why_not_ready(self, text: str) -> str:
        if not self._exit.ended:
            return text
        code = self._note_exit()
        if self._instruments and self._instruments.oom_kills():
            return f"killed for memory before it was ready (exit code {code})"
        return f"exited with code {code} before it was ready"

    def _check_limits(self) -> None:
        """Compare what was asked for with what the kernel holds; the engine drops some."""
        cgroup = self._cgroup()
        if cgroup is None:
            return
        applied, wrong = mismatches(cgroup, self._requested)
        if self._exit.ended:
            return  # its cgroup went away before or while it was read
        self._facts["limits"] = {"requested": self._requested, "applied": applied}
        if wrong:
            raise EngineError("limits", f"the engine did not apply {', '.join(wrong)}")

    def _observe(self) -> None:
        lab, case = self._lab, self._subject.case
        with self._record.phase("observe"):
            if case.observe == "exit":
                self._exit.wait(case.ready.timeout)
            elif case.observe:
                self._exit.wait(case.observe)
        if self._exit.ended and not case.ready.uses("exit"):
            code = self._note_exit()
            if code != 0:
                at_ns = self._exit.at_ns or lab.clock.monotonic_ns()
                after_s = (at_ns - self._ready.at_ns) / 1e9 if self._ready else 0.0
                raise FailedTrialError(
                    f"exited with code {code} {after_s:.1f} s after it was ready"
                )

    def _note_exit(self) -> int:
        code = self._exit.exit_code()
        self._facts["exit"] = {
            "code": code,
            "at_ns": self._exit.at_ns,
            "resolution_ns": self._exit.resolution_ns,
        }
        return code

    def _stop(self) -> None:
        lab, grace_s = self._lab, self._subject.case.stop_grace_period
        if self._exit.ended:
            self._note_exit()
            return
        start_ns = lab.clock.monotonic_ns()
        with self._record.phase("stop"):
            lab.engine.stop(self._container_id, grace_s)
        took_s = (lab.clock.monotonic_ns() - start_ns) / 1e9
        self._exit.wait(_NOTICED_S)
        # engines wait whole seconds; a program may also end itself with this code, but sooner
        killed = self._note_exit() == _KILLED and took_s >= round(grace_s) - 0.1
        self._facts["stop"] = {"killed": killed, "grace_s": grace_s}

    def _take_down(self) -> str:
        """Remove whatever the trial made; says what could not be done."""
        trouble = []
        steps: tuple[Callable[[], None], ...] = (
            self._remove_container,
            self._remove_volumes,
            self._end_output,
            self._end_sampling,
            self._remove_cgroup,
        )
        for step in steps:
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

    def _end_output(self) -> None:
        if self._output:
            self._output.close()
            if self._output.first_ns:
                self._facts["first_output_ns"] = self._output.first_ns

    def _end_sampling(self) -> None:
        if self._instruments:
            self._facts["counters"] = self._instruments.finish()
            if self._instruments.failure:
                raise EngineError("sampler", f"the sampler failed: {self._instruments.failure}")

    def _remove_cgroup(self) -> None:
        if self._parent and self._lab.mounts:
            remove_parent(self._lab.mounts, self._parent)


__all__ = ["Laboratory", "Subject", "Trial"]

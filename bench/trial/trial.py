"""One trial: a case brought into its cache state, pulled, run, watched and taken down again.

A trial only appends events to the journal. Nothing here computes a metric, and nothing that is
not needed for the timing is asked of the engine between the start and the confirmed answer.
"""

from __future__ import annotations

import dataclasses
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.clock import Clock
from bench.engine.protocol import LABEL, ContainerState, Engine
from bench.engine.registry import Manifest
from bench.errors import BenchError, EngineError, EngineRefusedError, StoreError
from bench.host.load import load_between, read_load
from bench.results.journal import Journal
from bench.results.model import LayerFacts, TrialKey, TrialStatus
from bench.sampling.cgroup import (
    CgroupMounts,
    ContainerCgroup,
    locate,
    make_parent,
    remove_parent,
    takes_parent,
)
from bench.scenario.model import Arm, CacheState, Case
from bench.trial.cachestate import CacheKeeper
from bench.trial.instruments import Instruments
from bench.trial.limits import mismatches
from bench.trial.probes import ProbeTarget, make_probe
from bench.trial.progress import Progress
from bench.trial.pull import PullRecorder
from bench.trial.readiness import NotReadyError, Readiness, ReadyFact
from bench.trial.signals import Interrupted
from bench.trial.spec import container_spec, named_volumes
from bench.trial.watch import ExitWatch, OutputWatch

STEAL_BOUND = 0.30
"""Share of core time taken by other tenants of the machine, above which a trial is invalid."""

CLOCK_STEP_BOUND_S = 1.0
"""A wall clock that moved further than this against the monotonic one makes a trial invalid."""

_KILLED = 137


@dataclass(frozen=True)
class Subject:
    """What a trial measures: a case with its image, as resolved for this run."""

    name: str
    case: Case
    reference: str
    manifest: Manifest | None
    layers: tuple[LayerFacts, ...]
    folder: Path
    extra_hosts: Mapping[str, str] = field(default_factory=dict)

    @property
    def blobs(self) -> list[str]:
        """Digests of what a cold pull fetches."""
        if self.manifest is None:
            return []
        return [layer.digest for layer in self.manifest.layers] + [self.manifest.config.digest]


@dataclass(frozen=True)
class Laboratory:
    """What all trials of a run share.

    Attributes:
        engine: the measuring engine.
        mounts: this host's cgroups, None where they cannot be read.
        daemons: pids by name of bench's own daemons, whose load is recorded.
        gpu: whether NVML finds a device.
    """

    run_id: str
    engine: Engine
    keeper: CacheKeeper
    journal: Journal
    clock: Clock
    progress: Progress
    mounts: CgroupMounts | None
    daemons: Mapping[str, int]
    log_folder: Path
    gpu: bool = False


class _InvalidError(Exception):
    """The trial was not in the state that it should have been in."""


class _FailedError(Exception):
    """The image's fault."""


class Trial:
    """One trial, from its cache state to its removal."""

    def __init__(self, lab: Laboratory, subject: Subject, key: TrialKey, number: int, attempt: int):
        self._lab = lab
        self._subject = subject
        self._key = key
        self._attempt = attempt
        self.trial_id = f"t{number:04d}" if attempt == 0 else f"t{number:04d}.{attempt}"
        self._name = f"cbench-{lab.run_id}-{self.trial_id}"
        self._facts: dict[str, Any] = {}
        self._container_id = ""
        self._parent = ""
        self._state: ContainerState | None = None
        self._instruments: Instruments | None = None
        self._output: OutputWatch | None = None
        self._exit = ExitWatch(lab.engine, "", lab.clock)
        self._ready: ReadyFact | None = None

    def run(self) -> TrialStatus:
        """Measure, take everything down, and write how it ended.

        Raises:
            Interrupted: after the clean-up.
            StoreError: the journal cannot be written.
        """
        lab = self._lab
        lab.journal.append(
            "trial_started",
            trial_id=self.trial_id,
            key=dataclasses.asdict(self._key),
            attempt=self._attempt,
            at=lab.clock.utc_now().isoformat(timespec="milliseconds"),
        )
        daemons = {"bench": os.getpid(), **lab.daemons}
        before = read_load(daemons)
        interrupted: Interrupted | None = None
        try:
            self._measure()
            status, reason = TrialStatus.OK, ""
        except _InvalidError as error:
            status, reason = TrialStatus.INVALID, str(error)
        except _FailedError as error:
            status, reason = TrialStatus.FAILED, str(error)
        except StoreError:
            self._take_down()
            raise
        except BenchError as error:
            status, reason = TrialStatus.ERROR, f"{error.subject}: {error.cause}"
        except Interrupted as signal:
            status, reason = TrialStatus.INTERRUPTED, str(signal)
            interrupted = signal
        left = self._take_down()
        load = load_between(before, read_load(daemons))
        self._facts["host"] = load
        if status is TrialStatus.OK:
            status, reason = _judge_host(load)
        if left:
            status, reason = TrialStatus.ERROR, f"{reason}; clean-up: {left}".lstrip("; ")
        tail = self._output.tail() if self._output else []
        lab.journal.append(
            "trial_ended",
            trial_id=self.trial_id,
            status=status.value,
            reason=reason,
            facts=self._facts,
            log_tail=tail if status is not TrialStatus.OK else tail[-5:],
        )
        if self._output:
            log_file = lab.log_folder / f"{self._key.case}-{self.trial_id}.log"
            log_file.write_text(self._output.text())
        lab.progress.trial_ended(status.value, reason, self._seconds_to_ready())
        if interrupted:
            raise interrupted
        return status

    def _seconds_to_ready(self) -> float | None:
        zero_ns = self._facts.get("zero_ns")
        return (self._ready.at_ns - zero_ns) / 1e9 if self._ready and zero_ns else None

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        """Time a phase; one that ends in an error keeps no duration."""
        start_ns = self._lab.clock.monotonic_ns()
        yield
        self._note_phase(name, start_ns, self._lab.clock.monotonic_ns())

    def _note_phase(
        self, name: str, start_ns: int, end_ns: int, resolution_ns: int | None = None
    ) -> None:
        self._lab.journal.append(
            "phase",
            trial_id=self.trial_id,
            phase=name,
            start_ns=start_ns,
            end_ns=end_ns,
            clock="monotonic",
            resolution_ns=resolution_ns,
        )
        self._lab.progress.phase_ended(name, (end_ns - start_ns) / 1e9)

    def _measure(self) -> None:
        lab, case = self._lab, self._subject.case
        state = CacheState(self._key.cache)
        with self._phase("prepare"):
            lab.keeper.establish(state, self._subject.reference, self._subject.blobs)
            for volume in named_volumes(case, self._name):
                lab.engine.create_volume(volume, {LABEL: lab.run_id})
        self._facts["zero_ns"] = lab.clock.monotonic_ns()
        if state is CacheState.COLD:
            self._pull()
        self._create()
        started_ns = self._start()
        self._await_ready(started_ns)
        self._observe()
        self._stop()
        with self._phase("remove"):
            lab.engine.remove(self._container_id)
        self._container_id = ""

    def _pull(self) -> None:
        recorder, lab = PullRecorder(), self._lab
        with self._phase("pull"):
            for line in lab.engine.pull(self._subject.reference):
                recorder.line(lab.clock.monotonic_ns(), line)
        manifest = self._subject.manifest
        if manifest is None:
            return
        lab.journal.append(
            "layers",
            trial_id=self.trial_id,
            layers=[
                dataclasses.asdict(one)
                for one in recorder.intervals(manifest.layers, self._subject.layers)
            ],
        )
        self._facts["downloaded_bytes"] = recorder.downloaded_bytes(manifest)
        if recorder.digest and recorder.digest != manifest.digest:
            raise EngineError(
                self._subject.reference, f"the pull brought {recorder.digest} instead"
            )
        doubt = recorder.why_not_cold(manifest)
        if doubt:
            raise _InvalidError(f"not a cold pull: {doubt}")

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
        with self._phase("create"):
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

    def _start(self) -> int:
        """Arm everything, start, and return when the start call had returned (ns)."""
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
        start_ns = lab.clock.monotonic_ns()
        self._facts["start_sent_ns"] = start_ns
        try:
            lab.engine.start(self._container_id)
        except EngineRefusedError as error:
            if _is_images_fault(error):
                raise _FailedError(f"it could not be started: {error.cause}") from error
            raise
        started_ns = lab.clock.monotonic_ns()
        self._note_phase("start", start_ns, started_ns)
        self._state = lab.engine.state(self._container_id)
        self._exit.start(self._state.pid, start_ns)
        self._instruments.process_is(self._state.pid, case.network_mode)
        return started_ns

    def _write_samples(self, columns: dict[str, Any]) -> None:
        method = self._instruments.method if self._instruments else ""
        self._lab.journal.append(
            "samples", trial_id=self.trial_id, method=method, columns=columns
        )

    def _await_ready(self, started_ns: int) -> None:
        lab, ready = self._lab, self._subject.case.ready
        assert self._state is not None
        assert self._output is not None
        wake = threading.Event()
        target = ProbeTarget(
            lab.engine,
            self._container_id,
            self._state.address,
            self._output,
            self._exit,
            lab.clock,
        )
        readiness = Readiness(
            [make_probe(choice, target) for choice in ready.probes()],
            any_of=ready.any is not None,
            interval_s=ready.interval,
            timeout_s=ready.timeout,
            clock=lab.clock,
            exit_watch=self._exit,
            wake=wake,
        )
        self._output.on_match(wake.set)
        self._exit.on_end(readiness.abort)
        if self._exit.ended:
            wake.set()
        try:
            fact = readiness.wait(started_ns)
        except NotReadyError as error:
            raise _FailedError(self._why_not_ready(str(error))) from error
        self._ready = fact
        self._facts["ready"] = dataclasses.asdict(fact)
        assert self._instruments is not None
        cpu_ns = self._instruments.cpu_ns()
        if cpu_ns is not None:
            self._facts["cpu_ns_at_ready"] = cpu_ns
        self._note_phase("ready", started_ns, fact.at_ns, fact.resolution_ns)
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
        if cgroup is None or self._exit.ended:
            return
        applied, wrong = mismatches(cgroup, self._requested)
        if self._exit.ended:
            return  # it went away while its limits were read
        self._facts["limits"] = {"requested": self._requested, "applied": applied}
        if wrong:
            raise EngineError("limits", f"the engine did not apply {', '.join(wrong)}")

    def _observe(self) -> None:
        lab, case = self._lab, self._subject.case
        with self._phase("observe"):
            if case.observe == "exit":
                self._exit.wait(case.ready.timeout)
            elif case.observe:
                self._exit.wait(case.observe)
        if self._exit.ended and not case.ready.uses("exit"):
            code = self._note_exit()
            if code != 0:
                at_ns = self._exit.at_ns or lab.clock.monotonic_ns()
                after_s = (at_ns - self._ready.at_ns) / 1e9 if self._ready else 0.0
                raise _FailedError(f"exited with code {code} {after_s:.1f} s after it was ready")

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
        if not self._exit.ended:
            start_ns = lab.clock.monotonic_ns()
            with self._phase("stop"):
                lab.engine.stop(self._container_id, grace_s)
            took_s = (lab.clock.monotonic_ns() - start_ns) / 1e9
            self._exit.wait(5.0)
            code = self._note_exit()
            killed = code == _KILLED and took_s >= max(1, round(grace_s)) - 0.1
            self._facts["stop"] = {"killed": killed, "grace_s": grace_s}
        else:
            self._note_exit()

    def _take_down(self) -> str:
        """Remove whatever the trial made; says what could not be removed."""
        lab = self._lab
        trouble = []
        try:
            if self._container_id:
                lab.engine.remove(self._container_id)
            for volume in named_volumes(self._subject.case, self._name):
                lab.engine.remove_volume(volume)
        except BenchError as error:
            trouble.append(error.cause)
        if self._output:
            self._output.close()
            if self._output.first_ns:
                self._facts["first_output_ns"] = self._output.first_ns
        if self._instruments:
            self._facts["counters"] = self._instruments.finish()
            if self._instruments.failure:
                trouble.append(f"the sampler failed: {self._instruments.failure}")
        if self._parent and lab.mounts:
            remove_parent(lab.mounts, self._parent)
        return "; ".join(trouble)


def _judge_host(load: Mapping[str, Any]) -> tuple[TrialStatus, str]:
    """Whether the host was fit for a measurement while it lasted."""
    if load["steal_share"] > STEAL_BOUND:
        share = load["steal_share"]
        return TrialStatus.INVALID, f"{share:.0%} of the core time went to other tenants"
    if abs(load["clock_step_s"]) > CLOCK_STEP_BOUND_S:
        return TrialStatus.INVALID, f"the wall clock jumped by {load['clock_step_s']} s"
    return TrialStatus.OK, ""


def _is_images_fault(error: EngineRefusedError) -> bool:
    """Whether a refused start is about the command in the image, not about the engine."""
    text = error.cause.lower()
    return error.status in (400, 404, 500) and any(
        words in text
        for words in (
            "executable file not found",
            "no such file or directory",
            "permission denied",
            "exec format error",
            "is a directory",
            "unable to find user",
        )
    )

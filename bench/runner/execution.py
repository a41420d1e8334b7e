"""Execution of a run: removal of leftovers, preparation of cases, trials in order, clean-up."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from bench.cgroup.mounts import CgroupMounts, ContainerCgroup, find_mounts
from bench.core.capability import Capability
from bench.core.domain import CALIBRATION_CASE, TrialKey, TrialStatus
from bench.core.errors import BenchError
from bench.core.interrupts import Interrupted, interruptible, postponed
from bench.runner.case_preparation import CasePreparer
from bench.runner.folder import point_latest
from bench.runner.leftovers import remove_cgroups, remove_from, remove_processes
from bench.runner.quiet import QuietHost
from bench.runner.request import RunRequest, RunResult
from bench.runner.services import RunningServices
from bench.runtimes.managed.alive import alive, is_alive
from bench.runtimes.protocol import LABEL, Runtime, container_engine
from bench.sampling.gpu import find_gpus
from bench.trial.cache_state import CacheKeeper
from bench.trial.context import PreparedCase, TrialContext
from bench.trial.registry_link import RegistryRoute
from bench.trial.replicas import ReplicaTrial
from bench.trial.same_failure import ENOUGH, FailureWatch, TrialOutcome
from bench.trial.stack.prepared import PreparedStack
from bench.trial.stack.procedure import StackTrial
from bench.trial.trial import Trial

if TYPE_CHECKING:
    from pathlib import Path

    from bench.core.clock import Clock
    from bench.journal.writer import Journal
    from bench.runner.history import History
    from bench.runtimes.select import Session
    from bench.trial.progress import Progress

MOST_REPEATS = 2
"""Repeats of a trial that was not in the required state, before its verdict is error."""

_SHOWN_LINES = 5
"""Lines of a failed start's output that are shown as progress."""


class RunExecution:
    """One run from its first image to its clean-up; everything is recorded in the journal."""

    def __init__(
        self,
        *,
        request: RunRequest,
        session: Session,
        progress: Progress,
        clock: Clock,
        folder: Path,
        journal: Journal,
        plan: list[TrialKey],
        history: History | None,
    ) -> None:
        """`history` is that of an interrupted run."""
        self._request = request
        self._session = session
        self._progress = progress
        self._clock = clock
        self._folder = folder
        self._journal = journal
        self._plan = plan
        self._done = history.done if history else {}
        self._stopped = set(history.stopped) if history and not request.keep_going else set()
        self._failures = FailureWatch(history.ready if history else ())
        self._services = RunningServices(
            session.building, clock, folder.name, request.scenario.folder, progress.say
        )
        self._way = RegistryRoute(session, request.scenario.scenario.link)
        bounds = request.quiet or request.scenario.scenario.host_bounds
        self._quiet = QuietHost(request.wait_quiet_s, bounds)
        self._preparer = CasePreparer(
            request.scenario,
            session,
            clock,
            journal,
            self._way,
            self._services,
            earlier=history.images if history else {},
            run_id=folder.name,
            say=progress.say,
            keep_going=request.keep_going,
        )

    def run(self) -> RunResult:
        """Execute the run, and return its result."""
        try:
            with alive(self._folder.name):
                point_latest(self._folder)
                interrupted = self._measure()
                self._journal.append(
                    "run_ended",
                    at=self._clock.utc_now().isoformat(timespec="seconds"),
                    outcome=self._outcome(interrupted),
                    exit_code=interrupted,
                )
        finally:
            self._journal.close()
        return RunResult(self._folder, interrupted)

    def _outcome(self, interrupted: int) -> str:
        if interrupted:
            return "interrupted"
        return "stopped" if self._preparer.gave_up else "complete"

    def _measure(self) -> int:
        """Images, trials and clean-up; returns the exit code of an interruption, else 0."""
        try:
            with interruptible():
                try:
                    self._remove_what_was_left()
                    self._preparer.make()
                    if not self._preparer.gave_up:
                        with self._way.laid():
                            self._run_trials()
                finally:
                    with postponed():
                        self._clean_up()
        except Interrupted as signal:
            return signal.exit_code
        return 0

    def _run_trials(self) -> None:
        session = self._session
        private, scenario = session.private, self._request.scenario.scenario
        self._context = TrialContext(
            run_id=self._folder.name,
            runtime=session.measuring,
            keeper=CacheKeeper(session.measuring, private.blob_path),
            journal=self._journal,
            clock=self._clock,
            progress=self._progress,
            mounts=_mounts_of(session.measuring),
            daemons=self._way.pids(),
            log_folder=self._folder / "logs",
            gpu=bool(find_gpus().devices),
            allow=self._request.scenario.scenario.declared_contacts,
            access_log=self._way.access_log(),
            auxiliary=container_engine(session.building) if scenario.needs_engine else None,
            link_bit_s=self._way.rate_bit_s,
            services=self._service_cgroups(),
            dead_service=self._services.dead,
            bounds=self._request.scenario.scenario.host_bounds,
            known_layers=self._preparer.known_layers,
        )
        for number, key in enumerate(self._plan):
            attempts = self._done.get(number, 0)
            prepared = self._preparer.find(key.case)
            if attempts < 0 or prepared is None or self._is_over(key.case):
                continue
            self._progress.trial_begins(number + 1, len(self._plan), key)
            ending = self._run_one(prepared, key, number, attempts)
            if ending is not None:
                self._note_failure(key, number, ending)
        if self._request.afterwards:
            self._request.afterwards(self._folder, self._preparer.single, self._run_another)

    def _is_over(self, case: str) -> bool:
        """Whether the case gets no more trials; the calibration's end with the last case."""
        cases = set(self._request.scenario.scenario.cases)
        return case in self._stopped or (case == CALIBRATION_CASE and cases <= self._stopped)

    def _service_cgroups(self) -> tuple[ContainerCgroup, ...]:
        mounts = _mounts_of(self._session.building)
        if mounts is None:
            return ()
        return tuple(service.cgroup(mounts, "") for service in self._services.workloads)

    def _run_another(self, prepared: PreparedCase, key: TrialKey) -> None:
        self._plan.append(key)
        number = len(self._plan)
        self._progress.trial_begins(number, number, key)
        self._run_one(prepared, key, number - 1, 0)

    def _run_one(
        self, prepared: PreparedCase | PreparedStack, key: TrialKey, number: int, attempts: int
    ) -> TrialOutcome | None:
        """Run a trial, repeated if its state was wrong; returns its outcome if not a group."""
        for attempt in range(attempts, attempts + 1 + MOST_REPEATS):
            self._quiet.wait(self._context)
            trial = self._trial(prepared, key, number, attempt)
            status = trial.run()
            if status is TrialStatus.ERROR:
                self._mend()
            if status is not TrialStatus.INVALID:
                return None if isinstance(trial, ReplicaTrial) else trial.ending
        return None

    def _note_failure(self, key: TrialKey, number: int, ending: TrialOutcome) -> None:
        """Show the last lines of a new kind of failure; stop the case at its second occurrence."""
        same = self._failures.note(key, ending)
        if len(same) == 1:
            for line in ending.log_tail[-_SHOWN_LINES:]:
                self._progress.say(f"    {key.case} | {line}")
        if len(same) < ENOUGH or self._request.keep_going:
            return
        of_case = [place for place, other in enumerate(self._plan) if other.case == key.case]
        left = [place for place in of_case if place > number and self._done.get(place, 0) >= 0]
        self._stopped.add(key.case)
        if not left:
            return
        self._journal.append(
            "case_stopped",
            case=key.case,
            reason=ending.reason,
            trials=same,
            left_out=len(left),
            planned=len(of_case),
        )
        self._progress.say(
            f"{key.case} failed twice the same way: {len(left)} of its {len(of_case)} trials are "
            "not made (`--keep-going` makes them)"
        )

    def _trial(
        self, prepared: PreparedCase | PreparedStack, key: TrialKey, number: int, attempt: int
    ) -> Trial | ReplicaTrial | StackTrial:
        if isinstance(prepared, PreparedStack):
            return StackTrial(self._context, prepared, key, number, attempt)
        kind = ReplicaTrial if key.replicas else Trial
        return kind(self._context_for(prepared), prepared, key, number, attempt)

    def _context_for(self, prepared: PreparedCase) -> TrialContext:
        """The context, with the runtime of the case."""
        runtime = self._session.runtime_for(prepared.case)
        if runtime is self._context.runtime:
            return self._context
        is_pulled = Capability.PULL in runtime.capabilities
        return dataclasses.replace(
            self._context,
            runtime=runtime,
            keeper=CacheKeeper(runtime),
            mounts=_mounts_of(runtime),
            access_log=self._context.access_log if is_pulled else None,
        )

    def _mend(self) -> None:
        """Restart what has died, and remove leftovers of the trial that would affect the next."""
        if Capability.IMAGE not in self._session.measuring.capabilities:
            return
        dead = "" if self._way.stands() else "registry"
        try:
            self._session.measuring.owned(LABEL)
        except BenchError:
            dead = "engine"
        if dead:
            self._progress.say(f"the {dead} does not answer; starting it again")
            self._session.revive()
            self._way.mend()
            self._context = dataclasses.replace(self._context, daemons=self._way.pids())
        if self._session.is_exclusive:
            try:
                remove_from(self._session.measuring, self._is_own)
            except BenchError as error:  # the next cold trial says that its state was not reached
                self._progress.say(f"still there: {error.subject}, {error.cause}")

    def _remove_what_was_left(self) -> None:
        """Remove leftovers of this run, if it is resumed, and of runs that are no longer active.

        Their containers would keep their images in the store, and no pull would be cold.
        Leftovers on a user's own engine are removed only by `bench clean`.
        """
        session = self._session
        is_left = self._is_left if session.is_exclusive else self._is_own
        removed = []
        for runtime in self._runtimes:
            removed += remove_from(runtime, is_left, images=session.is_exclusive)
        mounts = find_mounts()
        removed += remove_processes(mounts)
        removed += remove_cgroups(mounts, is_left)  # which their containers stood in
        if removed:
            self._progress.say(f"removed what a killed run had left: {', '.join(removed)}")

    def _is_own(self, run_id: str) -> bool:
        return run_id == self._folder.name

    def _is_left(self, run_id: str) -> bool:
        return self._is_own(run_id) or not is_alive(run_id)

    @property
    def _runtimes(self) -> tuple[Runtime, ...]:
        """The runtimes that may hold resources of this run, including this host."""
        session = self._session
        return tuple(dict.fromkeys((session.host, session.measuring, session.building)))

    def _clean_up(self) -> None:
        """Remove everything this run created; a failed engine does not prevent it on the others."""
        for runtime in self._runtimes:
            try:
                if runtime is self._session.building:
                    self._services.stop()
                    for name in () if self._request.keep else self._preparer.brought:
                        container_engine(runtime).images.remove(name)
                remove_from(runtime, self._is_own, images=not self._request.keep)
            except BenchError as error:
                self._progress.say(f"clean-up was cut short: {error.cause}; run `bench clean`")
                self._journal.append("note", text=f"clean-up was cut short: {error.cause}")
        remove_cgroups(find_mounts(), self._is_own)


def _mounts_of(runtime: Runtime) -> CgroupMounts | None:
    """The cgroups that its workloads are in; None if not visible from this host."""
    return find_mounts() if Capability.LOCAL in runtime.capabilities else None

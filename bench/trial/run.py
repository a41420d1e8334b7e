"""A whole run: images once, services beside, every trial of the plan, and the clean-up."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.clock import Clock, SystemClock
from bench.egress.cut import why_not_cut
from bench.engine.alive import alive, is_alive
from bench.engine.protocol import LABEL
from bench.errors import BenchError, StoreError, UsageError
from bench.host.fingerprint import fingerprint
from bench.host.noise import load_noise
from bench.interrupts import Interrupted, interruptible, postponed
from bench.judge.checklist import load_checklist
from bench.results.comparable import unlike_places
from bench.results.journal import FILE_NAME, SCHEMA_VERSION, Journal
from bench.results.model import CALIBRATION_CASE, TrialKey, TrialStatus
from bench.sampling.cgroup import ContainerCgroup, find_mounts, locate
from bench.sampling.gpu import find_gpus
from bench.scenario.allow import declared
from bench.scenario.redact import redacted
from bench.trial.cachestate import CacheKeeper, ProcessKeeper
from bench.trial.folder import new_folder, point_latest
from bench.trial.leftovers import remove_cgroups, remove_from, remove_processes
from bench.trial.plan import check_trials, make_plan
from bench.trial.quiet import WAIT_QUIET_S, QuietHost
from bench.trial.replicas import ReplicaTrial
from bench.trial.same_failure import ENOUGH, FailureWatch
from bench.trial.services import RunningServices
from bench.trial.stack import StackTrial
from bench.trial.stack_subject import StackSubject
from bench.trial.subjects import SubjectMaker
from bench.trial.trial import Laboratory, Subject, Trial
from bench.trial.way import Way
from bench.version import __version__

if TYPE_CHECKING:
    from bench.engine.protocol import Engine
    from bench.engine.select import Session
    from bench.host.bounds import HostBounds
    from bench.scenario.load import LoadedScenario
    from bench.trial.history import History
    from bench.trial.progress import Progress
    from bench.trial.same_failure import Ending

_SHOWN_LINES = 5
"""Lines of output that whoever watches is shown of a failed start."""

MOST_REPEATS = 2
"""How often a trial that was not in its state is repeated before the verdict is error."""

Afterwards = Callable[[Path, Mapping[str, Subject], Callable[[Subject, TrialKey], None]], None]


@dataclass(frozen=True)
class RunRequest:
    """What to run and where to put it.

    Attributes:
        scenario: as loaded, already narrowed to the cases asked for.
        out: folder in which the run's own folder is made.
        seed: of the order within rounds; drawn where None.
        keep: whether images are left on somebody's own engine.
        wait_quiet_s: how long to wait for a quiet host before a trial, at most.
        quiet: what to wait for; what the scenario bears where None.
        keep_going: whether cases are measured though another has no image, and a case goes on
            though it fails in the same way again and again.
        baseline: the folder of the earlier run that it is to be compared with.
        afterwards: measures more when the plan is done, as the results so far suggest; it is
            given the run's folder, its cases, and what measures one more trial.
    """

    scenario: LoadedScenario
    out: Path
    seed: int | None = None
    keep: bool = False
    afterwards: Afterwards | None = None
    wait_quiet_s: float = WAIT_QUIET_S
    quiet: HostBounds | None = None
    keep_going: bool = False
    baseline: str | None = None


@dataclass(frozen=True)
class RunResult:
    """Where a run's folder is, and how the run ended: 0, or the signal's exit code."""

    folder: Path
    interrupted: int = 0


def start_run(
    request: RunRequest, session: Session, progress: Progress, clock: Clock | None = None
) -> RunResult:
    """Run a scenario from its start; the results are in the folder's journal."""
    clock = clock or SystemClock()
    loaded = request.scenario
    scenario = loaded.scenario
    way = Way(session, scenario.link)
    way.check()
    checklist = load_checklist(scenario.checklist, loaded.folder) if scenario.checklist else None
    seed = request.seed if request.seed is not None else random.SystemRandom().randrange(2**31)
    checks = check_trials(scenario, checklist)
    if why_not_cut(session.measuring.facts):
        checks = dataclasses.replace(checks, cut=())
    plan = make_plan(scenario.cases, seed, checks=checks, calibrate=scenario.has_images)
    place = _place(session)
    noise = load_noise(place["host"])
    folder = new_folder(request.out, scenario.name, clock)
    journal = Journal(folder / FILE_NAME)
    journal.append(
        "run_started",
        schema_version=SCHEMA_VERSION,
        run_id=folder.name,
        name=scenario.name,
        bench_version=__version__,
        at=clock.utc_now().isoformat(timespec="seconds"),
        seed=seed,
        scenario_file=str(loaded.path),
        scenario=redacted(loaded.tree),
        checklist=checklist.data if checklist else None,
        plan=[dataclasses.asdict(key) for key in plan],
        noise=noise.as_data() if noise else None,
        **place,
        builder=_builder(session),
        link=way.header(),
        baseline=request.baseline,
    )
    return _Runner(
        request=request,
        session=session,
        progress=progress,
        clock=clock,
        folder=folder,
        journal=journal,
        plan=plan,
        history=None,
    ).run()


def resume_run(
    request: RunRequest,
    history: History,
    session: Session,
    progress: Progress,
    clock: Clock | None = None,
) -> RunResult:
    """Go on with a run that was cut off: every trial of its plan that has no result yet.

    Raises:
        UsageError: it was begun on another host or engine; one median must not be of both.
    """
    unlike = next(unlike_places(history.place, _place(session)), "")
    if unlike:
        raise UsageError(
            history.folder.name,
            f"was begun elsewhere: {unlike}",
            "go on where it was begun (`--engine` names the engine), or start a new run",
        )
    Way(session, request.scenario.scenario.link).check()
    clock = clock or SystemClock()
    logs = history.folder / "logs"
    if logs.is_symlink():
        raise StoreError(str(logs), "is a link, and is not written through", "remove it")
    journal = Journal(history.folder / FILE_NAME)
    journal.append("run_resumed", at=clock.utc_now().isoformat(timespec="seconds"))
    logs.mkdir(exist_ok=True)
    return _Runner(
        request=request,
        session=session,
        progress=progress,
        clock=clock,
        folder=history.folder,
        journal=journal,
        plan=history.plan,
        history=history,
    ).run()


def _place(session: Session) -> dict[str, dict[str, Any]]:
    """The host, and the engine that runs the cases."""
    own = {"private": session.may_wipe, "chosen_by": session.choice.origin}
    engine = dataclasses.asdict(session.measuring.facts) | own
    return {"host": fingerprint(), "engine": engine}


def _builder(session: Session) -> dict[str, str]:
    """What builds images; nothing where there are none."""
    if session.choice.is_host:
        return {}
    builder = session.building.builder
    address = session.building.facts.address
    return {"kind": builder.kind, "version": builder.version, "address": address}


class _Runner:
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
        """`history` is that of a run that was cut off."""
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
        self._way = Way(session, request.scenario.scenario.link)
        bounds = request.quiet or request.scenario.scenario.host_bounds
        self._quiet = QuietHost(request.wait_quiet_s, bounds)
        self._subjects = SubjectMaker(
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
        return "stopped" if self._subjects.gave_up else "complete"

    def _measure(self) -> int:
        """Images, trials and clean-up; returns the exit code of an interruption, else 0."""
        try:
            with interruptible():
                try:
                    self._remove_what_was_left()
                    self._subjects.make()
                    if not self._subjects.gave_up:
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
        private = session.private
        self._lab = Laboratory(
            run_id=self._folder.name,
            engine=session.measuring,
            keeper=CacheKeeper(
                session.measuring,
                may_wipe=session.may_wipe,
                blob_path=private.blob_path,
            ),
            journal=self._journal,
            clock=self._clock,
            progress=self._progress,
            mounts=find_mounts() if session.measuring.facts.is_local else None,
            daemons=self._way.pids(),
            log_folder=self._folder / "logs",
            gpu=bool(find_gpus().devices),
            allow=declared(self._request.scenario.scenario),
            access_log=self._way.access_log(),
            beside=session.building,
            link_bit_s=self._way.rate_bit_s,
            services=self._service_cgroups(),
            dead_service=self._services.dead,
            bounds=self._request.scenario.scenario.host_bounds,
        )
        for number, key in enumerate(self._plan):
            attempts = self._done.get(number, 0)
            subject = self._subjects.find(key.case)
            if attempts < 0 or subject is None or self._is_over(key.case):
                continue
            self._progress.trial_begins(number + 1, len(self._plan), key)
            ending = self._run_one(subject, key, number, attempts)
            if ending is not None:
                self._note_failure(key, number, ending)
        if self._request.afterwards:
            self._request.afterwards(self._folder, self._subjects.single, self._run_another)

    def _is_over(self, case: str) -> bool:
        """Whether no more trials of it are made; those of the calibration go with the last case."""
        cases = set(self._request.scenario.scenario.cases)
        return case in self._stopped or (case == CALIBRATION_CASE and cases <= self._stopped)

    def _service_cgroups(self) -> tuple[ContainerCgroup, ...]:
        facts, mounts = self._session.building.facts, find_mounts()
        if mounts is None or not facts.is_local:
            return ()
        return tuple(locate(mounts, one, facts, "") for one in self._services.containers)

    def _run_another(self, subject: Subject, key: TrialKey) -> None:
        self._plan.append(key)
        number = len(self._plan)
        self._progress.trial_begins(number, number, key)
        self._run_one(subject, key, number - 1, 0)

    def _run_one(
        self, subject: Subject | StackSubject, key: TrialKey, number: int, attempts: int
    ) -> Ending | None:
        """Run a trial, again where its state was wrong; how it ended, where it was no group."""
        for attempt in range(attempts, attempts + 1 + MOST_REPEATS):
            self._quiet.wait(self._lab)
            trial = self._trial(subject, key, number, attempt)
            status = trial.run()
            if status is TrialStatus.ERROR:
                self._mend()
            if status is not TrialStatus.INVALID:
                return None if isinstance(trial, ReplicaTrial) else trial.ending
        return None

    def _note_failure(self, key: TrialKey, number: int, ending: Ending) -> None:
        """Show the last lines of a failure of a new kind; end the case at the second of a kind."""
        same = self._failures.note(key, ending)
        if len(same) == 1:
            for line in ending.log_tail[-_SHOWN_LINES:]:
                self._progress.say(f"    {key.case} | {line}")
        if len(same) < ENOUGH or self._request.keep_going:
            return
        of_case = [one for one, other in enumerate(self._plan) if other.case == key.case]
        left = [one for one in of_case if one > number and self._done.get(one, 0) >= 0]
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
        self, subject: Subject | StackSubject, key: TrialKey, number: int, attempt: int
    ) -> Trial | ReplicaTrial | StackTrial:
        if isinstance(subject, StackSubject):
            return StackTrial(self._lab, subject, key, number, attempt)
        kind = ReplicaTrial if key.replicas else Trial
        return kind(self._laboratory(subject), subject, key, number, attempt)

    def _laboratory(self, subject: Subject) -> Laboratory:
        """The laboratory; for a plain process with this host in the place of the engine."""
        if subject.case.host is None:
            return self._lab
        host = self._session.host
        return dataclasses.replace(
            self._lab,
            engine=host,
            keeper=ProcessKeeper(host),
            mounts=find_mounts(),
            access_log=None,
        )

    def _mend(self) -> None:
        """Start again what has died, and remove what the trial could not; it spoils the next."""
        if self._session.choice.is_host:
            return
        dead = "" if self._way.stands() else "registry"
        try:
            self._session.measuring.containers(LABEL)
        except BenchError:
            dead = "engine"
        if dead:
            self._progress.say(f"the {dead} does not answer; starting it again")
            self._session.revive()
            self._way.mend()
            self._lab = dataclasses.replace(self._lab, daemons=self._way.pids())
        if self._session.may_wipe:
            try:
                remove_from(self._session.measuring, self._is_own)
            except BenchError as error:  # the next cold trial says that its state was not reached
                self._progress.say(f"still there: {error.subject}, {error.cause}")

    def _remove_what_was_left(self) -> None:
        """Remove what was left by this very run, where it is resumed, and by others that are dead.

        Their containers would keep their images in the store, and no pull would be cold.
        Somebody's own engine is swept by `bench clean` alone.
        """
        session = self._session
        is_left = self._is_left if session.may_wipe else self._is_own
        removed = []
        for engine in self._engines:
            removed += remove_from(engine, is_left, images=session.may_wipe)
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
    def _engines(self) -> tuple[Engine, ...]:
        """The engines that may hold something of this run, this host among them."""
        session = self._session
        return tuple(dict.fromkeys((session.host, session.measuring, session.building)))

    def _clean_up(self) -> None:
        """Remove what this run made; that one engine is dead does not matter to the others."""
        for engine in self._engines:
            try:
                if engine is self._session.building:
                    self._services.stop()
                    for name in () if self._request.keep else self._subjects.brought:
                        engine.remove_image(name)
                remove_from(engine, self._is_own, images=not self._request.keep)
            except BenchError as error:
                self._progress.say(f"clean-up was cut short: {error.cause}; run `bench clean`")
                self._journal.append("note", text=f"clean-up was cut short: {error.cause}")
        remove_cgroups(find_mounts(), self._is_own)

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
from bench.engine.protocol import LABEL, Engine
from bench.errors import BenchError, BuildError, EngineUnavailableError
from bench.host.fingerprint import fingerprint
from bench.host.noise import load_noise
from bench.judge.checklist import load_checklist
from bench.results.journal import FILE_NAME, SCHEMA_VERSION, Journal
from bench.results.model import CALIBRATION_CASE, TrialKey, TrialStatus
from bench.sampling.cgroup import ContainerCgroup, find_mounts, locate
from bench.sampling.gpu import find_gpus
from bench.scenario.allow import declared
from bench.scenario.model import Case
from bench.scenario.redact import redacted
from bench.trial.cachestate import CacheKeeper
from bench.trial.folder import new_folder, point_latest
from bench.trial.images import ImageMaker, ReadyImage
from bench.trial.plan import check_trials, make_plan
from bench.trial.replicas import ReplicaTrial
from bench.trial.services import RunningServices
from bench.trial.signals import Interrupted, interruptible, postponed
from bench.trial.trial import Laboratory, Subject, Trial
from bench.trial.way import Way
from bench.version import __version__

if TYPE_CHECKING:
    from bench.engine.select import Session
    from bench.scenario.load import LoadedScenario
    from bench.trial.history import History
    from bench.trial.progress import Progress

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
        afterwards: measures more when the plan is done, as the results so far suggest; it is
            given the run's folder, its cases, and what measures one more trial.
    """

    scenario: LoadedScenario
    out: Path
    seed: int | None = None
    keep: bool = False
    afterwards: Afterwards | None = None


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
    plan = make_plan(scenario.cases, seed, checks=checks, calibrate=True)
    host = fingerprint()
    noise = load_noise(host)
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
        host=host,
        noise=noise.as_data() if noise else None,
        engine=dataclasses.asdict(session.measuring.facts)
        | {"private": session.may_wipe, "chosen_by": session.choice.origin},
        builder={
            "kind": "classic",
            "version": session.building.facts.version,
            "address": session.building.facts.address,
        },
        link=way.header(),
    )
    return _Runner(
        request=request,
        session=session,
        progress=progress,
        clock=clock,
        folder=folder,
        journal=journal,
        plan=plan,
        done={},
    ).run()


def resume_run(
    request: RunRequest,
    history: History,
    session: Session,
    progress: Progress,
    clock: Clock | None = None,
) -> RunResult:
    """Go on with a run that was cut off: every trial of its plan that has no result yet."""
    Way(session, request.scenario.scenario.link).check()
    clock = clock or SystemClock()
    journal = Journal(history.folder / FILE_NAME)
    journal.append("run_resumed", at=clock.utc_now().isoformat(timespec="seconds"))
    (history.folder / "logs").mkdir(exist_ok=True)
    return _Runner(
        request=request,
        session=session,
        progress=progress,
        clock=clock,
        folder=history.folder,
        journal=journal,
        plan=history.plan,
        done=history.done,
    ).run()


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
        done: Mapping[int, int],
    ) -> None:
        """`done` maps the number of a trial to how many attempts at it there were; -1 is done."""
        self._request = request
        self._session = session
        self._progress = progress
        self._clock = clock
        self._folder = folder
        self._journal = journal
        self._plan = plan
        self._done = done
        self._services = RunningServices(
            session.building, clock, folder.name, request.scenario.folder, progress.say
        )
        self._subjects: dict[str, Subject] = {}
        self._way = Way(session, request.scenario.scenario.link)

    def run(self) -> RunResult:
        try:
            point_latest(self._folder)
            interrupted = self._measure()
            self._journal.append(
                "run_ended",
                at=self._clock.utc_now().isoformat(timespec="seconds"),
                outcome="interrupted" if interrupted else "complete",
            )
        finally:
            self._journal.close()
        return RunResult(self._folder, interrupted)

    def _measure(self) -> int:
        """Images, trials and clean-up; returns the exit code of an interruption, else 0."""
        try:
            with interruptible():
                try:
                    self._make_images()
                    with self._way.laid():
                        self._run_trials()
                finally:
                    with postponed():
                        self._clean_up()
        except Interrupted as signal:
            return signal.exit_code
        return 0

    def _make_images(self) -> None:
        loaded, session = self._request.scenario, self._session
        scenario = loaded.scenario
        maker = ImageMaker(
            session, self._clock, self._folder.name, scenario.name, self._progress.say
        )
        references = {}
        for name, service in scenario.services.items():
            ready = maker.make(f"service-{name}", service, loaded.folder)
            self._note_image("service", name, ready)
            references[name] = ready.reference
        for name, case in scenario.cases.items():
            try:
                ready = maker.make(name, case, loaded.folder)
            except EngineUnavailableError:
                raise
            except BenchError as error:
                fault = isinstance(error, BuildError)
                self._note_failed_image(name, error, "failed" if fault else "error")
                continue
            self._note_image("case", name, ready)
            self._subjects[name] = self._subject(name, case, ready)
        blank = maker.make_calibration()
        if blank is not None:
            self._note_image("calibration", CALIBRATION_CASE, blank)
            case = Case.model_validate(
                {
                    "image": blank.reference,
                    "ready": {"exit": True, "timeout": "30s"},
                    "observe": "exit",
                }
            )
            self._subjects[CALIBRATION_CASE] = self._subject(CALIBRATION_CASE, case, blank)
        if scenario.services:
            self._services.start(scenario.services, references)
            self._subjects = {
                name: dataclasses.replace(subject, extra_hosts=self._services.addresses)
                for name, subject in self._subjects.items()
            }

    def _subject(self, name: str, case: Case, ready: ReadyImage) -> Subject:
        return Subject(
            name=name,
            case=case,
            reference=self._way.reference(ready.reference),
            manifest=ready.manifest,
            layers=ready.facts.layers,
            folder=self._request.scenario.folder,
            base=ready.base,
        )

    def _note_image(self, role: str, name: str, ready: ReadyImage) -> None:
        facts: dict[str, Any] = dataclasses.asdict(ready.facts) | {"case": name}
        self._journal.append("image_ready", role=role, bases=list(ready.bases), **facts)

    def _note_failed_image(self, name: str, error: BenchError, status: str) -> None:
        self._progress.say(f"{name}: no image: {error.cause.splitlines()[0]}")
        self._journal.append(
            "image_failed", role="case", case=name, status=status, reason=str(error), log_tail=[]
        )

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
            link_bit_s=self._way.rate_bit_s,
            services=self._service_cgroups(),
        )
        for number, key in enumerate(self._plan):
            attempts = self._done.get(number, 0)
            subject = self._subjects.get(key.case)
            if attempts < 0 or subject is None:
                continue
            self._progress.trial_begins(number + 1, len(self._plan), key)
            self._run_one(subject, key, number, attempts)
        if self._request.afterwards:
            self._request.afterwards(self._folder, self._subjects, self._run_another)

    def _service_cgroups(self) -> tuple[ContainerCgroup, ...]:
        facts, mounts = self._session.building.facts, find_mounts()
        if mounts is None or not facts.is_local:
            return ()
        return tuple(
            locate(mounts, one, facts.cgroup_driver, facts.kind, "")
            for one in self._services.containers
        )

    def _run_another(self, subject: Subject, key: TrialKey) -> None:
        self._plan.append(key)
        number = len(self._plan)
        self._progress.trial_begins(number, number, key)
        self._run_one(subject, key, number - 1, 0)

    def _run_one(self, subject: Subject, key: TrialKey, number: int, attempts: int) -> None:
        for attempt in range(attempts, attempts + 1 + MOST_REPEATS):
            kind = ReplicaTrial if key.replicas else Trial
            status = kind(self._lab, subject, key, number, attempt).run()
            if status is TrialStatus.ERROR and not self._engine_answers():
                self._progress.say("the engine does not answer; starting it again")
                self._session.revive()
                self._lab = dataclasses.replace(self._lab, daemons=self._way.pids())
            if status is not TrialStatus.INVALID:
                return

    def _engine_answers(self) -> bool:
        try:
            self._session.measuring.containers(LABEL)
        except BenchError:
            return False
        return True

    def _clean_up(self) -> None:
        """Remove what this run made; that one engine is dead does not matter to the other."""
        measuring, building = self._session.measuring, self._session.building
        for engine in (measuring, building) if building is not measuring else (measuring,):
            try:
                if engine is building:
                    self._services.stop()
                self._remove_own(engine)
            except BenchError as error:
                self._progress.say(f"clean-up was cut short: {error.cause}; run `bench clean`")
                self._journal.append("note", text=f"clean-up was cut short: {error.cause}")

    def _remove_own(self, engine: Engine) -> None:
        run_id = self._folder.name
        for container_id, owner in engine.containers(LABEL):
            if owner == run_id:
                engine.remove(container_id)
        for volume, owner in engine.volumes(LABEL):
            if owner == run_id:
                engine.remove_volume(volume)
        for reference, owner in engine.image_references(LABEL):
            if owner == run_id and not self._request.keep:
                engine.remove_image(reference)

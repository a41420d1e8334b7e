"""A whole run: images, services, every trial of the plan, and the clean-up."""

from __future__ import annotations

import dataclasses
import random
from typing import TYPE_CHECKING, Any

from bench.core.clock import Clock, SystemClock
from bench.core.errors import StoreError, UsageError
from bench.core.version import __version__
from bench.egress.cut import why_not_cut
from bench.host.fingerprint import fingerprint
from bench.journal.writer import FILE_NAME, SCHEMA_VERSION, Journal
from bench.results.comparable import unlike_places
from bench.results.host_noise import load_noise
from bench.runner.execution import RunExecution
from bench.runner.folder import new_folder
from bench.runner.plan import check_trials, make_plan
from bench.scenario.redact import redacted
from bench.standard.checklist import load_checklist
from bench.trial.registry_link import RegistryRoute

if TYPE_CHECKING:
    from bench.runner.history import History
    from bench.runner.request import RunRequest, RunResult
    from bench.runtimes.select import Session
    from bench.trial.progress import Progress


def start_run(
    request: RunRequest, session: Session, progress: Progress, clock: Clock | None = None
) -> RunResult:
    """Run a scenario from its start; the results are in the folder's journal."""
    clock = clock or SystemClock()
    loaded = request.scenario
    scenario = loaded.scenario
    way = RegistryRoute(session, scenario.link)
    way.check()
    checklist = load_checklist(scenario.checklist, loaded.folder) if scenario.checklist else None
    seed = request.seed if request.seed is not None else random.SystemRandom().randrange(2**31)
    checks = check_trials(scenario, checklist)
    if why_not_cut(session.measuring.info):
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
    return RunExecution(
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
    """Continue an interrupted run: every trial of its plan that has no result yet.

    Raises:
        UsageError: it was started on another host or engine; a median must not mix the two.
    """
    unlike = next(unlike_places(history.place, _place(session)), "")
    if unlike:
        raise UsageError(
            history.folder.name,
            f"was begun elsewhere: {unlike}",
            "go on where it was begun (`--engine` names the engine), or start a new run",
        )
    RegistryRoute(session, request.scenario.scenario.link).check()
    clock = clock or SystemClock()
    logs = history.folder / "logs"
    if logs.is_symlink():
        raise StoreError(str(logs), "is a link, and is not written through", "remove it")
    journal = Journal(history.folder / FILE_NAME)
    journal.append("run_resumed", at=clock.utc_now().isoformat(timespec="seconds"))
    logs.mkdir(exist_ok=True)
    return RunExecution(
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
    own = {"private": session.is_exclusive, "chosen_by": session.choice.origin}
    engine = dataclasses.asdict(session.measuring.info) | own
    return {"host": fingerprint(), "engine": engine}


def _builder(session: Session) -> dict[str, str]:
    """The builder of images; empty if there is none."""
    builder = session.building.builder
    if builder is None:
        return {}
    address = session.building.info.address
    return {"kind": builder.tool.kind, "version": builder.tool.version, "address": address}

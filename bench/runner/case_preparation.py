"""Preparation of a run's cases: images built and pushed, processes set up, services started.

Each case becomes one that can be run, or a stack of several; the results are recorded.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from bench.core.domain import CALIBRATION_CASE
from bench.core.errors import BenchError, BuildError, EngineUnavailableError, ScenarioError
from bench.journal.facts.form import written
from bench.runner.history import identity
from bench.runner.images import ImageMaker, ReadyImage
from bench.runner.inferred_readiness import ImageWord
from bench.runner.plain_process_setup import set_up
from bench.runner.stack_images import make_stack
from bench.scenario.model import Case
from bench.scenario.source import BuildSource, ComposeSource, ImageSource, ProcessSource
from bench.trial.context import PreparedCase
from bench.trial.stack.demands import check_demands

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bench.core.clock import Clock
    from bench.images.layers import LayerContent
    from bench.journal.writer import Journal
    from bench.runner.services import RunningServices
    from bench.runtimes.managed.registry import Manifest
    from bench.runtimes.select import Session
    from bench.scenario.compose_case import ComposeUse
    from bench.scenario.loading.load import LoadedScenario
    from bench.scenario.plain_process import PlainProcess
    from bench.trial.registry_link import RegistryRoute
    from bench.trial.stack.prepared import PreparedStack


class _OtherImageError(BenchError):
    """A case of a resumed run has a different image than before; other cases can still finish."""


class CasePreparer:
    """Prepares the cases of one run.

    Attributes:
        single: cases of one container or process, by name, including the calibration.
        stacks: cases of several containers, by name.
        gave_up: whether a case has no image, so that no trials are run.
    """

    def __init__(
        self,
        loaded: LoadedScenario,
        session: Session,
        clock: Clock,
        journal: Journal,
        way: RegistryRoute,
        services: RunningServices,
        *,
        earlier: Mapping[str, str],
        run_id: str,
        say: Callable[[str], None],
        keep_going: bool = False,
    ) -> None:
        """Nothing is prepared before `make`.

        `services` are started once their images are ready; the caller stops them.

        `earlier` contains the image of each case in its trials before the run was interrupted.
        `keep_going` means that a case without an image is left out instead of ending the run.
        """
        self._loaded = loaded
        self._session = session
        self._clock = clock
        self._journal = journal
        self._way = way
        self._services = services
        self._earlier = earlier
        self._say = say
        self._keep_going = keep_going
        self.gave_up = False
        self._maker = ImageMaker(session, run_id, loaded.scenario.name, say)
        self._word = ImageWord(loaded, journal, session.measuring.info, say)
        self._loads: dict[str, str] = {}
        self.single: dict[str, PreparedCase] = {}
        self.stacks: dict[str, PreparedStack] = {}

    def find(self, case: str) -> PreparedCase | PreparedStack | None:
        """The prepared case; None if it has no image."""
        return self.single.get(case) or self.stacks.get(case)

    @property
    def brought(self) -> list[str]:
        """Names of images that were added to a user's own engine by this run."""
        return self._maker.brought

    def known_layers(self, manifest: Manifest) -> list[LayerContent] | None:
        """The files in the layers of an image that was prepared; None if they were not read."""
        return self._maker.reader.known(manifest)

    def make(self) -> None:
        """Prepare all cases, once a run; a case that has no image is recorded.

        Nothing more is prepared then, unless the run is to keep going.

        Raises:
            EngineUnavailableError: nothing can be prepared at all.
            ScenarioError: an image lacks what the scenario leaves to it.
            BenchError: a service has no image, or does not become ready.
        """
        loaded = self._loaded
        scenario = loaded.scenario
        maker = self._maker
        references, services = {}, {}
        for name, service in scenario.services.items():
            ready = maker.make(f"service-{name}", service, loaded.folder)
            self._note_image("service", name, ready)
            references[name] = ready.reference
            services[name] = self._word.taken(f"services.{name}", service, ready.facts.config)
        for name, case in scenario.cases.items():
            try:
                self._make_image(maker, name, case)
            except (EngineUnavailableError, ScenarioError):
                raise
            except BenchError as error:
                fault = isinstance(error, BuildError)
                self._note_failed_image(name, error, "failed" if fault else "error")
                if not (self._keep_going or isinstance(error, _OtherImageError)):
                    self.gave_up = True
                    return
        blank = maker.make_calibration() if scenario.has_images else None
        if blank is not None:
            self._note_image("calibration", CALIBRATION_CASE, blank)
            case = Case.model_validate(
                {
                    "image": blank.reference,
                    "ready": {"exit": True, "timeout": "30s"},
                    "observe": "exit",
                }
            )
            self.single[CALIBRATION_CASE] = self._prepared(CALIBRATION_CASE, case, blank)
        if services:
            self._services.start(services, references)
            self.single = {
                name: dataclasses.replace(prepared, extra_hosts=self._services.addresses)
                for name, prepared in self.single.items()
            }
            self.stacks = {
                name: stack.with_extra_hosts(self._services.addresses)
                for name, stack in self.stacks.items()
            }

    def _make_image(self, maker: ImageMaker, name: str, case: Case) -> None:
        """The image of a case, the images of a stack, or the setup of a plain process."""
        match case.source:
            case ComposeSource(use):
                self._make_stack(maker, name, case, use)
            case ProcessSource(process):
                self._set_up_process(name, case, process, self._load_image(maker, name, case))
            case ImageSource() | BuildSource():
                load = self._load_image(maker, name, case)
                ready = maker.make(name, case, self._loaded.folder)
                self._check_is_the_same(name, dataclasses.asdict(ready.facts))
                self._note_image("case", name, ready)
                case = self._word.taken(f"cases.{name}", case, ready.facts.config)
                self.single[name] = self._prepared(name, case, ready, load)

    def _make_stack(self, maker: ImageMaker, name: str, case: Case, use: ComposeUse) -> None:
        loaded = self._loaded
        check_demands(loaded.stacks[name], self._session.measuring.info)
        stack, facts, bases = make_stack(
            maker, name, case, use, loaded.stacks[name], self._way.reference, self._word.taken
        )
        self._check_is_the_same(name, dataclasses.asdict(facts))
        self._journal.append(
            "image_ready", role="case", bases=written(bases), **dataclasses.asdict(facts)
        )
        self.stacks[name] = stack

    def _check_is_the_same(self, name: str, image: Mapping[str, Any]) -> None:
        """Check that a case does not get trials of two different images."""
        if self._earlier.get(name, identity(image)) != identity(image):
            raise _OtherImageError(
                f"image of {name}",
                "is another one than in its trials before the run was cut off",
                "start a new run, or put back what it was made of",
            )

    def _load_image(self, maker: ImageMaker, name: str, case: Case) -> str:
        """The image of its load tool, prepared once for all cases that share it."""
        if case.load is None:
            return ""
        source = case.load.model_dump_json(include={"image", "build", "registry", "platform"})
        if source not in self._loads:
            ready = maker.make(f"load-{name}", case.load, self._loaded.folder)
            self._note_image("load", name, ready)
            self._loads[source] = ready.reference
        return self._loads[source]

    def _set_up_process(self, name: str, case: Case, process: PlainProcess, load: str) -> None:
        self._say(f"setting up {name}")
        folder = self._loaded.folder
        facts = set_up(name, case, process, folder, self._clock)
        self._journal.append("image_ready", role="case", bases=[], **dataclasses.asdict(facts))
        self.single[name] = PreparedCase(name, case, "", None, (), folder, load_reference=load)

    def _prepared(self, name: str, case: Case, ready: ReadyImage, load: str = "") -> PreparedCase:
        return PreparedCase(
            name=name,
            case=case,
            reference=self._way.reference(ready.reference),
            manifest=ready.manifest,
            layers=ready.facts.layers,
            folder=self._loaded.folder,
            base=ready.base,
            load_reference=load,
        )

    def _note_image(self, role: str, name: str, ready: ReadyImage) -> None:
        facts: dict[str, Any] = dataclasses.asdict(ready.facts) | {"case": name}
        self._journal.append("image_ready", role=role, bases=written(ready.bases), **facts)

    def _note_failed_image(self, name: str, error: BenchError, status: str) -> None:
        missing = self._loaded.scenario.cases[name].source.missing
        self._say(f"{name}: {missing}: {error.cause.splitlines()[0]}")
        self._journal.append(
            "image_failed",
            role="case",
            case=name,
            status=status,
            reason=str(error),
            log_tail=[],
        )

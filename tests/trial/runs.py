"""A whole run over fakes: a session, a maker of images that only hands them out, a scenario."""

from __future__ import annotations

import contextlib
import functools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from bench.core.capability import PLAIN_PROCESS, Capability
from bench.core.clock import SystemClock
from bench.core.domain import CALIBRATION_CASE
from bench.journal.facts.image import ImageFacts, LayerFacts
from bench.journal.lines import Lines
from bench.journal.writer import FILE_NAME
from bench.runner.images import ReadyImage
from bench.runner.request import RunRequest, RunResult
from bench.runner.run import start_run
from bench.runtimes.protocol import LABEL
from bench.runtimes.select import Choice, Session
from bench.sampling.gpu import Gpus
from bench.scenario.loading.load import parse_scenario_text
from bench.trial.cache_state import CacheKeeper
from bench.trial.context import TrialContext
from tests.fakes import FakeRuntime, Script, Watcher, local
from tests.pulls import cold_stream, manifest_of
from tests.trial.lab import UP, quiet_load

if TYPE_CHECKING:
    import pytest

    from bench.compose.container_keys import Container
    from bench.core.errors import BenchError
    from bench.runtimes.managed.private import PrivateEngine
    from bench.runtimes.managed.registry import Registry
    from bench.runtimes.process.runtime import ProcessRuntime
    from bench.scenario.loading.load import LoadedScenario

SCENARIO = """
version: 1
name: quick
defaults:
  repeat: 2
  ready: {log: "^up$", interval: 1ms, timeout: 10s}
  observe: 0s
cases:
  bad: {image: bad}
  good: {image: good}
"""


def loaded(text: str = SCENARIO) -> LoadedScenario:
    return parse_scenario_text(text, "quick.yaml")


class LabelClock(SystemClock):
    """The clock of this machine, on the day of every test."""

    def utc_now(self) -> datetime:
        return datetime(2026, 11, 22, 8, 31, 5, tzinfo=UTC)


class FakePrivate:
    """bench's own daemons: brings dead engines up again."""

    def __init__(self, *engines: FakeRuntime) -> None:
        self._engines = engines
        self.ups: list[str] = []
        self.pids = {"registry": 1, "measuring": 1}

    def own_pids(self) -> dict[str, int]:
        return self.pids

    def blob_path(self, digest: str) -> Path:
        return Path("/nonexistent") / digest

    def access_log(self, *, link: bool = False) -> None:
        """Nothing is served here: the stream is the only proof."""

    def up(self, *, registry_alone: bool = False) -> None:
        self.ups.append("registry" if registry_alone else "all")
        self.pids.setdefault("registry", 2)
        for engine in self._engines:
            engine.is_dead = False


class FakeMaker:
    """Hands out images that the measuring engine can pull."""

    errors: ClassVar[dict[str, BenchError]] = {}
    made: ClassVar[list[str]] = []
    can_calibrate: ClassVar[bool] = True
    changed: ClassVar[set[str]] = set()
    configs: ClassVar[dict[str, dict[str, Any]]] = {}

    def __init__(self, session: Session, *_: object) -> None:
        self._engine = cast("FakeRuntime", session.measuring)
        self._is_own = session.is_exclusive
        self.brought: list[str] = []

    def make(
        self, name: str, container: Container, folder: Path, environ: object = None
    ) -> ReadyImage:
        self.made.append(name)
        self.brought += [] if self._is_own else [f"brought/{name}"]
        if name in self.errors:
            raise self.errors[name]
        return self._image(name)

    def make_calibration(self) -> ReadyImage | None:
        return self._image(CALIBRATION_CASE) if self.can_calibrate else None

    def _image(self, name: str) -> ReadyImage:
        source = f"{name}, changed" if name in self.changed else name
        manifest = manifest_of(source, 4096)
        reference = reference_of(source)
        self._engine.streams.setdefault(reference, [cold_stream(manifest)])
        facts = ImageFacts(
            case=name,
            reference=reference,
            digest=manifest.digest,
            source="built",
            build_s=1.5,
            size_bytes=10_000,
            transfer_bytes=manifest.transfer_bytes,
            waste_bytes=0,
            engine_size_bytes=11_000,
            layers=(LayerFacts(manifest.layers[0].digest, "COPY . /", 4096, 10_000),),
            config=self.configs.get(name, {}),
        )
        return ReadyImage(facts, reference, manifest)


def reference_of(name: str) -> str:
    return f"127.0.0.1:5000/quick/{name}@{manifest_of(name).digest}"


class FakeProcesses(FakeRuntime):
    """The host in memory: it runs programs, and has neither images nor volumes."""

    capabilities = PLAIN_PROCESS
    images = builder = volumes = networks = None  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__(UP, facts=local())


@dataclass
class Runs:
    """What runs need, and the runs that were made with it."""

    out: Path
    measuring: FakeRuntime = field(default_factory=lambda: FakeRuntime(UP))
    building: FakeRuntime = field(default_factory=lambda: FakeRuntime(UP))
    host: FakeProcesses = field(default_factory=FakeProcesses)
    watcher: Watcher = field(default_factory=Watcher)
    clock: SystemClock = field(default_factory=LabelClock)
    is_private: bool = True

    def __post_init__(self) -> None:
        self.private = FakePrivate(self.measuring, self.building)
        calibration = reference_of(CALIBRATION_CASE)
        self.measuring.scripts[calibration] = Script(life_s=0)

    @property
    def session(self) -> Session:
        address = "private" if self.is_private else "unix:///run/docker.sock"
        if not self.is_private:
            self.measuring.lacking[Capability.EXCLUSIVE_STORE] = "it is somebody's own"
        return Session(
            Choice(address, explicit=False, origin="found"),
            self.measuring,
            self.building if self.is_private else self.measuring,
            cast("Registry", None),
            cast("PrivateEngine", self.private),
            cast("ProcessRuntime", self.host),
        )

    def start(self, text: str = SCENARIO, **options: Any) -> RunResult:
        """Run a scenario from its start."""
        request = RunRequest(loaded(text), self.out, options.pop("seed", 1), **options)
        return start_run(request, self.session, self.watcher, self.clock)

    def patch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Keep the run away from this host."""
        monkeypatch.setattr(FakeMaker, "errors", {})
        monkeypatch.setattr(FakeMaker, "made", [])
        monkeypatch.setattr(FakeMaker, "changed", set())
        monkeypatch.setattr(FakeMaker, "configs", {})
        monkeypatch.setattr("bench.runner.execution.alive", lambda _: contextlib.nullcontext())
        monkeypatch.setattr("bench.runner.case_preparation.ImageMaker", FakeMaker)
        monkeypatch.setattr("bench.runner.execution.find_mounts", lambda: None)
        monkeypatch.setattr("bench.runner.execution.find_gpus", lambda: Gpus((), "none"))
        quiet = functools.partial(TrialContext, read_load=quiet_load)
        monkeypatch.setattr("bench.runner.execution.TrialContext", quiet)
        monkeypatch.setattr("bench.runner.quiet._GLANCE_S", 0.0)
        monkeypatch.setattr(CacheKeeper, "drops_page_cache", False)


def events(folder: Path, *kinds: str) -> list[dict[str, Any]]:
    """The events of these kinds, all of them where none is named."""
    found = Lines(folder / FILE_NAME).events()
    return [event for event in found if not kinds or event["event"] in kinds]


def trials(folder: Path) -> list[tuple[str, str]]:
    """Each attempt at a trial with how it ended."""
    return [(one["trial_id"], one["status"]) for one in events(folder, "trial_ended")]


def own_label(folder: Path) -> dict[str, str]:
    """The label on what a run makes."""
    return {LABEL: folder.name}

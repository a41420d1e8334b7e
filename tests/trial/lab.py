"""A laboratory over fakes, and one trial in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench.core.clock import SystemClock
from bench.core.domain import TrialKey, TrialStatus
from bench.host.load import HostLoad
from bench.journal.lines import Lines
from bench.journal.writer import FILE_NAME, Journal
from bench.scenario.model import Case
from bench.trial.cache_state import CacheKeeper
from bench.trial.context import PreparedCase, TrialContext
from bench.trial.replicas import ReplicaTrial
from bench.trial.trial import Trial
from tests.fakes import FakeRuntime, Script, Watcher, local
from tests.pulls import cold_stream, manifest_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bench.cgroup.mounts import CgroupMounts
    from bench.images.bases.layers import BaseLayers
    from bench.runtimes.managed.access_log import AccessLog
    from bench.runtimes.managed.registry import Manifest

RUN_ID = "20261122T083107Z-quick"
REFERENCE = "127.0.0.1:5000/quick/web@sha256:1"
UP = Script(output=(b"starting\n", b"up\n"))
"""A container that says at once that it is up, and lives until it is stopped."""

CASE: dict[str, Any] = {
    "image": "web",
    "ready": {"log": "^up$", "timeout": "10s", "interval": "1ms"},
    "observe": "0s",
    "stop_grace_period": "2s",
    "sample": {"interval": "5ms"},
}


class QuietKeeper(CacheKeeper):
    """Leaves the page cache of this host alone."""

    @property
    def drops_page_cache(self) -> bool:
        return False


def quiet_load(_: dict[str, int]) -> HostLoad:
    """A host on which nothing happens."""
    return HostLoad(10.0, 10.0, 0.0, {}, 0, 0.0)


@dataclass
class Bench:
    """Everything that a trial needs, over a fake engine."""

    folder: Path
    engine: FakeRuntime = field(default_factory=lambda: FakeRuntime(UP, facts=local()))
    manifest: Manifest | None = field(default_factory=lambda: manifest_of("web", 4096, 100))
    mounts: CgroupMounts | None = None
    read_load: Callable[[dict[str, int]], HostLoad] = quiet_load
    watcher: Watcher = field(default_factory=Watcher)
    access_log: AccessLog | None = None
    base: BaseLayers | None = None
    dead_service: str = ""
    trial: Trial | None = None

    def __post_init__(self) -> None:
        self.journal = Journal(self.folder / FILE_NAME)
        if self.manifest is not None:
            self.engine.streams[REFERENCE] = [cold_stream(self.manifest)]

    def close(self) -> None:
        self.engine.end_all()
        self.journal.close()

    def laboratory(self) -> TrialContext:
        return TrialContext(
            run_id=RUN_ID,
            runtime=self.engine,
            keeper=QuietKeeper(self.engine),
            journal=self.journal,
            clock=SystemClock(),
            progress=self.watcher,
            mounts=self.mounts,
            daemons={},
            log_folder=self.folder,
            read_load=self.read_load,
            access_log=self.access_log,
            dead_service=lambda: self.dead_service,
        )

    def run(
        self,
        changes: dict[str, Any] | None = None,
        *,
        cache: str = "cold",
        arm: str = "fit",
        number: int = 7,
        attempt: int = 0,
    ) -> TrialStatus:
        """Run one trial of the case with these changes."""
        case = Case.model_validate(CASE | {"cache": cache} | (changes or {}))
        subject = PreparedCase(
            "web", case, REFERENCE, self.manifest, (), self.folder, base=self.base
        )
        key = TrialKey("web", 0, cache, arm)
        self.trial = Trial(self.laboratory(), subject, key, number, attempt)
        return self.trial.run()

    def run_at_once(
        self, changes: dict[str, Any] | None = None, *, replicas: int = 3, attempt: int = 0
    ) -> TrialStatus:
        """Start that many containers of the case at once."""
        case = Case.model_validate(CASE | {"cache": "image"} | (changes or {}))
        subject = PreparedCase(
            "web", case, REFERENCE, self.manifest, (), self.folder, base=self.base
        )
        key = TrialKey("web", 0, "image", replicas=replicas)
        return ReplicaTrial(self.laboratory(), subject, key, 7, attempt).run()

    def behave(self, *scripts: Script) -> None:
        """Let the containers that are created from now on behave one after the other like this."""
        waiting = list(scripts)

        def next_one(call: str) -> None:
            if call == "create" and waiting:
                self.engine.script = waiting.pop(0)

        self.engine.on_call = next_one

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        """What the journal has, but for the samples where no kind is named."""
        found = list(Lines(self.folder / FILE_NAME).events())
        if kind is None:
            return [event for event in found if event["event"] != "samples"]
        return [event for event in found if event["event"] == kind]

    @property
    def ended(self) -> dict[str, Any]:
        """How the trial ended."""
        (event,) = self.events("trial_ended")
        return event

    @property
    def phases(self) -> list[str]:
        """The phases that have a length."""
        return [event["phase"] for event in self.events("phase")]

"""A stack over the fakes of a laboratory: a Compose file, and how each service behaves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench.core.domain import TrialKey, TrialStatus
from bench.journal.facts.image import ImageFacts, LayerFacts
from bench.runner.images import ReadyImage
from bench.runner.stack_images import make_stack
from bench.scenario.loading.compose_file import load_stack
from bench.scenario.model import Case
from bench.trial.stack.procedure import StackTrial
from tests.fakes import Script
from tests.pulls import cold_stream, manifest_of

if TYPE_CHECKING:
    from pathlib import Path

    from bench.compose.container_keys import Container
    from bench.runtimes.managed.registry import Manifest
    from bench.trial.stack.prepared import PreparedStack
    from tests.trial.lab import Bench

SHOP = """
services:
  init: {image: seed, restart: on-failure, volumes: ["models:/models"]}
  db:
    image: postgres
    healthcheck: {test: pg_isready, interval: 2s}
    secrets: [password]
    networks: {default: , back: {aliases: [store]}}
  model:
    image: llama
    volumes: ["models:/models:ro"]
    depends_on: {init: {condition: service_completed_successfully}}
  front:
    image: web
    depends_on: {db: {condition: service_healthy}, model: {condition: service_started}}
    networks: [default, back]
volumes: {models: }
networks: {back: {internal: true}}
secrets: {password: {content: s3cret-word}}
"""

LIVES = Script(output=(b"up\n",))
HEALTHY = Script(health=("starting", "healthy"), health_interval_s=0.001)
DONE = Script(output=(b"copied\n",), life_s=0)


@dataclass
class Maker:
    """Hands out images that are in the registry."""

    manifests: dict[str, Manifest] = field(default_factory=dict)
    configs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def make(
        self, name: str, container: Container, folder: Path, environ: object = None
    ) -> ReadyImage:
        image = container.image or "built"
        manifest = self.manifests.setdefault(image, manifest_of(image, 4096, 100))
        reference = f"127.0.0.1:5000/{name}@{manifest.digest}"
        facts = ImageFacts(
            case=name,
            reference=reference,
            digest=manifest.digest,
            source="mirrored",
            build_s=None,
            size_bytes=6000,
            transfer_bytes=manifest.transfer_bytes,
            waste_bytes=0,
            engine_size_bytes=None,
            layers=tuple(
                LayerFacts(one.digest, "COPY", one.size_bytes, 3000) for one in manifest.layers
            ),
            config=dict(self.configs.get(image, {})),
        )
        return ReadyImage(facts, reference, manifest)


@dataclass
class Stacks:
    """Runs trials of a stack in a laboratory."""

    bench: Bench
    text: str = SHOP
    use: dict[str, Any] = field(default_factory=dict)
    maker: Maker = field(default_factory=Maker)
    scripts: dict[str, Script] = field(
        default_factory=lambda: {"seed": DONE, "postgres": HEALTHY, "llama": LIVES, "web": LIVES}
    )

    def subject(self, changes: dict[str, Any] | None = None) -> PreparedStack:
        path = self.bench.folder / "compose.yaml"
        path.write_text(self.text)
        use = {"file": "compose.yaml", "timeout": "10s"} | self.use
        tree = {"compose": use, "observe": "0s", "sample": {"interval": "5ms"}}
        case = Case.model_validate(tree | (changes or {}))
        assert case.compose is not None
        stack = load_stack(path, services=case.compose.services, environ={})
        maker: Any = self.maker
        subject, _, _ = make_stack(maker, "shop", case, case.compose, stack, str)
        for part in subject.parts:
            image = part.member.service.image or "built"
            self.bench.engine.scripts[part.prepared.reference] = self.scripts[image]
            manifest = self.maker.manifests[image]
            self.bench.engine.streams[part.prepared.reference] = [cold_stream(manifest)]
        return subject

    def run(
        self,
        changes: dict[str, Any] | None = None,
        *,
        cache: str = "cold",
        attempt: int = 0,
        warmup: bool = False,
    ) -> TrialStatus:
        """Run one trial of the stack."""
        key = TrialKey("shop", 0, cache, warmup=warmup)
        subject = self.subject(changes)
        return StackTrial(self.bench.laboratory(), subject, key, 7, attempt).run()

    def ended(self, trial_id: str = "t0007") -> dict[str, Any]:
        """How the stack, or one of its services, ended."""
        (found,) = [one for one in self.bench.events("trial_ended") if one["trial_id"] == trial_id]
        return found

    def phases(self, trial_id: str = "t0007") -> dict[str, tuple[int, int]]:
        """Start and end of each phase of the stack or of one of its services."""
        return {
            one["phase"]: (one["start_ns"], one["end_ns"])
            for one in self.bench.events("phase")
            if one["trial_id"] == trial_id
        }

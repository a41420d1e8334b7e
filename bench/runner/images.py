"""Preparing images, once a run and outside the trials: built or mirrored, then pushed."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import platform
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.core.domain import CALIBRATION_CASE, CacheState
from bench.core.errors import BuildError, EngineError, PullError
from bench.core.image_reference import familiar, split_reference
from bench.dockerfile.bases import external_images, final_base
from bench.images import calibration
from bench.images.bases.choose import base_to_blame, cannot_be_had, missing_among, prepare_bases
from bench.images.bases.hub import registry_answered
from bench.images.bases.layers import BaseLayers, push_base, shared_layers
from bench.images.bases.records import base_records
from bench.images.facts import gather
from bench.images.layers import LayerReader
from bench.runner.image_build import build_request, build_secrets, rebuild, with_build
from bench.runner.image_names import (
    architecture_of,
    repository_part,
    text_of_dockerfile,
)
from bench.runner.leftovers import KEPT
from bench.runtimes.protocol import LABEL, container_engine
from bench.scenario.model import Case
from bench.trial.cause.disk import full_disk
from bench.trial.redactor import redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bench.compose.container_keys import Container
    from bench.journal.facts.image import BaseRecord, ImageFacts
    from bench.runtimes.managed.registry import Manifest
    from bench.runtimes.protocol import ContainerEngine
    from bench.runtimes.select import Session


@dataclass(frozen=True)
class ReadyImage:
    """An image in the registry: its facts, and the reference that trials pull.

    Attributes:
        manifest: None if trials pull from the image's own registry.
        bases: the bases that the FROM lines of its Dockerfile resolve to here.
        base: which of its layers belong to its base; None if not needed, or if it has no base.
    """

    facts: ImageFacts
    reference: str
    manifest: Manifest | None
    bases: tuple[BaseRecord, ...] = ()
    base: BaseLayers | None = None


class ImageMaker:
    """Builds, mirrors and pushes the images of one run.

    Attributes:
        brought: names of images that were added to a user's own engine and carry no label,
            because they were built elsewhere.
        reader: of the layers in the registry.
    """

    def __init__(
        self,
        session: Session,
        run_id: str,
        scenario_name: str,
        say: Callable[[str], None],
    ) -> None:
        self._session = session
        self._run_id = run_id
        self._prefix = repository_part(scenario_name)
        self._say = say
        self.brought: list[str] = []
        self.reader = LayerReader(session.registry, session.private.layer_directory())

    @property
    def _engine(self) -> ContainerEngine:
        return container_engine(self._session.building)

    @property
    def _label(self) -> str:
        """The image's label: in bench's builder it marks a cache, elsewhere the run's own image."""
        return KEPT if self._session.is_exclusive else self._run_id

    def make(
        self,
        name: str,
        container: Container,
        folder: Path,
        environ: Mapping[str, str] | None = None,
    ) -> ReadyImage:
        """The image of a case or service, in the registry.

        Args:
            name: of the case or service.
            container: the case or service.
            folder: base of its paths.
            environ: variables that secrets of its build may come from; this process's own if None.

        Raises:
            BuildError: the Dockerfile does not build: the image's fault.
            EngineError: it is not available anywhere, or the engine failed.
        """
        self._refuse_emulation(name, architecture_of(container.platform))
        repository = f"{self._prefix}/{repository_part(name)}"
        tag = f"{self._session.registry.address}/{repository}:latest"
        if container.build is not None:
            environ = os.environ if environ is None else environ
            ready = self._build(name, container, folder, repository, tag, environ)
        else:
            assert container.image is not None
            ready = self._mirror(name, container, container.image, repository, tag)
        if isinstance(container, Case) and CacheState.BASE in container.cache:
            base = self._base(container, folder, repository, ready)
            return dataclasses.replace(ready, base=base)
        return ready

    def _base(self, case: Case, folder: Path, repository: str, ready: ReadyImage) -> BaseLayers:
        """The base of a case's image, and an image of its layers in the registry.

        Raises:
            EngineError: it has none, or is built on other layers.
        """
        engine, registry = self._engine, self._session.registry
        name = case.base
        if name is not None:
            self._fetch("base", name)
        elif case.build is not None:
            inline = case.build.dockerfile_inline
            text = inline or text_of_dockerfile(folder / case.build.context / case.build.dockerfile)
            name = final_base(text, case.build.args, case.build.target)
            if name is not None and not engine.images.has(name):
                self._fetch("base", name)  # BuildKit keeps what it builds on to itself
        if name is None or ready.manifest is None:
            raise EngineError(
                ready.reference, "stands on no image", "leave `base` out of its cache states"
            )
        config = registry.config(repository, ready.manifest)
        own = engine.images.inspect(name).layers
        count = shared_layers(own, config["rootfs"]["diff_ids"])
        if not count:
            raise EngineError(
                ready.reference,
                f"its first layers are not those of {name}",
                "name the image that it was built on as `base`",
            )
        label = {LABEL: self._label}
        reference = push_base(registry, repository, ready.manifest, config, count, label)
        return BaseLayers(count, reference)

    def _build(
        self,
        name: str,
        container: Container,
        folder: Path,
        repository: str,
        tag: str,
        environ: Mapping[str, str],
    ) -> ReadyImage:
        build = container.build
        assert build is not None
        for platform_name in build.platforms:
            self._refuse_emulation(name, architecture_of(platform_name))
        engine = self._engine
        with build_request(build, folder, tag, self._label, environ) as request:
            text = text_of_dockerfile(request.dockerfile)
            images = external_images(
                text,
                build.args,
                build.target,
                contexts=build.additional_contexts,
                architecture=engine.info.architecture,
            )
            if self._session.is_exclusive:
                self._prepare_bases(images)
            if engine.builder.tool.kind == "buildkit":  # without a session it has no credentials
                self._pull_missing(images)
            self._say(f"building {name}")
            hide = redactor(container, folder, build_secrets(build, request, text))
            try:
                built = engine.builder.build(request)
            except BuildError as error:
                if full := full_disk(engine.info):  # then a step of it may fail, too
                    raise EngineError("builder", full.words, full.remedy) from error
                if self._session.is_exclusive and (missing := base_to_blame(engine, images)):
                    raise missing from error  # asked on bench's own alone: it may leave a base
                raise BuildError(error.subject, hide(error.cause), error.remedy) from error
            bases = base_records(engine, images)
            ready = self._push(
                name, repository, tag, source="built", build_s=built.seconds, bases=tuple(bases)
            )
            facts = with_build(ready.facts, build, text, request, built, engine, hide)
            if build.rebuild_after:
                self._say(f"building {name} after a change of {', '.join(build.rebuild_after)}")
                again = rebuild(engine, request, tuple(build.rebuild_after))
                facts = dataclasses.replace(
                    facts,
                    rebuild_s=again.seconds,
                    rebuilt=again.steps and tuple(map(hide, again.steps)),
                )
        return dataclasses.replace(ready, facts=facts)

    def _pull_missing(self, images: Sequence[str]) -> None:
        """Pull the bases of a build that the engine lacks, with the user's credentials."""
        engine = self._engine
        for image in images:
            if engine.images.has(image):
                continue
            if not self._session.is_exclusive:
                self.brought.append(image)
            with contextlib.suppress(PullError, EngineError):  # then the builder says why
                for _ in engine.images.pull(image):
                    pass

    def _prepare_bases(self, images: Sequence[str], *, ask_hub: bool = True) -> None:
        """Create those of `images` that can be made here, if the builder lacks them."""
        names = missing_among(self._engine, images)
        if names:
            prepare_bases(
                self._engine,
                self._session.registry.address,
                on_progress=self._say,
                only=names,
                ask_hub=ask_hub,
            )

    def _mirror(
        self, name: str, container: Container, image: str, repository: str, tag: str
    ) -> ReadyImage:
        source = self._fetch(name, image)
        engine = self._engine
        engine.images.tag(image, tag)
        bases = base_records(engine, [image]) if source == "bootstrapped" else []
        ready = self._push(name, repository, tag, source=source, bases=tuple(bases))
        if not self._session.is_exclusive:
            self.brought += [tag, ready.reference]
        if container.registry != "origin":
            return ready
        digests = engine.images.inspect(image).digests
        origin = [
            digest for digest in digests if not digest.startswith(self._session.registry.address)
        ]
        if not origin:
            raise EngineError(
                image, "has no registry of its own to pull from", "leave `registry: origin` out"
            )
        wanted = familiar(split_reference(image)[0])
        named = [digest for digest in origin if familiar(digest.partition("@")[0]) == wanted]
        return ReadyImage(ready.facts, (named or origin)[0], None, ready.bases)

    def _fetch(self, name: str, image: str) -> str:
        """Make `image` available in the builder; returns where it came from."""
        engine = self._engine
        if not self._session.is_exclusive and engine.images.has(image):
            return "engine"
        self._say(f"mirroring {name} ({image})")
        if not self._session.is_exclusive:
            self.brought.append(image)
        try:
            for _ in engine.images.pull(image):
                pass
        except (PullError, EngineError) as error:
            own = self._session.users_engine()
            if own is not None and own is not engine and own.images.has(image):
                engine.images.load(own.images.save(image))
                own.close()
                return "engine"
            if self._session.is_exclusive and not registry_answered(error):
                self._prepare_bases([image], ask_hub=False)
            if engine.images.has(image):
                (record,) = base_records(engine, [image])
                return "bootstrapped" if record.made_of else "builder"
            raise cannot_be_had(image, error.cause) from error
        return "mirrored"

    def _push(
        self,
        name: str,
        repository: str,
        tag: str,
        *,
        source: str,
        build_s: float | None = None,
        bases: tuple[BaseRecord, ...] = (),
    ) -> ReadyImage:
        images, registry = self._engine.images, self._session.registry
        self._say(f"pushing {name}")
        digest = images.push(tag)
        image = images.inspect(tag)
        # a containerd store pushes the index that it has, where an image was pulled with one
        self._refuse_emulation(name, image.architecture)
        manifest = registry.manifest(repository, digest or "latest", image.architecture)
        facts = gather(
            name, repository, manifest, registry, self.reader,
            source=source, build_s=build_s, engine_size_bytes=image.size_bytes,
        )  # fmt: skip
        return ReadyImage(facts, facts.reference, manifest, bases)

    def _refuse_emulation(self, name: str, architecture: str) -> None:
        """Refuse emulation: the times of an emulated program mean nothing.

        Raises:
            EngineError: an image for `architecture` would be emulated here.
        """
        own = self._engine.info.architecture
        if own and architecture and architecture != own:
            raise EngineError(
                name,
                f"is for linux/{architecture}, and the engine's machine is linux/{own}",
                "measure it on such a machine, or name an image for this one",
            )

    def make_calibration(self) -> ReadyImage | None:
        """The do-nothing image; None on an architecture without one."""
        architecture = platform.machine()
        if not calibration.supports(architecture):
            return None
        repository = f"{self._prefix}/{CALIBRATION_CASE}"
        tag = f"{self._session.registry.address}/{repository}:latest"
        with tempfile.TemporaryDirectory(prefix="container-bench-") as folder:
            tar = Path(folder) / "rootfs.tar"
            calibration.write_rootfs(tar, architecture)
            changes = ('ENTRYPOINT ["/nothing"]', f"LABEL {LABEL}={self._label}")
            self._engine.images.import_rootfs(tar, tag, changes)
        return self._push(CALIBRATION_CASE, repository, tag, source="built")


__all__ = ["BuildError", "ImageMaker", "ReadyImage"]

"""Facts about an image, its layers and its build, as in the journal."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Annotated, ClassVar

from bench.core.schema_keywords import one_of
from bench.journal.facts.form import FINITE, LEFT_OUT, Amount, Seconds

if TYPE_CHECKING:
    from pydantic import ConfigDict


@dataclass(frozen=True)
class BaseRecord:
    """The base image that a FROM line resolved to on the host.

    Attributes:
        image_id: empty if the builder does not have it.
        source: `hub`, `bootstrapped` (made here from Debian packages) or `other`.
        made_of: the actual contents of a locally built one.
        remark: why nothing is known of it.
    """

    name: str = ""
    image_id: str = ""
    source: str = ""
    made_of: str = field(default="", metadata=LEFT_OUT)
    remark: str = field(default="", metadata=LEFT_OUT)


@dataclass(frozen=True)
class LeftoverFact:
    """Files of one kind in a layer that a running service rarely needs.

    Attributes:
        kind: as in docs/inspect.md.
        size_bytes: unpacked.
    """

    kind: str
    size_bytes: Amount


@dataclass(frozen=True)
class LayerFacts:
    """One layer of an image as it is shipped.

    Attributes:
        instruction: the line of the Dockerfile that made it, as the image's history has it.
        transfer_bytes: compressed size.
        unpacked_bytes: None if its contents could not be read.
        leftovers: files that a running service rarely needs, by the kinds of `bench inspect`.
    """

    digest: str
    instruction: str
    transfer_bytes: Amount
    unpacked_bytes: Amount | None
    leftovers: tuple[LeftoverFact, ...] = ()


@dataclass(frozen=True)
class ImagePart:
    """The image of one service of a stack; sizes as those of an image of its own."""

    service: str
    reference: str
    digest: str
    size_bytes: Amount | None
    transfer_bytes: Amount | None


@dataclass(frozen=True)
class BuiltStep:
    """A step of a build.

    Attributes:
        instruction: as in the Dockerfile, on one line.
        cached: whether the builder had it in its cache.
        seconds: duration; None if cached, or if the builder does not report it.
    """

    instruction: str
    cached: bool
    seconds: Seconds | None


@dataclass(frozen=True)
class DockerfileFinding:
    """A finding of `bench lint` in the Dockerfile of an image."""

    rule: str
    severity: Annotated[str, one_of("error", "warning", "info")]
    line: Amount
    message: str
    remedy: str


@dataclass(frozen=True)
class DockerfileFacts:
    """The Dockerfile that an image was built from.

    Attributes:
        name: as in the scenario.
        text: without secrets.
        target: the stage that was built; None for the last one.
        base_layers: how many of the image's layers are its base's; None if that is unknown.
        findings: those of `bench lint`; None if another stage than the last was built, which rules
            do not look at.
    """

    name: str
    text: str
    target: str | None
    base_layers: Amount | None
    findings: tuple[DockerfileFinding, ...] | None = None


@dataclass(frozen=True)
class ImageFacts:
    """Facts about a case's image for the whole run; for a stack, about all its images together.

    Attributes:
        reference: the reference that trials pull, with its digest.
        source: `built`, `mirrored`, `engine` (from the user's own), `builder` (already present),
            `bootstrapped` (made here from Debian packages), `host` for a plain process, or
            `compose` for a stack.
        build_s: seconds of the build, None if nothing was built.
        build_steps: number of its steps that the builder's cache did not have, None if unknown.
        built: all its steps but FROM in their order, None if the builder does not report them, or
            nothing was built.
        dockerfile: the one that it was built from, secrets removed; None if there is none, or if
            it is longer than 256 KiB.
        remarks: deviations from the Dockerfile or the case, a sentence each.
        rebuild_s: seconds of a rebuild after a small change, None if none was requested.
        rebuilt: instructions of the rebuild that the builder's cache did not have, None if unknown.
        size_bytes: unpacked size: regular-file bytes over the layers, hard links once.
        transfer_bytes: compressed layers and configuration.
        waste_bytes: bytes overwritten or deleted by a later layer.
        engine_size_bytes: as the engine reports it, which depends on its image store.
        layers: base first.
        config: user, entrypoint, command, healthcheck and the like, as in the image.
        parts: the images of a stack's services; the sizes are then those of their layers, each
            distinct one once, and there is no common reference or digest.
    """

    case: str
    reference: str
    digest: str
    source: str
    build_s: Seconds | None
    size_bytes: Amount | None
    transfer_bytes: Amount | None
    waste_bytes: Amount | None
    engine_size_bytes: Amount | None
    layers: tuple[LayerFacts, ...] = ()
    config: dict[str, object] = field(default_factory=dict)
    build_steps: Amount | None = None
    rebuild_s: Seconds | None = None
    rebuilt: tuple[str, ...] | None = None
    parts: tuple[ImagePart, ...] = ()
    built: tuple[BuiltStep, ...] | None = None
    remarks: tuple[str, ...] = ()
    dockerfile: DockerfileFacts | None = None

    def metric_values(self) -> dict[str, float]:
        """The metrics that belong to the image, by name."""
        values = {
            "build_s": self.build_s,
            "build_steps": self.build_steps,
            "rebuild_s": self.rebuild_s,
            "rebuild_steps": None if self.rebuilt is None else len(self.rebuilt),
            "image_size_bytes": self.size_bytes,
            "image_transfer_bytes": self.transfer_bytes,
            "layer_waste_bytes": self.waste_bytes,
            "layer_count": len(self.layers) or None,
        }
        return {name: float(value) for name, value in values.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class ImageReady(ImageFacts):
    """The event `image_ready`: an image is available where trials pull it from.

    Attributes:
        role: its purpose: `case`, `service`, `load` or `calibration`.
        bases: the bases that the FROM lines resolved to.
    """

    __pydantic_config__: ClassVar[ConfigDict] = FINITE

    role: str
    bases: tuple[BaseRecord, ...] = ()

    @property
    def facts(self) -> ImageFacts:
        """The facts about the image alone."""
        return ImageFacts(**{field.name: getattr(self, field.name) for field in fields(ImageFacts)})

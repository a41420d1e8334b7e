"""What is known of an image, its layers and its build, as the journal has it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, ClassVar

from bench.journal.facts.form import FINITE, LEFT_OUT, Amount, Seconds

if TYPE_CHECKING:
    from pydantic import ConfigDict


@dataclass(frozen=True)
class BaseRecord:
    """What a FROM line stood for on the host.

    Attributes:
        image_id: empty where the builder does not have it.
        source: the value of a BaseSource.
        made_of: what a home-made one really is.
        remark: why nothing is known of it.
    """

    name: str = ""
    image_id: str = ""
    source: str = ""
    made_of: str = field(default="", metadata=LEFT_OUT)
    remark: str = field(default="", metadata=LEFT_OUT)


@dataclass(frozen=True)
class LayerFacts:
    """One layer of an image as it is shipped."""

    digest: str
    instruction: str
    transfer_bytes: Amount
    unpacked_bytes: Amount | None


@dataclass(frozen=True)
class ImagePart:
    """The image of one service of a stack; sizes as in ImageFacts."""

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
        seconds: that it took; None where it came from the cache, or the builder does not say.
    """

    instruction: str
    cached: bool
    seconds: Seconds | None


@dataclass(frozen=True)
class ImageFacts:
    """What is known of a case's image for the whole run; of a stack, of all of them together.

    Attributes:
        reference: what trials pull, with its digest.
        source: `built`, `mirrored`, `engine` (from the user's own), `builder` (it was there
            already), `bootstrapped` (made here of Debian packages) or `compose`.
        build_s: seconds of the build, None where nothing was built.
        build_steps: steps of it that the builder's cache did not have, None where unknown.
        built: all steps of it but FROM, None where the builder does not tell, or nothing was built.
        remarks: what is not as the Dockerfile or the case has it, a sentence each.
        rebuild_s: seconds of another build after a small change, None where none was asked for.
        rebuilt: those of its steps that the builder's cache did not have, None where unknown.
        size_bytes: unpacked size: regular-file bytes over the layers, hard links once.
        transfer_bytes: compressed layers and configuration.
        waste_bytes: bytes overwritten or deleted by a later layer.
        engine_size_bytes: what the engine itself says, which depends on its image store.
        config: user, entrypoint, command, healthcheck and the like, as in the image.
        parts: the images of a stack's services; the sizes are then those of their layers, each
            distinct one once, and there is neither a reference nor a digest of all.
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

    def metrics(self) -> dict[str, float]:
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
    """The event `image_ready`: an image is where trials pull it from.

    Attributes:
        role: what it is for: `case`, `service`, `load` or `calibration`.
        bases: what the FROM lines stood for.
    """

    __pydantic_config__: ClassVar[ConfigDict] = FINITE

    role: str
    bases: tuple[BaseRecord, ...] = ()

    @property
    def facts(self) -> ImageFacts:
        """What is known of the image alone."""
        return ImageFacts(**{field.name: getattr(self, field.name) for field in fields(ImageFacts)})

"""Images: what a runtime with a store of them answers, and what builds them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Protocol

from bench.runtimes.build_request import quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from bench.runtimes.build_request import BuildRequest, BuildResult, BuildTool


@dataclass(frozen=True)
class ImageInfo:
    """An image of a store.

    Attributes:
        id: of its configuration.
        names: tags that it has, with their repositories.
        digests: names with a digest, as registries know it.
        layers: digests of its unpacked layers, base first.
        architecture: as images name it (`amd64`); empty where it is not known.
        size_bytes: as the store counts; None where it is not known.
        config: how containers of it are run, by the keys of the OCI image configuration
            (`Entrypoint`, `Cmd`, `Volumes`, `Labels`…).
    """

    id: str
    names: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    architecture: str = ""
    size_bytes: int | None = None
    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels."""
        return self.config.get("Labels") or {}


class PullStep(Enum):
    """What a line of a pull stream says of a layer."""

    ANNOUNCED = auto()
    PRESENT = auto()
    DOWNLOADING = auto()
    VERIFYING = auto()
    DOWNLOADED = auto()
    EXTRACTING = auto()
    DONE = auto()
    RETRYING = auto()


@dataclass(frozen=True)
class PullLine:
    """A line of a pull stream.

    Attributes:
        layer: short id of the layer that it is about; empty where it is about none.
        text: as the engine has it.
        total_bytes: of the layer; None where the line does not say.
        digest: of the image, where the line tells that; else empty.
    """

    layer: str = ""
    step: PullStep = PullStep.ANNOUNCED
    text: str = ""
    total_bytes: int | None = None
    digest: str = ""


class ImageStore(Protocol):
    """Images that a runtime holds. Every call may raise EngineError."""

    def pull(self, reference: str) -> Iterator[PullLine]:
        """The lines of the pull stream as they arrive; an error raises PullError."""
        ...

    def has(self, reference: str) -> bool:
        """Whether the image is there."""
        ...

    def inspect(self, reference: str) -> ImageInfo:
        """Everything that is known of an image that is there."""
        ...

    def ids(self) -> list[str]:
        """Ids of all images."""
        ...

    def tag(self, reference: str, new_reference: str) -> None:
        """Give an image another name."""
        ...

    def push(self, reference: str) -> str:
        """Push to the registry that the reference names; the digest, or empty where unknown."""
        ...

    def remove(self, reference: str) -> None:
        """Remove an image and the layers that nothing else uses; absent is fine."""
        ...

    def import_rootfs(self, tar: Path, tag: str, changes: tuple[str, ...]) -> None:
        """Make a one-layer image of a root file system; `changes` are Dockerfile instructions."""
        ...

    def save(self, reference: str) -> Iterator[bytes]:
        """An archive of the image."""
        ...

    def load(self, chunks: Iterator[bytes]) -> None:
        """Take in an image archive as `save` makes it."""
        ...


class Builder(Protocol):
    """Builds images."""

    @property
    def tool(self) -> BuildTool:
        """The program that does it."""
        ...

    def build(self, request: BuildRequest, say: Callable[[str], None] = quiet) -> BuildResult:
        """Build and tag an image, telling `say` each step as it starts; raises BuildError."""
        ...

"""Images: the protocols of a runtime's image store and of its builder."""

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
        names: its tags, with their repositories.
        digests: names with a digest, as registries know it.
        layers: digests of its unpacked layers, base first.
        architecture: as images name it (`amd64`); empty if unknown.
        size_bytes: as the store counts; None if unknown.
        config: defaults for its containers, by the keys of the OCI image configuration
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
    """The state of a layer that a line of a pull stream reports."""

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
        layer: short id of its layer; empty if it is not about one.
        text: the engine's message.
        total_bytes: of the layer; None if the line does not contain it.
        digest: of the image, if the line contains it; else empty.
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
        """Whether the image is in the store."""
        ...

    def inspect(self, reference: str) -> ImageInfo:
        """All properties of an image in the store."""
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
        """Remove an image and its unshared layers; no error if it is absent."""
        ...

    def import_rootfs(self, tar: Path, tag: str, changes: tuple[str, ...]) -> None:
        """Make a one-layer image of a root file system; `changes` are Dockerfile instructions."""
        ...

    def save(self, reference: str) -> Iterator[bytes]:
        """An archive of the image."""
        ...

    def load(self, chunks: Iterator[bytes]) -> None:
        """Import an image archive made by `save`."""
        ...


class Builder(Protocol):
    """Builds images."""

    @property
    def tool(self) -> BuildTool:
        """The program that builds."""
        ...

    def build(self, request: BuildRequest, say: Callable[[str], None] = quiet) -> BuildResult:
        """Build and tag an image, passing each step to `say` as it starts; raises BuildError."""
        ...

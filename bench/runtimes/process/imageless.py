"""What an engine without images, volumes and networks says when it is asked for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.core.errors import EngineError
from bench.runtimes.build_request import Builder, quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from bench.runtimes.build_request import BuildRequest, BuildResult
    from bench.runtimes.protocol import Runtime


def _none(subject: str) -> EngineError:
    return EngineError(
        subject,
        "a plain process has neither images, volumes nor networks",
        "use a case with an image",
    )


class Imageless:
    """The part of the `Engine` protocol about images, volumes and networks: there are none."""

    def pull(self, reference: str) -> Iterator[Mapping[str, Any]]:
        """Nothing can be pulled."""
        raise _none(reference)

    def networks(self, label: str) -> list[tuple[str, str]]:  # noqa: ARG002 - whatever the label
        """None."""
        return []

    def create_network(
        self,
        name: str,
        labels: Mapping[str, str],  # noqa: ARG002
        *,
        internal: bool,  # noqa: ARG002
        options: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> None:
        """No network can be made: there is that of the host."""
        raise _none(name)

    def remove_network(self, name: str) -> None:
        """An absent one is fine, and all of them are."""

    def volumes(self, label: str) -> list[tuple[str, str]]:  # noqa: ARG002 - whatever the label
        """None."""
        return []

    def create_volume(
        self,
        name: str,
        labels: Mapping[str, str],  # noqa: ARG002
        options: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> None:
        """No volume can be made."""
        raise _none(name)

    def remove_volume(self, name: str) -> None:
        """An absent one is fine, and all of them are."""

    def has_image(self, reference: str) -> bool:  # noqa: ARG002 - whichever it is
        """No."""
        return False

    def image_details(self, reference: str) -> Mapping[str, Any]:
        """There is nothing to tell."""
        raise _none(reference)

    def image_references(self, label: str) -> list[tuple[str, str]]:  # noqa: ARG002
        """None."""
        return []

    def remove_image(self, reference: str) -> None:
        """An absent one is fine, and all of them are."""

    def image_ids(self) -> list[str]:
        """None."""
        return []

    @property
    def builder(self) -> Builder:
        """There is none."""
        return Builder("none", "")

    def build(self, request: BuildRequest, say: Callable[[str], None] = quiet) -> BuildResult:  # noqa: ARG002
        """Nothing can be built."""
        raise _none(str(request.context))

    def tag(self, reference: str, new_reference: str) -> None:  # noqa: ARG002
        """There is nothing to name."""
        raise _none(reference)

    def push(self, reference: str) -> str:
        """There is nothing to push."""
        raise _none(reference)

    def import_rootfs(self, tar: Path, tag: str, changes: tuple[str, ...]) -> None:  # noqa: ARG002
        """No image can be made."""
        raise _none(tag)

    def transfer_image(self, reference: str, target: Runtime) -> None:  # noqa: ARG002
        """There is nothing to copy."""
        raise _none(reference)

    def load_image(self, chunks: Iterator[bytes]) -> None:  # noqa: ARG002
        """No image can be taken in."""
        raise _none("image archive")

"""The source of a case: an image, a build, a plain process or a Compose file.

Each kind says what cannot be had of it, so that nobody needs to ask which it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from bench.core.capability import PLAIN_PROCESS, Capabilities, Capability

if TYPE_CHECKING:
    from bench.compose.build_keys import Build
    from bench.scenario.compose_case import ComposeUse
    from bench.scenario.plain_process import PlainProcess

_INSTEAD = "measure a service by itself as a case with `image`"
_STACK = Capabilities(
    {
        Capability.SINGLE: "it is a stack of several services",
        Capability.CONTACTS: "the services of a stack talk to each other, and that traffic cannot "
        f"be told from outside contacts: {_INSTEAD}",
        Capability.REPLICAS: f"a stack is started once: {_INSTEAD} and `replicas`",
    }
)


@dataclass(frozen=True)
class ImageSource:
    """An image that is pulled by name."""

    capabilities: ClassVar[Capabilities] = Capabilities()
    missing: ClassVar[str] = "it has no image"
    image: str

    def __str__(self) -> str:
        return f"pull {self.image}"


@dataclass(frozen=True)
class BuildSource:
    """An image that is built first."""

    capabilities: ClassVar[Capabilities] = Capabilities()
    missing: ClassVar[str] = "it has no image"
    build: Build

    def __str__(self) -> str:
        return f"build {self.build.dockerfile}"


@dataclass(frozen=True)
class ProcessSource:
    """A program of this host, run without a container."""

    capabilities: ClassVar[Capabilities] = PLAIN_PROCESS
    missing: ClassVar[str] = "its setup failed"
    process: PlainProcess

    def __str__(self) -> str:
        return "a process of this host"


@dataclass(frozen=True)
class ComposeSource:
    """The services of a Compose file, which are measured together."""

    capabilities: ClassVar[Capabilities] = _STACK
    missing: ClassVar[str] = "it has no image"
    use: ComposeUse

    def __str__(self) -> str:
        return ", ".join(self.use.file)


Source = ImageSource | BuildSource | ProcessSource | ComposeSource

"""The request to build an image, and its result."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.dockerfile.instructions import directives

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SYNTAX = re.compile(r"#\s*syntax\s*=", re.IGNORECASE)


@dataclass(frozen=True)
class Secret:
    """A secret that RUN instructions may mount: from a file, or given as a value."""

    id: str
    file: Path | None = None
    value: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class BuildRequest:
    """An image to build.

    Attributes:
        context: folder that the Dockerfile copies from.
        tag: name of the image.
        dockerfile: the Dockerfile; beside it there may be one with `.dockerignore` after its name,
            which then stands in the place of the context's own.
        args, labels: build arguments and labels of the image.
        target: stage to build; the last one where None.
        contexts: name -> folder, `docker-image://…` or another address, to copy from by that name.
        secrets, ssh: what RUN instructions may use; `ssh` as `default`, or `ID=PATH`.
        cache_from, cache_to: caches of the builder, in its own form.
        no_cache: whether every step is done anew.
        pull: whether bases are pulled although they are there.
        network: of RUN instructions; the builder's own where None.
    """

    context: Path
    tag: str
    dockerfile: Path
    args: Mapping[str, str] = field(default_factory=dict)
    target: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    contexts: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[Secret, ...] = ()
    ssh: tuple[str, ...] = ()
    cache_from: tuple[str, ...] = ()
    cache_to: tuple[str, ...] = ()
    no_cache: bool = False
    pull: bool = False
    network: str | None = None

    @property
    def ignore_file(self) -> Path | None:
        """The file that lists the excluded files of the context; None if there is none."""
        own = self.dockerfile.with_name(f"{self.dockerfile.name}.dockerignore")
        for path in (own, self.context / ".dockerignore"):
            if path.exists():
                return path
        return None

    def needs_session(self) -> list[str]:
        """The keys whose values a builder can only request from the client during the build."""
        wanted = {
            "secrets": bool(self.secrets),
            "ssh": bool(self.ssh),
            "additional_contexts": bool(self.contexts),
            "cache_from": any("type=" in cache for cache in self.cache_from),
            "cache_to": bool(self.cache_to),
        }
        return [key for key, is_so in wanted.items() if is_so]


@dataclass(frozen=True)
class BuildTool:
    """The program that builds an engine's images.

    Attributes:
        kind: `buildx`, `buildkit` (the engine's, by its API), `classic` or `podman`.
        version: its own; for the last three, the engine's.
    """

    kind: str
    version: str


@dataclass(frozen=True)
class BuildStep:
    """An instruction that a builder executed or took from its cache.

    Attributes:
        instruction: as in the Dockerfile, on one line.
        seconds: duration; None if cached, or if the builder does not report it.
    """

    instruction: str
    cached: bool
    seconds: float | None = None


@dataclass(frozen=True)
class BuildResult:
    """An image that was built.

    Attributes:
        seconds: from the request to the image.
        steps: in the order of their start, without FROM; None if the builder does not report them.
        remarks: deviations from the Dockerfile, a sentence each.
    """

    seconds: float
    steps: tuple[BuildStep, ...] | None
    remarks: tuple[str, ...] = ()

    @property
    def done(self) -> tuple[str, ...] | None:
        """The instructions that were executed rather than taken from the cache."""
        if self.steps is None:
            return None
        return tuple(step.instruction for step in self.steps if not step.cached)


def frontend(dockerfile: str) -> str | None:
    """The frontend image named in the first comments of a Dockerfile; None if there is none."""
    named = directives(dockerfile).get("syntax", "").split()
    return named[0] if named else None


def without_frontend(dockerfile: str) -> str:
    """The same Dockerfile, line for line, for the builder's own frontend."""
    lines = dockerfile.splitlines(keepends=True)
    for number, line in enumerate(lines):
        if _SYNTAX.match(line.removeprefix("\ufeff")):
            ending = line[len(line.rstrip("\r\n")) :]
            lines[number] = f"#{ending}"
            break
    return "".join(lines)


def read_dockerfile(path: Path) -> str:
    """Its exact text: line ends are kept, and invalid UTF-8 is restored by `as_bytes`."""
    return path.read_bytes().decode(errors="surrogateescape")


def as_bytes(dockerfile: str) -> bytes:
    """The bytes of a text read by `read_dockerfile`."""
    return dockerfile.encode(errors="surrogateescape")


def quiet(_step: str) -> None:
    """Ignore progress messages."""

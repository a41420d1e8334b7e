"""What is asked of a builder, and what it answers."""

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
    """A secret that RUN instructions may mount: in a file, or as it stands here."""

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
        """What says which files of the context are left out; None where nothing does."""
        own = self.dockerfile.with_name(f"{self.dockerfile.name}.dockerignore")
        for path in (own, self.context / ".dockerignore"):
            if path.exists():
                return path
        return None

    def needs_session(self) -> list[str]:
        """The keys whose values a builder can only ask the client for while it builds."""
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
    """What an engine's images are built by.

    Attributes:
        kind: `buildx`, `buildkit` (the engine's, by its API), `classic` or `podman`.
        version: its own; of the last three it is the engine's.
    """

    kind: str
    version: str


@dataclass(frozen=True)
class BuildStep:
    """An instruction that a builder worked on, or had in its cache.

    Attributes:
        instruction: as in the Dockerfile, on one line.
        seconds: that it took; None where it came from the cache, or the builder does not say.
    """

    instruction: str
    cached: bool
    seconds: float | None = None


@dataclass(frozen=True)
class BuildResult:
    """An image that was built.

    Attributes:
        seconds: from the request to the image.
        steps: in the order of their start, without FROM; None where the builder does not tell.
        remarks: what is not as the Dockerfile has it, a sentence each.
    """

    seconds: float
    steps: tuple[BuildStep, ...] | None
    remarks: tuple[str, ...] = ()

    @property
    def done(self) -> tuple[str, ...] | None:
        """The instructions that were worked on, and not taken from the cache."""
        if self.steps is None:
            return None
        return tuple(step.instruction for step in self.steps if not step.cached)


def frontend(dockerfile: str) -> str | None:
    """The image that a Dockerfile asks to be read by, in its first comments; None for none."""
    named = directives(dockerfile).get("syntax", "").split()
    return named[0] if named else None


def without_frontend(dockerfile: str) -> str:
    """The same Dockerfile, line for line, read by the builder's own frontend."""
    lines = dockerfile.splitlines(keepends=True)
    for number, line in enumerate(lines):
        if _SYNTAX.match(line.removeprefix("\ufeff")):
            ending = line[len(line.rstrip("\r\n")) :]
            lines[number] = f"#{ending}"
            break
    return "".join(lines)


def read_dockerfile(path: Path) -> str:
    """Its text to the byte: line ends stay, and what is no UTF-8 comes back by `as_bytes`."""
    return path.read_bytes().decode(errors="surrogateescape")


def as_bytes(dockerfile: str) -> bytes:
    """The bytes of a text that `read_dockerfile` has read."""
    return dockerfile.encode(errors="surrogateescape")


def quiet(_step: str) -> None:
    """Tell nobody."""

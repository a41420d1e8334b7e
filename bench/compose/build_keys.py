"""How an image is built, in the words of the Compose specification."""

# ruff: noqa: RUF012 - pydantic copies the defaults
from __future__ import annotations

from typing import Self

from pydantic import model_validator

from bench.compose.variables import Variables
from bench.yamldoc.values import Flag, Model, Strings, Text, Texts


class BuildSecret(Model):
    """A secret for `RUN --mount=type=secret`; it does not stay in the image."""

    id: Text
    """Name by which the Dockerfile mounts it."""
    file: Text | None = None
    """File that holds it, relative to the scenario file."""
    environment: Text | None = None
    """Variable that holds it where bench runs."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.file is None) == (self.environment is None):
            raise ValueError("needs either `file` or `environment`; keep one of them")
        return self


class Build(Model):
    """How to build an image; the context alone may stand for it."""

    context: Text
    """Folder sent to the builder, relative to the scenario file."""
    dockerfile: Text = "Dockerfile"
    """Dockerfile, relative to the context."""
    dockerfile_inline: Text | None = None
    """Text of a Dockerfile, in the place of a file."""
    target: Text | None = None
    """Stage to build; the last one where unset."""
    args: Variables = {}
    """Build arguments, as a mapping or a list of KEY=value."""
    additional_contexts: Variables = {}
    """More folders or images that the Dockerfile may copy from, by name."""
    secrets: tuple[BuildSecret, ...] = ()
    """Secrets that its RUN instructions may mount."""
    ssh: Texts = ()
    """SSH agents or keys that its RUN instructions may use: `default`, or ID=PATH."""
    cache_from: Texts = ()
    """Caches that the builder may take steps from."""
    cache_to: Texts = ()
    """Caches that the builder leaves its steps in."""
    platforms: Texts = ()
    """Platforms to build for; only the host's can be measured."""
    no_cache: Flag = False
    """Whether every step is done anew."""
    pull: Flag = False
    """Whether base images are pulled although they are there."""
    network: Text | None = None
    """Network of its RUN instructions: `none`, `host` or `default`."""
    labels: Variables = {}
    """Labels of the image, as a mapping or a list of KEY=value."""
    rebuild_after: Strings = []
    """Files of the context after whose change it is built once more, to see what that takes."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        return {"context": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_dockerfile(self) -> Self:
        if self.dockerfile_inline is not None and "dockerfile" in self.model_fields_set:
            raise ValueError("`dockerfile` and `dockerfile_inline` together; keep one of them")
        return self

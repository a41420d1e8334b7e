"""The `build` of a service, as a pydantic model."""

# ruff: noqa: RUF012 - pydantic copies the defaults
from __future__ import annotations

from pydantic import model_validator

from bench.compose.values import Flag, Word, Words
from bench.yamldoc.values import Model, Text


class BuildSecretUse(Model):
    """A secret of the file that a build may read."""

    source: Text
    target: Text | None = None
    """By which the Dockerfile mounts it; its own name where unset."""
    uid: Word | None = None
    gid: Word | None = None
    mode: Word | None = None

    @property
    def id(self) -> str:
        """By which the Dockerfile mounts it."""
        return self.target or self.source


class ComposeBuild(Model):
    """How to build an image; the context alone may stand for it."""

    context: Text = "."
    dockerfile: Text | None = None
    dockerfile_inline: Text | None = None
    args: dict[str, str] = {}
    target: Text | None = None
    additional_contexts: dict[str, str] = {}
    secrets: list[BuildSecretUse] = []
    ssh: dict[Text, str] = {}
    """Paths of keys by their ids; empty for an agent."""
    cache_from: Words = []
    cache_to: Words = []
    platforms: Words = []
    no_cache: Flag = False
    pull: Flag = False
    network: Text | None = None
    labels: dict[str, str] = {}

    @model_validator(mode="after")
    def _one_dockerfile(self) -> ComposeBuild:
        if self.dockerfile and self.dockerfile_inline:
            raise ValueError("`dockerfile` and `dockerfile_inline` together; keep one of them")
        return self

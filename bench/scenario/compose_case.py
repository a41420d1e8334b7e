"""A case that is a stack: the services of a Compose file, measured together."""

# ruff: noqa: RUF012 - pydantic copies the defaults
from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from bench.scenario.probes import Ready
from bench.yamldoc.values import Model, PositiveDuration, Strings, Text

BESIDE_COMPOSE = frozenset(
    {"compose", "repeat", "warmup", "cache", "observe", "sample", "expect", "matrix"}
)
"""Keys of a case that mean something beside `compose`; the rest stands in the Compose file."""


class StackVolumes(StrEnum):
    """Contents of the named volumes of a stack when a trial starts."""

    EMPTY = "empty"
    """Each trial makes them anew."""
    FILLED = "filled"
    """They hold the files that the first trial of the case left there."""


def _files(value: object) -> object:
    return [value] if isinstance(value, str) else value


class ComposeUse(Model):
    """A Compose file and what of it is measured; the file alone may stand for it."""

    file: Annotated[Strings, Field(min_length=1)]
    """Compose file, relative to the scenario file; of several, each is laid over those before."""
    services: Annotated[list[Text], BeforeValidator(_files)] = []
    """Services to start, with those that they depend on; all of the file where empty."""
    profiles: Annotated[list[Text], BeforeValidator(_files)] = []
    """Profiles of the file that are active."""
    env_file: Strings = []
    """Files of KEY=value lines for its variables, in the place of the `.env` beside it."""
    ready: dict[Text, Ready] = {}
    """When a service counts as ready, by its name, where its health check does not decide."""
    volumes: StackVolumes = StackVolumes.EMPTY
    """Whether named volumes are `empty` when a trial starts, or `filled` by the trial before."""
    timeout: PositiveDuration = 120.0
    """How long a service may take to get ready, from its start."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        return {"file": value} if isinstance(value, str | list) else value

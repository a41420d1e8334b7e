"""Resources and restarts under `deploy` of a Compose file, as pydantic models."""

# ruff: noqa: RUF012 - pydantic copies the defaults
from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bench.compose.container_keys import MOST_PROCESSES, refuse_two_choices
from bench.compose.values import Bytes, Cores, DeviceCount, Seconds, Whole
from bench.yamldoc.values import Model, Text

MOST_REPLICAS = 100
"""Containers of one service."""


class ComposeLimits(Model):
    """Limits of a service."""

    cpus: Cores = None
    memory: Bytes | None = None
    pids: Annotated[Whole, Field(le=MOST_PROCESSES)] | None = None


class Device(Model):
    """Devices that are set aside for a service."""

    capabilities: list[Text] = []
    driver: Text | None = None
    count: DeviceCount | None = None
    device_ids: list[Text] | None = None
    options: dict[str, str] = {}

    @model_validator(mode="after")
    def _one_choice(self) -> Self:
        refuse_two_choices(self.count, self.device_ids)
        return self


class ReservedDevice(Device):
    """Devices in `deploy`, where it must be said what they are for."""

    capabilities: Annotated[list[Text], Field(min_length=1)]


class ComposeReservations(Model):
    """Resources that are set aside for a service."""

    memory: Bytes | None = None
    devices: list[ReservedDevice] = []


class ComposeResources(Model):
    """Limits and reservations."""

    limits: ComposeLimits = Field(default_factory=ComposeLimits)
    reservations: ComposeReservations = Field(default_factory=ComposeReservations)


class RestartPolicy(Model):
    """When a container that ended is started again, in the words of `deploy`."""

    condition: Literal["none", "no", "on-failure", "unless-stopped", "any", "always"] = "any"
    delay: Seconds | None = None
    max_attempts: Annotated[Whole, Field(ge=0)] | None = None
    window: Seconds | None = None


class ComposeDeploy(Model):
    """The part of `deploy` that applies to one host."""

    resources: ComposeResources = Field(default_factory=ComposeResources)
    restart_policy: RestartPolicy | None = None
    replicas: Annotated[Whole, Field(ge=0, le=MOST_REPLICAS)] | None = None

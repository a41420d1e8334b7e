"""What a Compose file's `deploy` says of resources and of starting again, as pydantic models."""

# ruff: noqa: RUF012 - pydantic copies the defaults
from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bench.compose.values import Bytes, Cores, DeviceCount, Seconds, Whole
from bench.yamldoc.values import Model, Text

MOST_REPLICAS = 100
"""Containers of one service."""


class Limits(Model):
    """What a service may use."""

    cpus: Cores = None
    memory: Bytes | None = None
    pids: Whole | None = None


class Device(Model):
    """Devices that are set aside for a service."""

    capabilities: list[Text] = []
    driver: Text | None = None
    count: DeviceCount | None = None
    device_ids: list[Text] | None = None
    options: dict[str, str] = {}


class Reservations(Model):
    """What is set aside for a service."""

    memory: Bytes | None = None
    devices: list[Device] = []


class Resources(Model):
    """Limits and reservations."""

    limits: Limits = Field(default_factory=Limits)
    reservations: Reservations = Field(default_factory=Reservations)


class RestartPolicy(Model):
    """When a container that ended is started again, in the words of `deploy`."""

    condition: Text = "any"
    delay: Seconds | None = None
    max_attempts: Whole | None = None
    window: Seconds | None = None


class Deploy(Model):
    """The part of `deploy` that applies to one host."""

    resources: Resources = Field(default_factory=Resources)
    restart_policy: RestartPolicy | None = None
    replicas: Annotated[Whole, Field(ge=0, le=MOST_REPLICAS)] | None = None

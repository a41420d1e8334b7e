"""Devices of the host that a service gets, and limits on block devices, as pydantic models."""

# ruff: noqa: RUF012 - pydantic copies the defaults
from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from bench.compose.values import Bytes, Whole
from bench.yamldoc.values import Model, Text


class DeviceMapping(Model):
    """A device of the host, and where the container has it."""

    source: Text
    target: Text | None = None
    permissions: Annotated[Text, Field(pattern=r"^[rwm]+$")] = "rwm"

    @model_validator(mode="before")
    @classmethod
    def _is_known(cls, value: object) -> object:
        if isinstance(value, str):
            raise ValueError(f"{value!r} is not a device; write it as /dev/fuse:/dev/fuse:rwm")  # noqa: TRY004
        return value

    @property
    def is_cdi(self) -> bool:
        """Whether it is named by the Container Device Interface, as vendor.com/class=name."""
        return not self.source.startswith("/") and "=" in self.source


class BlkioRate(Model):
    """How much of a block device may be used in a second."""

    path: Text
    rate: Bytes


class BlkioWeight(Model):
    """The share of a block device's time, against other containers."""

    path: Text
    weight: Annotated[Whole, Field(ge=0, le=1000)]


class BlkioConfig(Model):
    """Limits on block devices."""

    weight: Annotated[Whole, Field(ge=0, le=1000)] | None = None
    weight_device: list[BlkioWeight] = []
    device_read_bps: list[BlkioRate] = []
    device_write_bps: list[BlkioRate] = []
    device_read_iops: list[BlkioRate] = []
    device_write_iops: list[BlkioRate] = []

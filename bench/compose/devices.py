"""Devices of the host that a service gets, and limits on block devices, as pydantic models."""

# ruff: noqa: RUF012 - pydantic copies the defaults
from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from bench.compose.container_keys import LEAST_WEIGHT, MOST_WEIGHT
from bench.compose.values import PositiveBytes, Weight, Whole
from bench.yamldoc.values import Model, Text


def _rights(value: str) -> str:
    if not set(value) <= set("rwm"):
        raise ValueError(f"{value!r} are no rights to a device; write rwm, or some of it")
    return value


class DeviceMapping(Model):
    """A device of the host, and where the container has it."""

    source: Text
    target: Text | None = None
    permissions: Annotated[Text, AfterValidator(_rights)] = "rwm"

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


class ComposeBlkioRate(Model):
    """How much of a block device may be used in a second."""

    path: Text
    rate: PositiveBytes


class BlkioWeight(Model):
    """The share of a block device's time, against other containers."""

    path: Text
    weight: Annotated[Whole, Field(ge=LEAST_WEIGHT, le=MOST_WEIGHT)]


class ComposeBlkioConfig(Model):
    """Limits on block devices."""

    weight: Weight = None
    weight_device: list[BlkioWeight] = []
    device_read_bps: list[ComposeBlkioRate] = []
    device_write_bps: list[ComposeBlkioRate] = []
    device_read_iops: list[ComposeBlkioRate] = []
    device_write_iops: list[ComposeBlkioRate] = []

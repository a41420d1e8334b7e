"""How a container is made and limited, in the words of the Compose specification."""

# ruff: noqa: RUF012 - pydantic copies the defaults
from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from bench.compose.build_keys import Build
from bench.compose.variables import Variables
from bench.yamldoc.values import (
    AllOrCount,
    Command,
    Cpus,
    Duration,
    Flag,
    Model,
    PortMapping,
    PositiveDuration,
    PositiveSize,
    Size,
    Strings,
    Text,
    UserName,
)

IMAGE_OR_BUILD = "needs either `image` or `build`; `image` pulls by name, `build` builds a folder"
IMAGE_BUILD_OR_HOST = (
    "needs one of `image`, `build` and `host`; `image` pulls by name, `build` builds a folder, "
    "`host` runs a plain process of this host"
)
LIMITS_TWICE = (
    "`limits` and `deploy.resources.limits` together; the first is short for the second: "
    "keep one of them"
)


MOST_PROCESSES = 4_194_304
"""As many as the kernel can count (PID_MAX_LIMIT)."""


LEAST_WEIGHT, MOST_WEIGHT = 10, 1000
"""Shares of block I/O that the kernel takes."""


class Limits(Model):
    """Limits of a container; the short form of `deploy.resources.limits`."""

    cpus: Cpus | None = None
    """Cores, as a quota."""
    memory: PositiveSize | None = None
    """Memory; swap is set to the same value, so that none is used."""
    pids: Annotated[int, Field(strict=True, ge=1, le=MOST_PROCESSES)] | None = None
    """Processes and threads."""


def refuse_two_choices(count: object, ids: object) -> None:
    """Devices are chosen by their number or by their ids.

    Raises:
        ValueError: both are given.
    """
    if count is not None and ids is not None:
        raise ValueError("`count` and `device_ids` together; keep one of them")


class DeviceReservation(Model):
    """Devices to reserve, as in Compose."""

    capabilities: list[Text]
    """Capabilities that the devices must have, such as `gpu`."""
    driver: Text | None = None
    """Device driver, such as `nvidia`."""
    count: AllOrCount | None = None
    """How many devices, or `all`."""
    device_ids: list[Text] | None = None
    """Which devices, by id."""

    @model_validator(mode="after")
    def _one_choice(self) -> Self:
        refuse_two_choices(self.count, self.device_ids)
        return self


class Reservations(Model):
    """Resources that are set aside for a container."""

    memory: Size | None = None
    """Memory that the kernel tries to leave to it."""
    devices: list[DeviceReservation] = []
    """Devices, such as GPUs."""


class Resources(Model):
    """Limits and reservations."""

    limits: Limits | None = None
    """The most that the container may use."""
    reservations: Reservations | None = None
    """Resources that are set aside for it."""


class Deploy(Model):
    """The part of Compose's `deploy` that applies to one container."""

    resources: Resources = Field(default_factory=Resources)
    """Limits and reservations."""


class Ulimit(Model):
    """A soft and a hard limit; one number may stand for both."""

    soft: Annotated[int, Field(strict=True, ge=-1)]
    """Limit that the process may raise up to the hard one; -1 for none."""
    hard: Annotated[int, Field(strict=True, ge=-1)]
    """Limit that only root may raise; -1 for none."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        return value if isinstance(value, dict) else {"soft": value, "hard": value}


class BlkioRate(Model):
    """A rate limit on one block device."""

    path: Text
    """Device node, such as /dev/sda."""
    rate: PositiveSize
    """Bytes a second, with a unit."""


class BlkioConfig(Model):
    """Block I/O limits, as in Compose."""

    weight: Annotated[int, Field(strict=True, ge=LEAST_WEIGHT, le=MOST_WEIGHT)] | None = None
    """Share of I/O time against other containers, 10 to 1000."""
    device_read_bps: list[BlkioRate] = []
    """Bytes a second that may be read from a device."""
    device_write_bps: list[BlkioRate] = []
    """Bytes a second that may be written to a device."""


class Healthcheck(Model):
    """The engine's own health probe; what is unset is taken from the image."""

    test: Command | None = None
    """Command that exits with 0 while all is well; text is run by a shell."""
    interval: PositiveDuration | None = None
    """Between two checks."""
    timeout: PositiveDuration | None = None
    """How long one check may take."""
    retries: Annotated[int, Field(strict=True, ge=1)] | None = None
    """Failures in a row until the container is unhealthy."""
    start_period: Duration | None = None
    """Time after the start in which failures do not count."""
    start_interval: PositiveDuration | None = None
    """Between two checks within that time; engines before API 1.44 go on with `interval`."""
    disable: Flag = False
    """Whether to switch the image's own check off."""


class Container(Model):
    """The keys that cases and services share: an image and how to run it."""

    image: Text | None = None
    """Image to pull by name."""
    build: Build | None = None
    """Image to build, or only the context's folder."""
    registry: Literal["origin"] | None = None
    """`origin` pulls from the image's own registry instead of bench's."""
    platform: Text | None = None
    """Platform of the image, such as linux/amd64; emulation is refused."""
    command: Command | None = None
    """Overrides the image's CMD."""
    entrypoint: Command | None = None
    """Overrides the image's ENTRYPOINT."""
    environment: Variables = {}
    """Environment variables, as a mapping or a list of KEY=value."""
    env_file: Strings = []
    """Files of KEY=value lines; their values are redacted everywhere."""
    ports: list[PortMapping] = []
    """Published ports; probes do not need them."""
    volumes: list[Text] = []
    """Volumes and bind mounts, as SOURCE:TARGET[:ro]."""
    tmpfs: Strings = []
    """Mount points of file systems in memory."""
    shm_size: PositiveSize | None = None
    """Size of /dev/shm."""
    read_only: Flag = False
    """Whether the root file system is read-only."""
    init: Flag = False
    """Whether the engine's init runs as process 1."""
    user: UserName | None = None
    """User, or USER:GROUP, by name or number."""
    working_dir: Text | None = None
    """Working directory."""
    network_mode: Literal["bridge", "host", "none"] = "bridge"
    """Network of the container."""
    healthcheck: Healthcheck | None = None
    """The engine's own health probe."""
    stop_signal: Text | None = None
    """Signal that asks it to stop; the image's own, else SIGTERM, where unset."""
    stop_grace_period: Duration = 10.0
    """Time between that signal and SIGKILL."""
    cap_add: list[Text] = []
    """Capabilities to add."""
    cap_drop: list[Text] = []
    """Capabilities to take away."""
    security_opt: list[Text] = []
    """Security options, such as `no-new-privileges:true`."""
    group_add: list[UserName] = []
    """More groups of its user, by name or number."""
    sysctls: Variables = {}
    """Kernel parameters of its namespaces, as a mapping or a list of KEY=value."""
    ipc: Literal["private", "shareable", "host", "none"] | None = None
    """The IPC namespace, which decides whose shared memory it sees."""
    cpuset: Text | None = None
    """Cores it may run on, such as 0-3."""
    ulimits: dict[str, Ulimit] = {}
    """Resource limits of its processes, such as `nofile: 1024`."""
    blkio_config: BlkioConfig = Field(default_factory=BlkioConfig)
    """Block I/O limits."""
    gpus: AllOrCount | None = None
    """GPUs to give it: `all`, or how many."""
    limits: Limits | None = None
    """The most that it may use."""
    deploy: Deploy = Field(default_factory=Deploy)
    """Limits and reservations in Compose's long form."""

    @property
    def sources(self) -> list[str]:
        """The keys that say where its image comes from; there should be one."""
        return [name for name in ("image", "build") if getattr(self, name) is not None]

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if len(self.sources) != 1:
            raise PydanticCustomError("incoherent", "{fault}", {"fault": IMAGE_OR_BUILD})
        if self.limits is not None and self.deploy.resources.limits is not None:
            raise PydanticCustomError("incoherent", "{fault}", {"fault": LIMITS_TWICE})
        return self

    @property
    def effective_limits(self) -> Limits:
        """The limits, by whichever name they were given."""
        return self.limits or self.deploy.resources.limits or Limits()

    @property
    def asks_for_gpus(self) -> bool:
        """Whether it asks for GPUs, by whichever name."""
        reserved = self.deploy.resources.reservations
        devices = reserved.devices if reserved else []
        return bool(self.gpus) or any("gpu" in device.capabilities for device in devices)

"""The keys of a Compose file that bench honours, as pydantic models, in their long form.

The names and their meaning are those of the Compose specification
(https://github.com/compose-spec/compose-spec). Paths are absolute, variables replaced and files
merged before anything is validated here; see `shape` and `combine`.
"""

# ruff: noqa: RUF012 - pydantic copies the defaults
from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from bench.compose.build import ComposeBuild
from bench.compose.container_keys import MOST_PROCESSES, Ulimit
from bench.compose.deploy import MOST_REPLICAS, ComposeDeploy, ComposeLimits, Device
from bench.compose.devices import ComposeBlkioConfig, DeviceMapping
from bench.compose.mounts import FileUse, Mount
from bench.compose.networks import Network, NetworkUse, Port
from bench.compose.values import (
    Bytes,
    Cores,
    Flag,
    Microseconds,
    Option,
    ResourceName,
    Seconds,
    ServiceName,
    Swap,
    Whole,
    Word,
    Words,
)
from bench.yamldoc.values import Command, Model, Text

_QUOTA_PERIOD_US = 100_000


class Condition(StrEnum):
    """How far a service that another depends on must have come."""

    STARTED = "service_started"
    HEALTHY = "service_healthy"
    COMPLETED = "service_completed_successfully"


class Dependency(Model):
    """A service that another waits for."""

    condition: Condition = Condition.STARTED
    restart: Flag = False
    """Whether Compose restarts this one with the other; nothing is restarted in a trial."""
    required: Flag = True
    """Whether the other must be there."""


class ComposeHealthcheck(Model):
    """The engine's own health probe; what is unset is taken from the image."""

    test: Command | None = None
    interval: Seconds | None = None
    timeout: Seconds | None = None
    retries: Annotated[Whole, Field(ge=0)] | None = None
    start_period: Seconds | None = None
    start_interval: Seconds | None = None
    disable: Flag = False

    @model_validator(mode="before")
    @classmethod
    def _no_test(cls, given: object) -> object:
        """A list without a word is none."""
        if isinstance(given, dict) and given.get("test") == []:
            return {key: setting for key, setting in given.items() if key != "test"}
        return given

    @property
    def is_off(self) -> bool:
        """Whether the image's own check is switched off."""
        return self.disable or (isinstance(self.test, list) and self.test[:1] == ["NONE"])


class ComposeUlimit(Ulimit):
    """A soft and a hard limit; one number may stand for both."""

    soft: Annotated[Whole, Field(ge=-1)]
    hard: Annotated[Whole, Field(ge=-1)]


class EnvFile(Model):
    """A file of KEY=value lines."""

    path: Text
    required: Flag = True
    format: Literal["raw"] | None = None


def _restart(value: str) -> str:
    if not re.fullmatch(r"no|always|unless-stopped|on-failure(:\d+)?", value):
        known = "no, always, unless-stopped, on-failure or on-failure:3"
        raise ValueError(f"{value!r} does not say when it is started again; write {known}")
    return value


def _one_of(*words: str) -> AfterValidator:
    """One of these words, or `service:NAME` or `container:NAME`: that of another container."""

    def check(value: str) -> str:
        kind, _, name = value.partition(":")
        if value not in words and not (name and kind in ("service", "container")):
            known = ", ".join(words)
            raise ValueError(f"{value!r} is not known here; write {known} or service:NAME")
        return value

    return AfterValidator(check)


class Service(Model):
    """A service: an image and how to run it."""

    image: Text | None = None
    build: ComposeBuild | None = None
    platform: Text | None = None
    container_name: Text | None = None
    """A name for it on its networks; the container's own is bench's, so that none collides."""
    command: Command | None = None
    entrypoint: Command | None = None
    environment: dict[str, str] = {}
    env_file: list[EnvFile] = []
    labels: dict[str, str] = {}
    label_file: Words = []
    depends_on: dict[str, Dependency] = {}
    healthcheck: ComposeHealthcheck | None = None
    ports: list[Port] = []
    volumes: list[Mount] = []
    volumes_from: list[Text] = []
    tmpfs: Words = []
    configs: list[FileUse] = []
    secrets: list[FileUse] = []
    networks: dict[str, NetworkUse] | None = None
    network_mode: Annotated[Text, _one_of("bridge", "host", "none")] | None = None
    links: list[Text] = []
    hostname: Word | None = None
    domainname: Word | None = None
    mac_address: Text | None = None
    extra_hosts: dict[str, list[Word]] = {}
    dns: Words = []
    dns_opt: Words = []
    dns_search: Words = []
    profiles: list[Text] = []
    restart: Annotated[Text, AfterValidator(_restart)] = "no"
    deploy: ComposeDeploy = Field(default_factory=ComposeDeploy)
    scale: Annotated[Whole, Field(ge=0, le=MOST_REPLICAS)] | None = None
    mem_limit: Bytes | None = None
    mem_reservation: Bytes | None = None
    memswap_limit: Swap | None = None
    """Checked and passed over, as `mem_swappiness` is: nothing is swapped in a trial."""
    mem_swappiness: Annotated[Whole, Field(ge=-1, le=100)] | None = None
    cpus: Cores = None
    cpu_quota: Microseconds | None = None
    cpu_period: Microseconds | None = None
    cpu_rt_runtime: Microseconds | None = None
    cpu_rt_period: Microseconds | None = None
    cpu_shares: Whole | None = None
    pids_limit: Annotated[Whole, Field(le=MOST_PROCESSES)] | None = None
    cpuset: Text | None = None
    gpus: list[Device] = []
    devices: list[DeviceMapping] = []
    device_cgroup_rules: list[Text] = []
    runtime: Text | None = None
    blkio_config: ComposeBlkioConfig = Field(default_factory=ComposeBlkioConfig)
    storage_opt: dict[str, str] = {}
    shm_size: Bytes | None = None
    ulimits: dict[str, ComposeUlimit] = {}
    read_only: Flag = False
    init: Flag = False
    user: Word | None = None
    working_dir: Text | None = None
    cap_add: list[Text] = []
    cap_drop: list[Text] = []
    security_opt: list[Text] = []
    group_add: list[Word] = []
    sysctls: dict[str, Word] = {}
    ipc: Annotated[Text, _one_of("private", "shareable", "host", "none")] | None = None
    pid: Annotated[Text, _one_of("host")] | None = None
    uts: Literal["host"] | None = None
    cgroup: Literal["host", "private"] | None = None
    userns_mode: Literal["host"] | None = None
    oom_kill_disable: Flag = False
    oom_score_adj: Annotated[Whole, Field(ge=-1000, le=1000)] | None = None
    stop_signal: Text | None = None
    stop_grace_period: Seconds = 10.0

    @model_validator(mode="before")
    @classmethod
    def _restart_is_a_word(cls, value: object) -> object:
        if isinstance(value, dict) and value.get("restart") is False:
            return {**value, "restart": "no"}  # YAML 1.1 reads `no` as false
        return value

    @property
    def replicas(self) -> int:
        """How many containers of it are asked for."""
        given = self.deploy.replicas if self.scale is None else self.scale
        return 1 if given is None else given

    @property
    def restart_policy(self) -> str:
        """When it would be started again, in the words of `restart`."""
        policy = self.deploy.restart_policy
        if policy is None:
            return self.restart
        return {"none": "no", "any": "always"}.get(policy.condition, policy.condition)

    @property
    def limits(self) -> ComposeLimits:
        """Its limits, by whichever names they are given."""
        given = self.deploy.resources.limits
        return ComposeLimits.model_construct(
            cpus=given.cpus or self.cpus or self._quota,
            memory=(given.memory or self.mem_limit) or None,
            pids=_positive(given.pids if given.pids is not None else self.pids_limit),
        )

    @property
    def _quota(self) -> float | None:
        """The cores that a quota of time amounts to; none where it is no limit."""
        quota = self.cpu_quota or 0
        return quota / (self.cpu_period or _QUOTA_PERIOD_US) if quota > 0 else None


def _positive(count: int | None) -> int | None:
    """Compose writes `-1` and `0` for no limit."""
    return count if count is not None and count > 0 else None


class Volume(Model):
    """A named volume of the stack."""

    driver: Literal["local", "default"] | None = None
    driver_opts: dict[str, Option] = {}
    external: Flag = False
    """Whether it is one of the engine's; a trial makes an empty one in its place."""


def _not_external(value: object) -> object:
    if str(value).lower() in ("true", "yes", "on", "1", "y"):
        raise ValueError("bench reads none that the engine keeps; write `file` or `environment`")
    return False


class FileSource(Model):
    """The contents of a config or a secret: one of the first three."""

    file: Text | None = None
    environment: Text | None = None
    content: str | None = None
    external: Annotated[bool, BeforeValidator(_not_external)] = False

    @model_validator(mode="after")
    def _one(self) -> FileSource:
        given = [
            source for source in (self.file, self.environment, self.content) if source is not None
        ]
        if len(given) != 1:
            raise ValueError("needs exactly one of file, environment and content; write one")
        return self


class ComposeFile(Model):
    """The parts of a Compose file that take part, includes and extended services merged in."""

    name: Text | None = None
    services: Annotated[dict[ServiceName, Service], Field(min_length=1)]
    networks: dict[ResourceName, Network] = {}
    volumes: dict[ResourceName, Volume] = {}
    configs: dict[ResourceName, FileSource] = {}
    secrets: dict[ResourceName, FileSource] = {}

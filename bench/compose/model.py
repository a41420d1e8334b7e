"""What of a Compose file bench honours, as pydantic models, short forms made long.

The names and their meaning are those of the Compose specification
(https://github.com/compose-spec/compose-spec). Paths are absolute and variables replaced before
anything is validated here; see `shape`.
"""

# ruff: noqa: RUF012 - pydantic copies the defaults
from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from bench.compose.deploy import Deploy, Device, Limits
from bench.compose.mounts import FileUse, Mount
from bench.compose.values import Bytes, Flag, Seconds, Whole, Word, Words, pairs
from bench.scenario.container import SecurityOption
from bench.scenario.container import Ulimit as ScenarioUlimit
from bench.scenario.values import Command, Cpus, Identifier, Model, Text

_PORT = re.compile(
    r"(?:(?:[0-9.]+|\[[0-9A-Fa-f:]+\]):)?(?:\d*(?:-\d+)?:)?\d+(?:-\d+)?(?:/(?:tcp|udp|sctp))?"
)


class Condition(StrEnum):
    """What a service waits for of one that it depends on."""

    STARTED = "service_started"
    HEALTHY = "service_healthy"
    COMPLETED = "service_completed_successfully"


class Dependency(Model):
    """What a service waits for."""

    condition: Condition = Condition.STARTED
    restart: Flag = False
    """Whether Compose restarts this one with the other; nothing is restarted in a trial."""
    required: Flag = True
    """Whether the other must be there."""


class Build(Model):
    """How to build an image; the context alone may stand for it."""

    context: Text = "."
    dockerfile: Text | None = None
    dockerfile_inline: Text | None = None
    args: dict[str, str] = {}
    target: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        return {"context": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_dockerfile(self) -> Self:
        if self.dockerfile and self.dockerfile_inline:
            raise ValueError("`dockerfile` and `dockerfile_inline` together; keep one of them")
        return self


class Healthcheck(Model):
    """The engine's own health probe; what is unset is taken from the image."""

    test: Command | None = None
    interval: Seconds | None = None
    timeout: Seconds | None = None
    retries: Whole | None = None
    start_period: Seconds | None = None
    start_interval: Seconds | None = None
    disable: Flag = False

    @model_validator(mode="after")
    def _known_test(self) -> Self:
        if isinstance(self.test, list) and self.test[:1] not in (["NONE"], ["CMD"], ["CMD-SHELL"]):
            raise ValueError(
                "the first word of `test` is none of NONE, CMD and CMD-SHELL; put one before it"
            )
        return self

    @property
    def is_off(self) -> bool:
        """Whether the image's own check is switched off."""
        return self.disable or self.test == ["NONE"]


class Ulimit(ScenarioUlimit):
    """A soft and a hard limit; one number may stand for both."""

    @model_validator(mode="before")
    @classmethod
    def _numbers(cls, value: object) -> object:
        return int(value) if isinstance(value, str) and value.lstrip("-").isdecimal() else value


class EnvFile(Model):
    """A file of KEY=value lines."""

    path: Text
    required: Flag = True
    format: Literal["raw"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        return {"path": value} if isinstance(value, str) else value


class Port(Model):
    """A port to publish."""

    target: Word
    published: Word | None = None
    host_ip: Text | None = None
    protocol: Literal["tcp", "udp", "sctp"] = "tcp"
    app_protocol: Text | None = None
    mode: Literal["host", "ingress"] = "host"
    name: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        if isinstance(value, dict):
            return value
        text = str(value)
        if not _PORT.fullmatch(text):
            raise ValueError(f'{value!r} is not a port to publish; write it as "8080:80"')
        rest, _, protocol = text.partition("/")
        before, _, target = rest.rpartition(":")
        address, _, published = before.rpartition(":")
        return {
            "target": target,
            "published": published or None,
            "host_ip": address or None,
            "protocol": protocol or "tcp",
        }

    @property
    def text(self) -> str:
        """The short form."""
        published = f"{self.published}:" if self.published else ""
        address = self.host_ip or ""
        if ":" in address and not address.startswith("["):
            address = f"[{address}]"
        before = f"{address}:" if address else ""
        return f"{before}{published}{self.target}/{self.protocol}"


class NetworkUse(Model):
    """How a service joins a network."""

    aliases: list[Text] = []
    priority: Whole = 0
    interface_name: None = None
    gw_priority: Whole = 0


def _uses(value: object) -> object:
    named = {str(one): {} for one in value} if isinstance(value, list) else value
    if not isinstance(named, dict):
        return value
    return {key: {} if one is None else one for key, one in named.items()}


def _dependencies(value: object) -> object:
    return {str(one): {} for one in value} if isinstance(value, list) else value


def _hosts(value: object) -> object:
    if not isinstance(value, list):
        return value
    return pairs(value, "=" if all("=" in str(one) for one in value) else ":")


def _sysctls(value: object) -> object:
    return pairs(value, "=") if isinstance(value, list) else value


def _restart(value: str) -> str:
    if not re.fullmatch(r"no|always|unless-stopped|on-failure(:\d+)?", value):
        known = "no, always, unless-stopped, on-failure or on-failure:3"
        raise ValueError(f"{value!r} does not say when it is started again; write {known}")
    return value


class Service(Model):
    """A service: an image and how to run it."""

    image: Text | None = None
    build: Build | None = None
    platform: Text | None = None
    container_name: Text | None = None
    """A name for it on its networks; the container's own is bench's, so that none collides."""
    command: Command | None = None
    entrypoint: Command | None = None
    environment: dict[str, str] = {}
    env_file: Annotated[
        list[EnvFile],
        BeforeValidator(lambda value: [value] if not isinstance(value, list) else value),
    ] = []
    depends_on: Annotated[dict[str, Dependency], BeforeValidator(_dependencies)] = {}
    healthcheck: Healthcheck | None = None
    ports: list[Port] = []
    volumes: list[Mount] = []
    tmpfs: Words = []
    configs: list[FileUse] = []
    secrets: list[FileUse] = []
    networks: Annotated[dict[str, NetworkUse], BeforeValidator(_uses)] | None = None
    network_mode: Literal["bridge", "host", "none"] | None = None
    hostname: Word | None = None
    extra_hosts: Annotated[dict[str, Word], BeforeValidator(_hosts)] = {}
    profiles: list[Text] = []
    restart: Annotated[Text, AfterValidator(_restart)] = "no"
    deploy: Deploy = Field(default_factory=Deploy)
    scale: Annotated[Whole, Field(ge=0)] | None = None
    mem_limit: Bytes | None = None
    mem_reservation: Bytes | None = None
    cpus: Cpus | None = None
    pids_limit: Whole | None = None
    cpuset: Text | None = None
    gpus: Literal["all"] | list[Device] | None = None
    shm_size: Bytes | None = None
    ulimits: dict[str, Ulimit] = {}
    read_only: Flag = False
    init: Flag = False
    user: Word | None = None
    working_dir: Text | None = None
    cap_add: list[Text] = []
    cap_drop: list[Text] = []
    security_opt: list[SecurityOption] = []
    group_add: list[Word] = []
    sysctls: Annotated[dict[str, Word], BeforeValidator(_sysctls)] = {}
    ipc: Literal["private", "shareable", "host", "none"] | None = None
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
        return self.deploy.replicas if self.scale is None else self.scale

    @property
    def restart_policy(self) -> str:
        """When it would be started again, in the words of `restart`."""
        policy = self.deploy.restart_policy
        if policy is None:
            return self.restart
        return {"none": "no", "any": "always"}.get(policy.condition, policy.condition)

    @property
    def limits(self) -> Limits:
        """What it may use, by whichever names that is given."""
        given = self.deploy.resources.limits
        return Limits.model_construct(
            cpus=given.cpus if given.cpus is not None else self.cpus,
            memory=(given.memory or self.mem_limit) or None,
            pids=_positive(given.pids if given.pids is not None else self.pids_limit),
        )


def _positive(count: int | None) -> int | None:
    """Compose writes `-1` and `0` for no limit."""
    return count if count is not None and count > 0 else None


class Network(Model):
    """A network of the stack."""

    driver: Literal["bridge", "default"] | None = None
    internal: Flag = False


class Volume(Model):
    """A named volume of the stack."""

    driver: Literal["local", "default"] | None = None


class FileSource(Model):
    """What a config or a secret consists of: one of these."""

    file: Text | None = None
    environment: Text | None = None
    content: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        given = [one for one in (self.file, self.environment, self.content) if one is not None]
        if len(given) != 1:
            raise ValueError("needs exactly one of file, environment and content; write one")
        return self


def _named(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {key: {} if one is None else one for key, one in value.items()}


class ComposeFile(Model):
    """A Compose file, with what it includes and extends merged in."""

    name: Text | None = None
    services: Annotated[dict[Identifier, Service], Field(min_length=1)]
    networks: Annotated[dict[str, Network], BeforeValidator(_named)] = {}
    volumes: Annotated[dict[str, Volume], BeforeValidator(_named)] = {}
    configs: dict[str, FileSource] = {}
    secrets: dict[str, FileSource] = {}

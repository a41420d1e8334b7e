"""Specifications of containers, independent of the runtime."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class WorkloadSpec:
    """A container to create; sizes in bytes, durations in seconds.

    Attributes:
        image: reference that the engine already has.
        labels: marks it as bench's own.
        cgroup_parent: cgroup under which the engine puts it, or empty for the engine's own.
        extra_hosts: name -> address, written into the container's /etc/hosts.
        dns: its DNS servers, if not the engine's.
        dns_search: search domains for short names, `.` for none, if not the engine's.
        healthcheck: the engine's own form, None to leave the image's, `NONE` to disable.
        networks: networks created for it, and its names there; they replace the network mode.
        hostname: if not the container's id.
        endpoints: further settings for each of its networks, as fields of the engine's API.
        options: further fields of the engine's create call.
    """

    image: str
    name: str
    labels: Mapping[str, str]
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[str, ...] = ()
    binds: tuple[str, ...] = ()
    tmpfs: Mapping[str, str] = field(default_factory=dict)
    shm_bytes: int | None = None
    read_only: bool = False
    init: bool = False
    user: str | None = None
    working_dir: str | None = None
    network_mode: str = "bridge"
    networks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    endpoints: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    hostname: str | None = None
    extra_hosts: Mapping[str, str] = field(default_factory=dict)
    dns: tuple[str, ...] = ()
    dns_search: tuple[str, ...] = ()
    healthcheck: Mapping[str, Any] | None = None
    stop_signal: str | None = None
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    security_opt: tuple[str, ...] = ()
    group_add: tuple[str, ...] = ()
    sysctls: Mapping[str, str] = field(default_factory=dict)
    ipc: str | None = None
    cpus: float | None = None
    cpuset: str | None = None
    memory_bytes: int | None = None
    memory_reservation_bytes: int | None = None
    pids: int | None = None
    ulimits: tuple[tuple[str, int, int], ...] = ()
    blkio_weight: int | None = None
    read_bps: tuple[tuple[str, int], ...] = ()
    write_bps: tuple[tuple[str, int], ...] = ()
    gpus: str | int | None = None
    device_requests: tuple[Mapping[str, Any], ...] = ()
    cgroup_parent: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ContainerSetup:
    """The command and user of a container, as the engine combined them from its image and spec.

    Attributes:
        command: program and arguments, the entrypoint's first.
        arguments: the part of `command` that does not belong to the entrypoint.
        user: `USER`, `USER:GROUP` or numbers, as given; empty for root.
        groups: supplementary groups of the user, as given.
        working_dir: where the program starts; empty for the root folder.
        search_path: PATH of its environment, None if it has none.
        has_init: whether it starts the engine's own init, which then runs `command`.
    """

    command: tuple[str, ...]
    arguments: tuple[str, ...] = ()
    user: str = ""
    groups: tuple[str, ...] = ()
    working_dir: str = ""
    search_path: str | None = None
    has_init: bool = False


@dataclass(frozen=True)
class ContainerFile:
    """A file of a container, running or not, with links resolved.

    Attributes:
        path: its path once every link is followed.
        kind: its type; `other` for devices, sockets and pipes.
        mode: permission bits, such as 0o755.
        user_id: its owner.
        group_id: its group.
        head: its first bytes; empty unless it is a regular file.
    """

    path: str
    kind: Literal["file", "folder", "other"]
    mode: int
    user_id: int
    group_id: int
    head: bytes = b""

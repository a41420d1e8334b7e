"""A stack as a Compose file describes it: services in an order of starting, and what they share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bench.compose.build_keys import BuildSecret
    from bench.compose.model import Condition, FileSource, Service, Volume
    from bench.compose.mounts import Mount
    from bench.compose.networks import Network
    from bench.core.errors import Diagnostic


@dataclass(frozen=True)
class Wait:
    """One service that another waits for.

    Attributes:
        service: which.
        condition: until when.
    """

    service: str
    condition: Condition


@dataclass(frozen=True)
class ComposeService:
    """One container of a stack: that of a service, or one of several.

    Attributes:
        name: of the container: that of its service, with a number where there are several.
        service: what the file says of it.
        waits: what it waits for before it is started.
        environment: its variables, those of its env files among them.
        labels: its labels, those of its label files among them.
        from_files: values of its env files, which may be secrets.
        networks: the names by which it is known in each network that it joins, besides its own.
        mounts: its volumes, of those with the same target the last.
        service_name: of its service, by which the others reach it; its own where empty.
        build_secrets: what its build may read.
        shared: names of the containers whose namespaces or volumes it has, by how that is written.
    """

    name: str
    service: Service
    waits: tuple[Wait, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    labels: Mapping[str, str] = field(default_factory=dict)
    from_files: frozenset[str] = field(default=frozenset(), repr=False)
    networks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    service_name: str = ""
    shared: Mapping[str, str] = field(default_factory=dict)
    build_secrets: tuple[BuildSecret, ...] = ()

    @property
    def of(self) -> str:
        """Its service."""
        return self.service_name or self.name

    @property
    def port_names(self) -> dict[str, int]:
        """Its TCP ports that the file gives a name."""
        named = [port for port in self.service.ports if port.name and port.protocol == "tcp"]
        return {str(port.name): int(port.target) for port in named if port.target.isdecimal()}

    @property
    def volumes(self) -> list[str]:
        """The named volumes that it mounts."""
        return [mount.source for mount in self.mounts if mount.type == "volume" and mount.source]


@dataclass(frozen=True)
class Stack:
    """The stack that a Compose file, or a choice of its services, describes.

    Attributes:
        name: of the project.
        path: of the file.
        members: in an order in which each comes after those that it waits for.
        networks: those that any of them joins.
        volumes: those that any of them mounts, by name.
        configs: by name.
        secrets: by name.
        environ: what variables were taken from.
        digest: of the texts of the files.
        warnings: what a reader should know.
    """

    name: str
    path: Path
    members: tuple[ComposeService, ...]
    networks: Mapping[str, Network]
    volumes: Mapping[str, Volume]
    configs: Mapping[str, FileSource]
    secrets: Mapping[str, FileSource]
    environ: Mapping[str, str] = field(repr=False)
    digest: str
    warnings: tuple[Diagnostic, ...] = ()

    def member(self, name: str) -> ComposeService:
        """The service called `name`.

        Raises:
            KeyError: it is not among them.
        """
        found = [member for member in self.members if member.name == name]
        if not found:
            raise KeyError(name)
        return found[0]

    def service_waited_for(self, service: str, condition: Condition) -> bool:
        """Whether another service waits for a container of `service` with this condition."""
        own = [member.name for member in self.members if member.of == service]
        return any(self.waited_for(name, condition) for name in own)

    def waited_for(self, name: str, condition: Condition) -> bool:
        """Whether another service waits for the container `name` with this condition."""
        return any(
            (wait.service, wait.condition) == (name, condition)
            for member in self.members
            for wait in member.waits
        )

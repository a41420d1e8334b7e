"""The containers of a stack: one for each service, or as many as it asks for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.compose.build_keys import BuildSecret
from bench.compose.networks import NetworkUse
from bench.compose.stack import ComposeService, Wait
from bench.core.paths import is_there
from bench.yamldoc.env_file import read_env_files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.compose.model import ComposeFile, Service
    from bench.core.errors import Diagnostic


def members_of(
    file: ComposeFile,
    order: Sequence[str],
    environ: Mapping[str, str],
    warnings: list[Diagnostic],
) -> tuple[ComposeService, ...]:
    """The containers of the services of `file`, in the order of the services.

    Args:
        file: what takes part.
        order: names of the services, each after those that it waits for.
        environ: what variables in env files are taken from.
        warnings: is given what a reader should know.
    """
    names = {name: container_names(name, file.services[name].replicas) for name in order}
    linked = _linked(file)
    by_container = {
        other.container_name: name for name, other in file.services.items() if other.container_name
    }
    found: list[ComposeService] = []
    for name in order:
        service = file.services[name]
        from_files = _from_files(service, environ, warnings)
        by_target = {mount.target: mount for mount in service.volumes}
        waits = tuple(
            Wait(container, wait.condition)
            for other, wait in service.depends_on.items()
            for container in names.get(other, ())
        )
        found += [
            ComposeService(
                name=container,
                service_name=name,
                service=service,
                waits=waits,
                environment={**from_files, **service.environment},
                labels={**read_env_files(service.label_file), **service.labels},
                from_files=frozenset(from_files.values()),
                networks=_networks(name, container, service, linked.get(name, ())),
                mounts=tuple(by_target.values()),
                shared=_shared(by_container, names, service),
                build_secrets=_build_secrets(file, service),
            )
            for container in names[name]
        ]
    return tuple(found)


def container_names(service: str, count: int) -> list[str]:
    """The names of the containers of a service."""
    return [service] if count == 1 else [f"{service}-{number}" for number in range(1, count + 1)]


def _from_files(
    service: Service, environ: Mapping[str, str], warnings: list[Diagnostic]
) -> dict[str, str]:
    from_files: dict[str, str] = {}
    for env_file in service.env_file:
        if is_there(env_file.path, Path.is_file):
            is_raw = env_file.format == "raw"
            from_files |= read_env_files([env_file.path], environ, raw=is_raw, warnings=warnings)
    return from_files


def _linked(file: ComposeFile) -> dict[str, list[str]]:
    """The names by which others link to each service."""
    found: dict[str, list[str]] = {}
    for service in file.services.values():
        for link in service.links:
            name, _, alias = link.partition(":")
            if alias and alias not in file.services:
                found.setdefault(name, []).append(alias)
    return found


def _networks(
    name: str, container: str, service: Service, links: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    if service.network_mode is not None:
        return {}
    joined = service.networks or {"default": NetworkUse()}
    own = [name, container]
    own += [service.container_name] if service.container_name else []
    return {key: tuple(dict.fromkeys([*own, *use.aliases, *links])) for key, use in joined.items()}


def _build_secrets(file: ComposeFile, service: Service) -> tuple[BuildSecret, ...]:
    uses = service.build.secrets if service.build else ()
    sources = [(use.id, file.secrets[use.source]) for use in uses]
    return tuple(
        BuildSecret(id=name, file=source.file, environment=source.environment)
        for name, source in sources
    )


def _shared(
    by_container: Mapping[str, str], names: Mapping[str, Sequence[str]], service: Service
) -> dict[str, str]:
    """The containers whose namespaces, or volumes, `service` has, by how it writes them."""
    namespaces = [mode for mode in (service.network_mode, service.ipc, service.pid) if mode]
    found = {}
    for written in [*(mode for mode in namespaces if ":" in mode), *service.volumes_from]:
        first, _, rest = written.partition(":")
        named = rest.partition(":")[0] if first in ("service", "container") else first
        owner = by_container.get(named, "") if first == "container" else named
        if owner in names:
            found[written] = names[owner][0]
    return found

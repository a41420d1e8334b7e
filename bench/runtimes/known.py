"""The known runtimes: a new one is a folder beside these and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.runtimes.docker.client import DockerClient
from bench.runtimes.docker.runtime import DockerRuntime
from bench.runtimes.podman.runtime import PodmanRuntime
from bench.runtimes.process.runtime import open_processes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bench.runtimes.credential import RegistryLogin
    from bench.runtimes.protocol import ContainerEngine, Runtime

ENGINES: Mapping[str, type[DockerRuntime]] = {"docker": DockerRuntime, "podman": PodmanRuntime}
"""Engines reached at an address, by the kind that they report."""

BY_NAME: dict[str, Callable[[], Runtime]] = {"host": open_processes}
"""Runtimes without an address, by the value of `--engine`."""


def connect(
    address: str, login: RegistryLogin | None = None, *, is_exclusive: bool = False
) -> ContainerEngine:
    """The engine at `address`.

    Args:
        address: `unix://…` or `tcp://…`.
        login: credential for bench's registry; None if nothing is pulled or pushed there.
        is_exclusive: whether everything in the engine is bench's own.

    Raises:
        EngineUnavailableError: no socket, no permission, no listener, or the API is too old.
    """
    client = DockerClient(address, login)
    return ENGINES[client.info.kind](client, is_exclusive=is_exclusive)

"""The known runtimes: a new one is a folder beside these and a line here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.core.capability import PLAIN_PROCESS
from bench.runtimes.docker.client import DockerClient
from bench.runtimes.docker.runtime import DockerRuntime
from bench.runtimes.podman.runtime import PodmanRuntime
from bench.runtimes.process.runtime import open_processes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bench.core.capability import Capabilities
    from bench.runtimes.credential import RegistryLogin
    from bench.runtimes.protocol import ContainerEngine, Runtime

DOCKER_SOCKET = "unix:///var/run/docker.sock"
PODMAN_SOCKET = "unix:///run/podman/podman.sock"


@dataclass(frozen=True)
class EngineKind:
    """An engine that speaks the Docker API at an address.

    Attributes:
        runtime: its class.
        sockets: the usual addresses, given the environment, the likeliest first.
    """

    runtime: type[DockerRuntime]
    sockets: Callable[[Mapping[str, str]], tuple[str, ...]]


@dataclass(frozen=True)
class NamedRuntime:
    """A runtime without an address.

    Attributes:
        capabilities: known before it is opened.
        open: opens it; raises EngineUnavailableError if it is not available.
    """

    capabilities: Capabilities
    open: Callable[[], Runtime]


def _podman_sockets(environ: Mapping[str, str]) -> tuple[str, ...]:
    folder = environ.get("XDG_RUNTIME_DIR")
    own = (f"unix://{folder}/podman/podman.sock",) if folder else ()
    return (*own, PODMAN_SOCKET)


ENGINES: Mapping[str, EngineKind] = {
    "docker": EngineKind(DockerRuntime, lambda _: (DOCKER_SOCKET,)),
    "podman": EngineKind(PodmanRuntime, _podman_sockets),
}
"""Engines reached at an address, by the kind that they report, also their value of `--engine`."""

BY_NAME: dict[str, NamedRuntime] = {"host": NamedRuntime(PLAIN_PROCESS, open_processes)}
"""Runtimes without an address, by their value of `--engine`."""


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
    return ENGINES[client.info.kind].runtime(client, is_exclusive=is_exclusive)

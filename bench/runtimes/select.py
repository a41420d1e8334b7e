"""The choice of the engine for a run, and its companions: registry, builder, plain processes.

Order: `--engine`, BENCH_ENGINE, none if there are only plain processes, DOCKER_HOST, the private
engine if it can be started, the default Docker socket, a Podman socket. An engine that was named
explicitly is never replaced by another.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.core.capability import Capability
from bench.core.errors import BenchError, EngineUnavailableError
from bench.runtimes.known import BY_NAME, ENGINES, connect
from bench.runtimes.managed.private import PrivateEngine
from bench.runtimes.managed.registry import Registry
from bench.runtimes.managed.requirements import why_impossible
from bench.runtimes.process.runtime import ProcessRuntime
from bench.runtimes.protocol import container_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bench.runtimes.credential import RegistryLogin
    from bench.runtimes.protocol import ContainerEngine, Runtime
    from bench.scenario.model import Case


@dataclass(frozen=True)
class Choice:
    """An engine to use: `private`, `host` for none, or the address of a user's own.

    Attributes:
        explicit: whether the user named it.
        origin: the source of the choice, for messages.
    """

    address: str
    explicit: bool
    origin: str

    @property
    def is_private(self) -> bool:
        """Whether it is bench's own."""
        return self.address == "private"

    @property
    def runs_images(self) -> bool:
        """Whether it runs containers, rather than only plain processes."""
        named = BY_NAME.get(self.address)
        return named is None or Capability.IMAGE in named.capabilities


def choose(
    option: str | None, environ: Mapping[str, str] | None = None, *, plain: bool = False
) -> Choice:
    """The engine to use.

    Args:
        option: value of `--engine`: private, docker, podman, host, or an address.
        environ: environment variables; this process's own if None.
        plain: whether there are only plain processes, which need no engine.
    """
    environ = os.environ if environ is None else environ
    for value, origin in (
        (option, "--engine"),
        (environ.get("BENCH_ENGINE"), "BENCH_ENGINE"),
        ("host" if plain else None, "the scenario, which has plain processes only"),
        (environ.get("DOCKER_HOST"), "DOCKER_HOST"),
    ):
        if value:
            return Choice(_address(value, environ), explicit=True, origin=origin)
    if why_impossible() is None:
        return Choice("private", explicit=False, origin="found")
    for kind in ENGINES.values():
        for address in filter(_exists, kind.sockets(environ)):
            return Choice(address, explicit=False, origin="found")
    return Choice("private", explicit=False, origin="found")


def _address(value: str, environ: Mapping[str, str]) -> str:
    if value in ENGINES:
        sockets = ENGINES[value].sockets(environ)
        return next(filter(_exists, sockets), sockets[0])
    if value.startswith("/"):
        return f"unix://{value}"
    if value == "private" or value in BY_NAME or "://" in value:
        return value
    raise EngineUnavailableError(
        value,
        "is not an engine that bench knows",
        f"use {', '.join(('private', *ENGINES, *BY_NAME))}, or an address such as unix:///run/docker.sock",
    )


def _exists(address: str) -> bool:
    """Whether this user can see such a socket; root's own folders are closed to others."""
    return os.path.exists(address.removeprefix("unix://"))  # noqa: PTH110 - Path.exists raises there


@dataclass(frozen=True)
class Session:
    """The engines and the registry of one run.

    Attributes:
        choice: the chosen engine.
        measuring: runs the cases.
        building: builds, mirrors, and runs the services; on a user's own engine the same one.
        registry: the registry that the trials pull from.
        private: bench's own daemons; with a user's own engine only its registry is used.
        host: runs the cases that are plain processes.
    """

    choice: Choice
    measuring: Runtime
    building: Runtime
    registry: Registry
    private: PrivateEngine
    host: Runtime = field(default_factory=ProcessRuntime)

    @property
    def is_exclusive(self) -> bool:
        """Whether everything in the measuring runtime is bench's own."""
        return Capability.EXCLUSIVE_STORE in self.measuring.capabilities

    def runtime_for(self, case: Case) -> Runtime:
        """The runtime of a case: the measuring one, or this host for a plain process."""
        return self.host if case.lacks(Capability.IMAGE) else self.measuring

    def users_engine(self) -> ContainerEngine | None:
        """The user's own engine, for images that only it has; None if there is none."""
        if not self.is_exclusive:
            return container_engine(self.measuring)
        try:
            return connect(ENGINES["docker"].sockets({})[0])
        except BenchError:
            return None

    def revive(self) -> None:
        """Restart any of bench's own daemons that have died."""
        self.private.up(registry_alone=not self.is_exclusive)


@contextmanager
def open_session(choice: Choice, holder: str, on_wait: Callable[[str], None]) -> Iterator[Session]:
    """Start the chosen engine and hold it for one run; it is left running afterwards.

    Args:
        choice: from `choose`.
        holder: the holder's description, for a second run that must wait.
        on_wait: receives the description of the run that this one waits for.

    Raises:
        EngineUnavailableError: it is not available; includes the remedy.
    """
    private = PrivateEngine()
    if not choice.runs_images:
        runtime = BY_NAME[choice.address].open()
        with private.reserved(holder, on_wait):  # one run at a time here too
            yield from _without_containers(choice, runtime, private)
    elif choice.is_private:
        impossible = why_impossible()
        if impossible:
            raise impossible
        with private.reserved(holder, on_wait):
            private.up()
            private.remove_link()  # a run that was killed may have left one
            yield from _connected(choice, private)
    else:
        _opened(choice).close()  # the reason comes before that of the registry
        with private.registry_in_use():
            _registry_up(private)
            yield from _connected(choice, private)


def _opened(choice: Choice, login: RegistryLogin | None = None) -> ContainerEngine:
    """Somebody's own engine, or a runtime that is named."""
    named = BY_NAME.get(choice.address)
    return connect(choice.address, login) if named is None else container_engine(named.open())


def _registry_up(private: PrivateEngine) -> None:
    try:
        private.up(registry_alone=True)
    except BenchError as error:
        raise EngineUnavailableError(
            "registry",
            f"bench pulls from a registry of its own, which cannot be started: {error.cause}",
            error.remedy,
        ) from error


def _without_containers(
    choice: Choice, runtime: Runtime, private: PrivateEngine
) -> Iterator[Session]:
    registry = Registry("")  # which nobody asks for anything
    try:
        yield Session(choice, runtime, runtime, registry, private, runtime)
    finally:
        registry.close()
        runtime.close()


def _connected(choice: Choice, private: PrivateEngine) -> Iterator[Session]:
    login = private.login()
    if choice.is_private:
        measuring = connect(private.address("measuring"), login, is_exclusive=True)
        building = connect(private.address("building"), login, is_exclusive=True)
    else:
        measuring = building = _opened(choice, login)
    registry, host = Registry(private.registry_address(), login), ProcessRuntime()
    try:
        if choice.is_private:
            private.check_store(measuring.info)
        yield Session(choice, measuring, building, registry, private, host)
    finally:
        host.close()
        registry.close()
        measuring.close()
        building.close()

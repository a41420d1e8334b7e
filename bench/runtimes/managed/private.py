"""The private engine: a dockerd that measures, one that builds and serves, and a registry.

The measuring engine's store may be wiped for a cold trial, because it holds nothing of the user's.
Base images, build cache and the scenario's services live in the builder, so that none of their
layers is ever "already there". Both pull from and push to a registry on loopback.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bench.core.errors import EngineUnavailableError
from bench.runtimes.credential import RegistryLogin, forget, renew, secret_file
from bench.runtimes.managed import network
from bench.runtimes.managed.access_log import AccessLog
from bench.runtimes.managed.daemons import (
    Paths,
    Settings,
    StorageBackend,
    UnknownSettingsError,
    link_registry,
    own_daemons,
    write_configuration,
)
from bench.runtimes.managed.host_changes import HostChanges
from bench.runtimes.managed.link import ShapedLink
from bench.runtimes.managed.ping import free_port
from bench.runtimes.managed.requirements import why_impossible, why_no_registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.runtimes.managed.daemon import Daemon
    from bench.runtimes.protocol import RuntimeInfo

REGISTRY = "registry"
"""The only daemon of bench's own that is used with a user's own engine."""


STORE_VARIABLE = "BENCH_IMAGE_STORE"
"""Selects where the daemons store images: `graphdriver` or `containerd`."""

_PREFERRED_PORT = 5591
_START_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class DaemonStatus:
    """One daemon: its name, and its pid if it is running."""

    name: str
    pid: int | None


class PrivateEngine:
    """Starts, finds and stops the private daemons."""

    def __init__(self, paths: Paths | None = None) -> None:
        self.paths = paths or Paths.of_this_user()

    def settings(self) -> Settings | None:
        """The settings chosen at the first start; None before that, or if the file is damaged.

        Raises:
            EngineUnavailableError: another version of bench stored settings that this one does not
                know; its daemons may be running, and would be lost track of.
        """
        try:
            return Settings.from_json(self.paths.settings.read_text())
        except UnknownSettingsError as error:
            raise EngineUnavailableError(
                "private engine",
                f"was set up by another version of bench: {self.paths.settings} has {error}",
                "use that version, or end its daemons with it (`bench engine down`) and remove "
                "the file",
            ) from error
        except (OSError, ValueError, TypeError, AttributeError):
            return None

    def address(self, role: str) -> str:
        """The API address of the `measuring` or the `building` daemon."""
        return f"unix://{self.paths.socket(role)}"

    def registry_address(self) -> str:
        """host:port of the registry."""
        settings = self.settings()
        if settings is None:
            raise EngineUnavailableError(
                "private engine", "was never started", "start it with `bench engine up`"
            )
        return f"127.0.0.1:{settings.registry_port}"

    def login(self) -> RegistryLogin:
        """The registry's credential, for both of its addresses."""
        if self.settings() is None:
            return RegistryLogin(self.paths.run, frozenset())
        addresses = {self.registry_address(), self.link().address}
        return RegistryLogin(self.paths.run, frozenset(addresses))

    def up(self, *, registry_alone: bool = False) -> None:
        """Start the daemons that are not running; returns when all of them answer.

        Args:
            registry_alone: start only the registry, and no networks.

        Raises:
            EngineUnavailableError: not possible here, or a daemon did not come up.
        """
        impossible = why_no_registry() if registry_alone else why_impossible()
        if impossible:
            raise impossible
        self.paths.make()
        with _locked(self.paths.run / "up.lock"):
            settings = self._chosen_settings()
            if settings != self.settings():
                self._remember(settings)
            is_new = write_configuration(self.paths, settings)
            if not registry_alone:
                HostChanges(self.paths).note()
                network.set_up(settings.network_base)
            for daemon, answers in own_daemons(self.paths, settings):
                if daemon.name == REGISTRY:
                    self._renew_credential(daemon, is_new)
                elif registry_alone:
                    continue
                daemon.start()
                _await(daemon, answers)

    def _renew_credential(self, registry: Daemon, is_new: bool) -> None:
        """Write a new one for each start; a registry that runs without one is restarted."""
        if is_new or not secret_file(self.paths.run).exists():
            registry.stop()
        if registry.pid() is None:
            renew(self.paths.run)

    def _remember(self, settings: Settings) -> None:
        """Store them, whole or not at all: a full disk must not destroy the previous file."""
        fresh = self.paths.settings.with_suffix(".partial")
        fresh.write_text(settings.to_json())
        fresh.replace(self.paths.settings)

    def _chosen_settings(self) -> Settings:
        """The stored settings, with the image store that the environment names, if any."""
        settings = self.settings() or Settings(network.free_base(), free_port(_PREFERRED_PORT))
        wanted = _wanted_store(os.environ.get(STORE_VARIABLE))
        if wanted is None or wanted is settings.image_store:
            return settings
        if {"measuring", "building"} & set(self.own_pids()):
            raise EngineUnavailableError(
                "private engine",
                f"runs with the {settings.image_store} image store, "
                f"and {STORE_VARIABLE} asks for {wanted}",
                "`bench engine down` first, or leave the variable unset",
            )
        return replace(settings, image_store=wanted)

    def check_store(self, facts: RuntimeInfo) -> None:
        """Refuse an engine that does not use the configured image store; old ones ignore it.

        Raises:
            EngineUnavailableError: it uses another one.
        """
        settings = self.settings()
        if settings is not None and facts.image_store != settings.image_store:
            raise EngineUnavailableError(
                "private engine",
                f"was to use the {settings.image_store} image store, "
                f"and Engine {facts.version} uses {facts.image_store}",
                f"`bench engine down`, and {STORE_VARIABLE}={facts.image_store} or a newer Engine",
            )

    def down(self) -> None:
        """Stop all daemons and undo the changes to the host; images and packages are kept.

        Raises:
            EngineUnavailableError: a run holds the engine, or pulls from its registry.
        """
        settings = self.settings()
        if settings is None:
            return
        with self.reserved("bench engine down", _refuse), self._unused_registry():
            is_root = os.geteuid() == 0  # nobody else has more than the registry
            if is_root:
                self.remove_link()
            for daemon, _ in reversed(own_daemons(self.paths, settings)):
                daemon.stop()
            forget(self.paths.run)
            if is_root:
                network.tear_down(settings.network_base)
                HostChanges(self.paths).undo()

    def changes(self) -> list[str]:
        """The changes to the host outside the engine's own folders, a line for each."""
        settings = self.settings()
        if settings is None or os.geteuid() != 0:
            return []
        return HostChanges(self.paths).present(settings.network_base)

    def status(self) -> list[DaemonStatus]:
        """The status of each daemon."""
        settings = self.settings() or Settings("10.213.0.0/16", _PREFERRED_PORT)
        return [
            DaemonStatus(daemon.name, daemon.pid())
            for daemon, _ in own_daemons(self.paths, settings)
        ]

    def is_up(self) -> bool:
        """Whether all daemons are running."""
        return all(daemon.pid is not None for daemon in self.status())

    def own_pids(self) -> dict[str, int]:
        """The pid of each running daemon, by name, to record their load."""
        return {daemon.name: daemon.pid for daemon in self.status() if daemon.pid is not None}

    def blob_path(self, digest: str) -> Path:
        """Path of a blob in the registry's store."""
        algorithm, _, value = digest.partition(":")
        store = self.paths.state / "registry" / "docker" / "registry" / "v2" / "blobs"
        return store / algorithm / value[:2] / value / "data"

    def access_log(self, *, link: bool = False) -> AccessLog:
        """The access log of the registry; or of that at the far end of a link."""
        return AccessLog(self.paths.log("link" if link else "registry"))

    def link(self) -> ShapedLink:
        """The rate-limited link to the registry's store, which exists while a run has it set up."""
        settings = self.settings()
        if settings is None:
            raise EngineUnavailableError(
                "private engine", "was never started", "start it with `bench engine up`"
            )
        daemons = {daemon.name: daemon for daemon, _ in own_daemons(self.paths, settings)}
        ends = network.link_ends(settings.network_base)
        note = self.paths.run / "link"
        return ShapedLink(ends, link_registry(self.paths), daemons["measuring"], note)

    def remove_link(self) -> int:
        """Remove what a killed run left of its link; returns how many there were: 0 or 1."""
        return 0 if self.settings() is None else self.link().remove()

    def layer_directory(self) -> Path:
        """The folder that keeps facts about layers between runs."""
        return self.paths.state / "layers"

    @contextmanager
    def registry_in_use(self) -> Iterator[None]:
        """Keep `down` from stopping the registry, which runs on other engines may share."""
        self.paths.make()
        with self._registry_lock.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            yield

    @contextmanager
    def _unused_registry(self) -> Iterator[None]:
        with self._registry_lock.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                _refuse("a run on another engine, which pulls from its registry")
            yield

    @property
    def _registry_lock(self) -> Path:
        return self.paths.run / "registry.lock"

    @contextmanager
    def reserved(self, holder: str, on_wait: Callable[[str], None]) -> Iterator[None]:
        """Hold the engine for one run; a second run waits, and `on_wait` receives the holder."""
        self.paths.make()
        with self.paths.lock.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                on_wait(file.read().strip() or "another run")
                fcntl.flock(file, fcntl.LOCK_EX)
            file.truncate(0)
            file.write(f"{holder} (pid {os.getpid()})")
            file.flush()
            try:
                yield
            finally:
                file.truncate(0)


def _refuse(holder: str) -> None:
    raise EngineUnavailableError(
        "private engine", f"is in use: {holder}", "wait for its end, or end it with Ctrl-C"
    )


def _wanted_store(name: str | None) -> StorageBackend | None:
    """The image store called `name`; None if no name is given."""
    if not name:
        return None
    try:
        return StorageBackend(name)
    except ValueError as error:
        raise EngineUnavailableError(
            STORE_VARIABLE,
            f"{name} is not an image store",
            f"it may be {' or '.join(StorageBackend)}",
        ) from error


def _await(daemon: Daemon, answers: Callable[[], bool]) -> None:
    if not daemon.comes_up(answers, _START_TIMEOUT_S):
        raise EngineUnavailableError(
            f"private engine ({daemon.name})",
            f"did not come up; its log ends with\n    {daemon.log_tail()}",
            f"look at {daemon.log_file}; `bench engine down` and up again starts afresh",
        )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

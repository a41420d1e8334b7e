"""bench's own daemons: their paths, settings and command lines."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import stat
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from bench.runtimes.credential import hash_file
from bench.runtimes.managed import network
from bench.runtimes.managed.daemon import Daemon
from bench.runtimes.managed.link import NAMESPACE, insecure_registries, registry_configuration
from bench.runtimes.managed.ping import docker_answers, listens, listens_as_this_user

if TYPE_CHECKING:
    from collections.abc import Callable

SEARCH_PATH = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"


_OWNER_ALONE = 0o700


@dataclass(frozen=True)
class Paths:
    """Paths of the private engine; sockets need a short path."""

    state: Path = Path("/var/lib/container-bench")
    run: Path = Path("/run/container-bench")

    @classmethod
    def of_this_user(cls) -> Paths:
        """Host-wide paths for root; folders of their own for other users."""
        if os.geteuid() == 0:
            return cls()
        base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
        state = Path(base).expanduser() / "container-bench"
        runtime = os.environ.get("XDG_RUNTIME_DIR")
        return cls(state, Path(runtime) / "container-bench" if runtime else state / "run")

    def make(self) -> None:
        """Create both folders, closed to other users; those of an older bench were open.

        They hold the layers of all images, logs, sockets and the registry's credential.
        """
        for folder in (self.state, self.run):
            folder.mkdir(parents=True, exist_ok=True, mode=_OWNER_ALONE)
            if stat.S_IMODE(folder.stat().st_mode) != _OWNER_ALONE:
                folder.chmod(_OWNER_ALONE)

    @property
    def settings(self) -> Path:
        """The file that stores the settings chosen for this host."""
        return self.state / "engine.json"

    @property
    def programs(self) -> Path:
        """Programs of bench's own, which take precedence over those of the host."""
        return self.state / "programs" / "bin"

    @property
    def lock(self) -> Path:
        """Lock file held by the run that uses the engine."""
        return self.run / "lock"

    def log(self, name: str) -> Path:
        """The log file of the daemon `name`."""
        return self.state / "log" / f"{name}.log"

    def socket(self, role: str) -> Path:
        """The API socket of the `measuring` or the `building` daemon."""
        return self.run / f"{role}.sock"


class StorageBackend(StrEnum):
    """Where a dockerd stores images: its storage driver, or containerd (Engine 24 on)."""

    GRAPHDRIVER = "graphdriver"
    CONTAINERD = "containerd"


class UnknownSettingsError(Exception):
    """The stored settings contain names unknown to this version of bench."""


@dataclass(frozen=True)
class Settings:
    """Settings chosen for this host when the engine was first set up.

    Attributes:
        image_store: of both daemons; the only setting that may change later.
    """

    network_base: str
    registry_port: int
    image_store: StorageBackend = StorageBackend.GRAPHDRIVER

    @staticmethod
    def from_json(text: str) -> Settings:
        """Parse the output of `to_json`.

        Raises:
            UnknownSettingsError: it contains further settings.
            ValueError, TypeError, AttributeError: it is something else.
        """
        fields = json.loads(text)
        unknown = fields.keys() - {field.name for field in dataclasses.fields(Settings)}
        if unknown:
            raise UnknownSettingsError(", ".join(sorted(unknown)))
        store = StorageBackend(fields.pop("image_store", StorageBackend.GRAPHDRIVER))
        return Settings(**fields, image_store=store)

    def to_json(self) -> str:
        """The settings in the form in which they are stored."""
        return json.dumps(asdict(self))


def write_configuration(paths: Paths, settings: Settings) -> bool:
    """Write the daemons' configuration files; returns whether the registry's is new."""
    credential = f"auth: {{htpasswd: {{realm: container-bench, path: '{hash_file(paths.run)}'}}}}\n"
    file = paths.state / "registry.yml"
    text = (
        "version: 0.1\n"
        "log: {accesslog: {disabled: false}, level: warn}\n"
        "storage:\n"
        f"  filesystem: {{rootdirectory: {paths.state}/registry}}\n"
        "  delete: {enabled: true}\n"
        f"{credential}"
        f"http: {{addr: '127.0.0.1:{settings.registry_port}'}}\n"
    )
    is_new = not file.exists() or file.read_text() != text
    file.write_text(text)
    ends = network.link_ends(settings.network_base)
    (paths.state / "link.yml").write_text(
        registry_configuration(ends, paths.state / "registry") + credential
    )
    # dockerd would read /etc/docker/daemon.json, which is meant for the user's own
    (paths.state / "daemon.json").write_text(_daemon_configuration(settings, ends))
    (paths.state / "containerd.toml").write_text(
        _CONTAINERD_CONFIGURATION.format(state=paths.state)
    )
    return is_new


_CONTAINERD_CONFIGURATION = """\
version = 2
[plugins."io.containerd.metadata.v1.bolt"]
  content_sharing_policy = "isolated"
[plugins."io.containerd.internal.v1.opt"]
  path = "{state}/opt"
"""
"""Content fetched in one namespace must not be shared with another: a cold pull of the measuring
daemon would be served from the building daemon's content. The second setting avoids a folder in
/opt."""


def _daemon_configuration(settings: Settings, ends: network.LinkEnds) -> str:
    wanted: dict[str, object] = {"insecure-registries": insecure_registries(ends)}
    if settings.image_store is StorageBackend.CONTAINERD:
        wanted["features"] = {"containerd-snapshotter": True}
    return json.dumps(wanted) + "\n"


def own_daemons(paths: Paths, settings: Settings) -> list[tuple[Daemon, Callable[[], bool]]]:
    """The daemons in start order, each with a check that it answers."""
    measuring, building = network.bridges(settings.network_base)
    containerd_socket = paths.run / "containerd.sock"
    return [
        (_registry(paths), lambda: listens_as_this_user(settings.registry_port)),
        (_containerd(paths, containerd_socket), lambda: listens(str(containerd_socket))),
        (
            _dockerd(paths, "measuring", measuring, containerd_socket, settings.network_base),
            lambda: docker_answers(paths.socket("measuring")),
        ),
        (
            _dockerd(paths, "building", building, containerd_socket, settings.network_base),
            lambda: docker_answers(paths.socket("building")),
        ),
    ]


def _daemon(
    paths: Paths,
    name: str,
    arguments: tuple[str, ...],
    environment: tuple[tuple[str, str], ...] = (),
) -> Daemon:
    search_path = f"{paths.programs}:{SEARCH_PATH}"
    program = shutil.which(arguments[0], path=search_path) or arguments[0]
    return Daemon(
        name=name,
        arguments=(program, *arguments[1:]),
        marker=f"{paths.state}/{name}",  # every one of them names such a path
        pid_file=paths.run / f"{name}.daemon",
        log_file=paths.log(name),
        environment=(("PATH", search_path), *environment),
        leftovers=(paths.run / f"{name}.pid",),
    )


def link_registry(paths: Paths) -> Daemon:
    """The registry at the far end of a link."""
    registry = _registry(paths)
    program, serve, _ = registry.arguments
    configuration = str(paths.state / "link.yml")
    return _daemon(
        paths,
        "link",
        ("ip", "netns", "exec", NAMESPACE, program, serve, configuration),
        registry.environment,
    )


def _registry(paths: Paths) -> Daemon:
    return _daemon(
        paths,
        "registry",
        ("docker-registry", "serve", str(paths.state / "registry.yml")),
        (("OTEL_TRACES_EXPORTER", "none"),),
    )


def _containerd(paths: Paths, socket_path: Path) -> Daemon:
    return _daemon(
        paths,
        "containerd",
        (
            "containerd",
            "--config", str(paths.state / "containerd.toml"),
            "--root", str(paths.state / "containerd"),
            "--state", str(paths.run / "containerd"),
            "--address", str(socket_path),
        ),
    )  # fmt: skip


def _dockerd(
    paths: Paths, role: str, bridge: network.Bridge, containerd: Path, direct: str
) -> Daemon:
    """A dockerd that reaches the network `direct` without a proxy."""
    return _daemon(
        paths,
        role,
        (
            "dockerd",
            "--config-file", str(paths.state / "daemon.json"),
            "--data-root", str(paths.state / role),
            "--exec-root", str(paths.run / role),
            "--pidfile", str(paths.run / f"{role}.pid"),
            "--host", f"unix://{paths.socket(role)}",
            "--containerd", str(containerd),
            "--containerd-namespace", f"bench-{role}",
            "--containerd-plugins-namespace", f"bench-{role}-plugins",
            "--bridge", bridge.name,
            "--default-address-pool", f"base={bridge.pool},size=24",
            "--iptables=false",
            "--ip-masq=false",
            "--ip-forward=false",  # bench sets it, and sets it back
            "--exec-opt", "native.cgroupdriver=cgroupfs",
        ),
        (("NO_PROXY", _without_proxy(direct)),),
    )  # fmt: skip


def _without_proxy(own: str) -> str:
    """Addresses reached without a proxy: the user's own list, and bench's addresses."""
    given = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    return f"{given},{own}" if given else own

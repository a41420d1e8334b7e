"""One container of an engine that speaks the Docker API."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Literal

from docker.errors import NotFound

from bench.cgroup.mounts import CRUN_CHILD, CgroupVersion, ContainerCgroup
from bench.core.errors import CommandTimeoutError
from bench.core.text import decoded
from bench.runtimes.docker.connect import api_version
from bench.runtimes.docker.exec import kill_inside
from bench.runtimes.docker.files import read_file, setup_of
from bench.runtimes.docker.health import health_checks
from bench.runtimes.docker.output import FramedOutput, close_raw, drain
from bench.runtimes.docker.usage import usage_columns
from bench.runtimes.workload import Change, WorkloadState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.cgroup.mounts import CgroupMounts
    from bench.core.capability import Capabilities
    from bench.runtimes.docker.client import DockerClient
    from bench.runtimes.specs import ContainerFile

_ONE_SHOT_API = (1, 41)

_CHANGES: tuple[Literal["changed", "added", "deleted"], ...] = ("changed", "added", "deleted")


class DockerContainer:
    """A container, by its id or its name."""

    def __init__(self, client: DockerClient, capabilities: Capabilities, name: str) -> None:
        self._client = client
        self._api = client.api
        self.capabilities = capabilities
        self.id = name
        self.warnings: tuple[str, ...] = ()

    def _call(self) -> AbstractContextManager[None]:
        return self._client.call(self.id[:12])

    @property
    def files(self) -> DockerContainer:
        """Its file system."""
        return self

    def attach(self) -> FramedOutput:
        """Follow stdout and stderr."""
        with self._call():
            raw = self._api.attach_socket(self.id, params={"stdout": 1, "stderr": 1, "stream": 1})
            raw._sock.settimeout(None)  # noqa: SLF001 - a silent container is no error
        return FramedOutput(raw)

    def start(self) -> None:
        """Start it."""
        with self._call():
            self._api.start(self.id)

    def state(self) -> WorkloadState:
        """Inspect it."""
        with self._call():
            details = self._api.inspect_container(self.id)
        state = details["State"]
        networks = details.get("NetworkSettings", {}).get("Networks") or {}
        addresses = [
            network["IPAddress"] for network in networks.values() if network.get("IPAddress")
        ]
        macs = [network["MacAddress"] for network in networks.values() if network.get("MacAddress")]
        if details.get("HostConfig", {}).get("NetworkMode") == "host":
            addresses = ["127.0.0.1"]
        health = (state.get("Health") or state.get("Healthcheck") or {}).get("Status", "")
        config = details.get("Config") or {}
        return WorkloadState(
            running=bool(state.get("Running")),
            pid=int(state.get("Pid") or 0),
            address=addresses[0] if addresses else "",
            exit_code=int(state.get("ExitCode") or 0),
            oom_killed=bool(state.get("OOMKilled")),
            health=health,
            error=str(state.get("Error") or ""),
            stop_signal=str(config.get("StopSignal") or ""),
            health_checks=health_checks(details),
            mac=macs[0] if macs else "",
            setup=setup_of(details),
        )

    def wait(self, timeout_s: float) -> int:
        """Exit code, once it has ended."""
        with self._call():
            answer = self._api.wait(self.id, timeout=timeout_s)
        return int(answer["StatusCode"])

    def execute(self, command: tuple[str, ...], timeout_s: float) -> int:
        """Run a command in it; 126 and 127 mean that it could not be executed.

        After a time-out its process is killed, if it is visible from this host.
        """
        with self._call():
            exec_id = self._api.exec_create(self.id, list(command))["Id"]
            raw = self._api.exec_start(exec_id, socket=True)
            try:
                drain(raw, timeout_s)
            except TimeoutError as error:
                if self._client.info.is_local:  # the API has no call for it
                    pid = int(self._api.exec_inspect(exec_id).get("Pid") or 0)
                    kill_inside(pid, self.id)
                cause = f"a command has not ended within {timeout_s:.3g} s"
                raise CommandTimeoutError(self.id[:12], cause) from error
            finally:
                close_raw(raw)
            code = self._api.exec_inspect(exec_id)["ExitCode"]
        return 1 if code is None else int(code)

    def stop(self, grace_s: int) -> None:
        """SIGTERM (or the image's stop signal), then SIGKILL after `grace_s`."""
        with self._call():
            self._api.stop(self.id, timeout=grace_s)

    def remove(self) -> None:
        """Kill and remove it with its anonymous volumes; absent is fine."""
        with self._call(), contextlib.suppress(NotFound):
            self._api.remove_container(self.id, v=True, force=True)

    def changes(self) -> list[Change]:
        """The contents of its own layer, as `docker diff` reports them."""
        with self._call():
            found = self._api.diff(self.id) or []
        return [Change(str(path["Path"]), _CHANGES[int(path["Kind"])]) for path in found]

    def mounted_at(self) -> tuple[str, ...]:
        """As its storage driver says; else by the engine's own store, or that of containerd."""
        with self._call():
            details = self._api.inspect_container(self.id)
        merged = ((details.get("GraphDriver") or {}).get("Data") or {}).get("MergedDir")
        own_id = details["Id"]
        return (str(merged),) if merged else (f"/{own_id}", f"/{own_id}/rootfs")

    def read(self, path: str, most_bytes: int) -> ContainerFile | None:
        """A file of it, with its first bytes."""
        with self._call():
            return read_file(self._api, self.id, path, most_bytes)

    def log_tail(self, lines: int) -> list[str]:
        """The last lines of its output."""
        with self._call():
            data: bytes = self._api.logs(self.id, stdout=True, stderr=True, tail=lines)
        return decoded(data).splitlines()

    def usage(self) -> Mapping[str, int]:
        """One-shot statistics; before API 1.41 they take a second or two."""
        once = {"one_shot": True} if api_version(self._api) >= _ONE_SHOT_API else {}
        with self._call():
            stats: dict[str, Any] = self._api.stats(self.id, stream=False, **once)
        return usage_columns(stats)

    def usages(self) -> Iterator[Mapping[str, int]]:
        """Statistics as they arrive, until it is removed."""
        with self._call():
            for stats in self._api.stats(self.id, stream=True, decode=True):
                yield usage_columns(stats)

    def cgroup(self, mounts: CgroupMounts, parent: str) -> ContainerCgroup:
        """The location chosen by the engine's cgroup driver; only `cgroupfs` honours a parent."""
        if parent:
            return ContainerCgroup(mounts, parent, f"{parent}/{self.id}")
        if self._client.info.cgroup_driver != "systemd":
            group = f"/docker/{self.id}"
            return ContainerCgroup(mounts, group, group)
        return self.scope(mounts, f"/system.slice/docker-{self.id}.scope")

    def scope(self, mounts: CgroupMounts, group: str) -> ContainerCgroup:
        """A systemd scope; crun creates a cgroup below it on v2."""
        has_child = self._client.info.runtime == "crun" and mounts.version is CgroupVersion.V2
        return ContainerCgroup(mounts, group, group + CRUN_CHILD if has_child else group)

"""The Docker Engine, and Podman by its Docker-compatible socket.

Only the SDK's low-level calls are used: the high-level ones pull on their own, swallow errors
in streams and drop the warnings of a create.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Literal

from docker.errors import NotFound

from bench.core.errors import CommandTimeoutError
from bench.core.text import decoded
from bench.runtimes.docker.config import container_config, endpoint
from bench.runtimes.docker.connect import api_version
from bench.runtimes.docker.exec import kill_inside
from bench.runtimes.docker.files import read_file, setup_of
from bench.runtimes.docker.health import health_checks
from bench.runtimes.docker.images import DockerImages
from bench.runtimes.docker.output import FramedOutput, close_raw, drain
from bench.runtimes.protocol import Change, WorkloadState
from bench.runtimes.specs import Created

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.runtimes.specs import ContainerFile, WorkloadSpec


_ONE_SHOT_API = (1, 41)

_CHANGES: tuple[Literal["changed", "added", "deleted"], ...] = ("changed", "added", "deleted")


class DockerRuntime(DockerImages):
    """An engine that speaks the Docker API over one address (`unix://…` or `tcp://…`)."""

    def create(self, spec: WorkloadSpec) -> Created:
        """Create a container from an image that is present."""
        with self._call(spec.name):
            answer = self._api.create_container_from_config(container_config(spec), spec.name)
            for name in list(spec.networks)[1:]:  # older engines take only one when it is made
                self._join(answer["Id"], name, endpoint(spec, name))
        return Created(answer["Id"], tuple(answer.get("Warnings") or ()))

    def _join(self, container_id: str, network: str, how: Mapping[str, Any]) -> None:
        """The SDK's own call knows only some of what the engine takes."""
        url = self._api._url("/networks/{0}/connect", network)  # noqa: SLF001
        body = {"Container": container_id, "EndpointConfig": how}
        self._api._raise_for_status(self._api._post_json(url, data=body))  # noqa: SLF001

    def attach(self, container_id: str) -> FramedOutput:
        """Follow stdout and stderr."""
        with self._call(container_id[:12]):
            raw = self._api.attach_socket(
                container_id, params={"stdout": 1, "stderr": 1, "stream": 1}
            )
            raw._sock.settimeout(None)  # noqa: SLF001 - a silent container is no error
        return FramedOutput(raw)

    def start(self, container_id: str) -> None:
        """Start it."""
        with self._call(container_id[:12]):
            self._api.start(container_id)

    def state(self, container_id: str) -> WorkloadState:
        """Inspect it."""
        with self._call(container_id[:12]):
            details = self._api.inspect_container(container_id)
        state = details["State"]
        networks = details.get("NetworkSettings", {}).get("Networks") or {}
        addresses = [one["IPAddress"] for one in networks.values() if one.get("IPAddress")]
        macs = [one["MacAddress"] for one in networks.values() if one.get("MacAddress")]
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

    def wait(self, container_id: str, timeout_s: float) -> int:
        """Exit code, once it has ended."""
        with self._call(container_id[:12]):
            answer = self._api.wait(container_id, timeout=timeout_s)
        return int(answer["StatusCode"])

    def execute(self, container_id: str, command: tuple[str, ...], timeout_s: float) -> int:
        """Run a command in it; 126 and 127 mean that it could not be run.

        One that has not ended in time is killed where its process can be reached from here.
        """
        with self._call(container_id[:12]):
            exec_id = self._api.exec_create(container_id, list(command))["Id"]
            raw = self._api.exec_start(exec_id, socket=True)
            try:
                drain(raw, timeout_s)
            except TimeoutError as error:
                if self._facts.is_local:  # the API has no call for it
                    pid = int(self._api.exec_inspect(exec_id).get("Pid") or 0)
                    kill_inside(pid, container_id)
                cause = f"a command has not ended within {timeout_s:.3g} s"
                raise CommandTimeoutError(container_id[:12], cause) from error
            finally:
                close_raw(raw)
            code = self._api.exec_inspect(exec_id)["ExitCode"]
        return 1 if code is None else int(code)

    def stop(self, container_id: str, grace_s: int) -> None:
        """SIGTERM (or the image's stop signal), then SIGKILL after `grace_s`."""
        with self._call(container_id[:12]):
            self._api.stop(container_id, timeout=grace_s)

    def changes(self, container_id: str) -> list[Change]:
        """What its own layer holds, as `docker diff` has it."""
        with self._call(container_id[:12]):
            found = self._api.diff(container_id) or []
        return [Change(str(one["Path"]), _CHANGES[int(one["Kind"])]) for one in found]

    def file(self, container_id: str, path: str, most_bytes: int) -> ContainerFile | None:
        """A file of a container, with its first bytes."""
        with self._call(container_id[:12]):
            return read_file(self._api, container_id, path, most_bytes)

    def log_tail(self, container_id: str, lines: int) -> list[str]:
        """The last lines of its output."""
        with self._call(container_id[:12]):
            data: bytes = self._api.logs(container_id, stdout=True, stderr=True, tail=lines)
        return decoded(data).splitlines()

    def usage(self, container_id: str) -> Mapping[str, Any]:
        """One-shot stats, as the engine gives them; before API 1.41 they take a second or two."""
        once = {"one_shot": True} if api_version(self._api) >= _ONE_SHOT_API else {}
        with self._call(container_id[:12]):
            stats: dict[str, Any] = self._api.stats(container_id, stream=False, **once)
        return stats

    def usages(self, container_id: str) -> Iterator[Mapping[str, Any]]:
        """The engine's stats as they come, until the container is removed."""
        with self._call(container_id[:12]):
            yield from self._api.stats(container_id, stream=True, decode=True)

    def remove(self, container_id: str) -> None:
        """Kill and remove it with its anonymous volumes; absent is fine."""
        with self._call(container_id[:12]), contextlib.suppress(NotFound):
            self._api.remove_container(container_id, v=True, force=True)

    def containers(self, label: str) -> list[tuple[str, str]]:
        """(id, label's value) of every container with `label`."""
        with self._call("containers"):
            found = self._api.containers(all=True, filters={"label": label})
        return [(one["Id"], one["Labels"].get(label, "")) for one in found]

    def volumes(self, label: str) -> list[tuple[str, str]]:
        """(name, label's value) of every volume with `label`."""
        with self._call("volumes"):
            found = self._api.volumes(filters={"label": label}).get("Volumes") or []
        return [(one["Name"], (one.get("Labels") or {}).get(label, "")) for one in found]

    def create_volume(
        self, name: str, labels: Mapping[str, str], options: Mapping[str, str] | None = None
    ) -> None:
        """Make a named volume."""
        with self._call(name):
            self._api.create_volume(name, driver_opts=dict(options or {}), labels=dict(labels))

    def remove_volume(self, name: str) -> None:
        """Remove a volume; absent is fine."""
        with self._call(name), contextlib.suppress(NotFound):
            self._api.remove_volume(name, force=True)

    def networks(self, label: str) -> list[tuple[str, str]]:
        """(name, label's value) of every network with `label`."""
        with self._call("networks"):
            found = self._api.networks(filters={"label": label})
        return [(one["Name"], (one.get("Labels") or {}).get(label, "")) for one in found]

    def create_network(
        self,
        name: str,
        labels: Mapping[str, str],
        *,
        internal: bool,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Make a bridge network."""
        given = options or {}
        with self._call(name):
            self._api.create_network(
                name,
                driver="bridge",
                options=given.get("Options"),
                ipam=given.get("IPAM"),
                enable_ipv6=bool(given.get("EnableIPv6")),
                labels=dict(labels),
                internal=internal,
                check_duplicate=True,
            )

    def remove_network(self, name: str) -> None:
        """Remove a network; absent is fine."""
        with self._call(name), contextlib.suppress(NotFound):
            self._api.remove_network(name)

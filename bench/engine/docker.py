"""The Docker Engine, and Podman by its Docker-compatible socket; the only importer of `docker`.

Only the SDK's low-level calls are used: the high-level ones pull on their own, swallow errors
in streams and drop the warnings of a create.
"""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
import requests
import urllib3
from docker.errors import APIError, DockerException, ImageNotFound, NotFound

from bench.engine.docker_config import container_config
from bench.engine.protocol import (
    ContainerSpec,
    ContainerState,
    Created,
    Engine,
    EngineFacts,
    OutputChunk,
)
from bench.errors import (
    BuildError,
    EngineError,
    EngineRefusedError,
    EngineTimeoutError,
    EngineUnavailableError,
    PullError,
)

MINIMUM_API = (1, 40)
"""Docker 19.03; older engines lack what the measurements stand on."""

_CALL_TIMEOUT_S = 120.0
_STREAM_HEADER = struct.Struct(">BxxxL")


@contextmanager
def _translated(subject: str, address: str) -> Iterator[None]:
    """Turn the SDK's several trees of errors into the one of bench."""
    try:
        yield
    except APIError as error:
        status = error.response.status_code if error.response is not None else 0
        explanation = str(error.explanation or error).strip()
        raise EngineRefusedError(
            subject, f"the engine refused: {explanation}", status=status
        ) from error
    except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError, TimeoutError) as error:
        raise EngineTimeoutError(subject, "the engine did not answer in time") from error
    except (
        DockerException,
        requests.exceptions.RequestException,
        urllib3.exceptions.HTTPError,
        OSError,
    ) as error:
        if "timed out" in str(error):
            raise EngineTimeoutError(subject, "the engine did not answer in time") from error
        raise EngineUnavailableError(
            subject,
            f"the engine at {address} does not answer",
            "look at its log; `bench engine status` shows the private one",
        ) from error


class _Output:
    """The frames of an attached container's output."""

    def __init__(self, raw: Any, subject: str) -> None:
        self._raw = raw
        self._subject = subject

    def __iter__(self) -> Iterator[OutputChunk]:
        while True:
            header = self._read(_STREAM_HEADER.size)
            if len(header) < _STREAM_HEADER.size:
                return
            stream, length = _STREAM_HEADER.unpack(header)
            data = self._read(length)
            yield OutputChunk(stream, data)
            if len(data) < length:
                return

    def _read(self, length: int) -> bytes:
        buffer = bytearray()
        while len(buffer) < length:
            try:
                piece = self._raw.read(length - len(buffer))
            except (OSError, ValueError):  # the connection, or our own end of it, was closed
                break
            if not piece:
                break
            buffer += piece
        return bytes(buffer)

    def close(self) -> None:
        """Shut the socket down, which ends a read in another thread."""
        import socket

        try:
            self._raw._sock.shutdown(socket.SHUT_RDWR)  # noqa: SLF001 - SocketIO offers no other way
        except (OSError, AttributeError):
            pass  # already at its end
        self._raw.close()


class DockerEngine:
    """An engine that speaks the Docker API over one address (`unix://…` or `tcp://…`)."""

    def __init__(self, address: str) -> None:
        """Connect to `address`.

        Raises:
            EngineUnavailableError: no socket, no permission, nobody listening, API too old.
        """
        self._address = address
        self._api = _connect(address)
        self._facts = _read_facts(self._api, address)

    @property
    def facts(self) -> EngineFacts:
        """Which engine this is."""
        return self._facts

    def _call(self, subject: str) -> Any:
        return _translated(subject, self._address)

    def pull(self, reference: str) -> Iterator[Mapping[str, Any]]:
        """The lines of the pull stream; an error line raises PullError."""
        repository, separator, tag = _split_reference(reference)
        with self._call(reference):
            lines = self._api.pull(
                repository, tag=tag if separator else None, stream=True, decode=True
            )
            for line in lines:
                if "error" in line or "errorDetail" in line:
                    raise PullError(reference, f"the pull failed: {_stream_error(line)}")
                yield line

    def create(self, spec: ContainerSpec) -> Created:
        """Create a container from an image that is present."""
        with self._call(spec.name):
            answer = self._api.create_container_from_config(container_config(spec), spec.name)
        return Created(answer["Id"], tuple(answer.get("Warnings") or ()))

    def attach(self, container_id: str) -> _Output:
        """Follow stdout and stderr."""
        with self._call(container_id[:12]):
            raw = self._api.attach_socket(
                container_id, params={"stdout": 1, "stderr": 1, "stream": 1}
            )
            raw._sock.settimeout(None)  # noqa: SLF001 - a silent container is no error
        return _Output(raw, container_id)

    def start(self, container_id: str) -> None:
        """Start it."""
        with self._call(container_id[:12]):
            self._api.start(container_id)

    def state(self, container_id: str) -> ContainerState:
        """Inspect it."""
        with self._call(container_id[:12]):
            details = self._api.inspect_container(container_id)
        state = details["State"]
        networks = details.get("NetworkSettings", {}).get("Networks") or {}
        addresses = [one["IPAddress"] for one in networks.values() if one.get("IPAddress")]
        if details.get("HostConfig", {}).get("NetworkMode") == "host":
            addresses = ["127.0.0.1"]
        health = (state.get("Health") or state.get("Healthcheck") or {}).get("Status", "")
        return ContainerState(
            running=bool(state.get("Running")),
            pid=int(state.get("Pid") or 0),
            address=addresses[0] if addresses else "",
            exit_code=int(state.get("ExitCode") or 0),
            oom_killed=bool(state.get("OOMKilled")),
            health=health,
            error=str(state.get("Error") or ""),
        )

    def wait(self, container_id: str, timeout_s: float) -> int:
        """Exit code, once it has ended."""
        with self._call(container_id[:12]):
            answer = self._api.wait(container_id, timeout=timeout_s)
        return int(answer["StatusCode"])

    def execute(self, container_id: str, command: tuple[str, ...], timeout_s: float) -> int:
        """Run a command in it; 126 and 127 mean that it could not be run."""
        with self._call(container_id[:12]):
            exec_id = self._api.exec_create(container_id, list(command))["Id"]
            raw = self._api.exec_start(exec_id, socket=True)
            raw._sock.settimeout(timeout_s)  # noqa: SLF001 - the SDK turns time-outs off here
            try:
                while raw.read(65536):
                    pass
            finally:
                raw.close()
            code = self._api.exec_inspect(exec_id)["ExitCode"]
        return 1 if code is None else int(code)

    def stop(self, container_id: str, grace_s: float) -> None:
        """SIGTERM (or the image's stop signal), then SIGKILL after `grace_s`."""
        with self._call(container_id[:12]):
            url = self._api._url("/containers/{0}/stop", container_id)  # noqa: SLF001 - stop() has no time-out of its own
            response = self._api.post(
                url, params={"t": max(0, round(grace_s))}, timeout=grace_s + _CALL_TIMEOUT_S
            )
            self._api._raise_for_status(response)  # noqa: SLF001

    def log_tail(self, container_id: str, lines: int) -> list[str]:
        """The last lines of its output."""
        with self._call(container_id[:12]):
            data = self._api.logs(container_id, stdout=True, stderr=True, tail=lines)
        return data.decode(errors="replace").splitlines()

    def usage(self, container_id: str) -> Mapping[str, Any]:
        """One-shot stats, as the engine gives them."""
        with self._call(container_id[:12]):
            return self._api.stats(container_id, stream=False, one_shot=True)  # type: ignore[no-any-return]

    def remove(self, container_id: str) -> None:
        """Kill and remove it with its anonymous volumes; absent is fine."""
        with self._call(container_id[:12]):
            try:
                self._api.remove_container(container_id, v=True, force=True)
            except NotFound:
                return

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

    def create_volume(self, name: str, labels: Mapping[str, str]) -> None:
        """Make a named volume."""
        with self._call(name):
            self._api.create_volume(name, labels=dict(labels))

    def remove_volume(self, name: str) -> None:
        """Remove a volume; absent is fine."""
        with self._call(name):
            try:
                self._api.remove_volume(name, force=True)
            except NotFound:
                return

    def has_image(self, reference: str) -> bool:
        """Whether it is in the store."""
        with self._call(reference):
            try:
                self._api.inspect_image(reference)
            except ImageNotFound:
                return False
        return True

    def image_details(self, reference: str) -> Mapping[str, Any]:
        """The engine's inspection of an image."""
        with self._call(reference):
            return self._api.inspect_image(reference)  # type: ignore[no-any-return]

    def image_references(self, label: str) -> list[tuple[str, str]]:
        """(tag, digest reference or id, label's value) of every image with `label`."""
        with self._call("images"):
            found = self._api.images(filters={"label": label})
        names = []
        for one in found:
            value = (one.get("Labels") or {}).get(label, "")
            tags = [tag for tag in one.get("RepoTags") or [] if not tag.startswith("<none>")]
            names += [(name, value) for name in tags or [one["Id"]]]
        return names

    def remove_image(self, reference: str) -> None:
        """Remove an image; absent is fine."""
        with self._call(reference):
            try:
                self._api.remove_image(reference, force=True)
            except ImageNotFound:
                return

    def image_ids(self) -> list[str]:
        """Ids of all images in the store."""
        with self._call("images"):
            return [one["Id"] for one in self._api.images(all=True)]

    def build(
        self,
        context: Path,
        dockerfile: str,
        tag: str,
        args: Mapping[str, str],
        target: str | None,
        labels: Mapping[str, str],
    ) -> Iterator[str]:
        """Build with the engine's classic builder, yielding its output."""
        with self._call(tag):
            lines = self._api.build(
                path=str(context),
                dockerfile=dockerfile,
                tag=tag,
                buildargs=dict(args),
                target=target or "",
                labels=dict(labels),
                rm=True,
                forcerm=True,
                decode=True,
            )
            tail: list[str] = []
            for line in lines:
                if "error" in line or "errorDetail" in line:
                    shown = "\n    ".join(tail[-8:])
                    raise BuildError(
                        f"{context / dockerfile}",
                        f"the build failed: {_stream_error(line)}\n    {shown}".rstrip(),
                        "run the same step by hand, or look at the lines above",
                    )
                text = str(line.get("stream") or line.get("status") or "").rstrip("\n")
                if text:
                    tail = [*tail[-40:], text]
                    yield text

    def tag(self, reference: str, new_reference: str) -> None:
        """Give an image another name."""
        repository, _, tag = _split_reference(new_reference)
        with self._call(reference):
            self._api.tag(reference, repository, tag=tag, force=True)

    def push(self, reference: str) -> str:
        """Push, and return the digest that the registry knows it by."""
        repository, _, tag = _split_reference(reference)
        digest = ""
        with self._call(reference):
            for line in self._api.push(repository, tag=tag, stream=True, decode=True):
                if "error" in line or "errorDetail" in line:
                    raise EngineError(reference, f"the push failed: {_stream_error(line)}")
                aux = line.get("aux") or {}
                digest = aux.get("Digest") or digest
        if not digest:
            raise EngineError(reference, "the push ended without a digest")
        return digest

    def import_rootfs(self, tar: Path, tag: str, changes: tuple[str, ...]) -> None:
        """Make a one-layer image of a root file system."""
        repository, _, name = _split_reference(tag)
        with self._call(tag), tar.open("rb") as data:
            answer = self._api.import_image_from_data(
                data,  # type: ignore[arg-type]
                repository=repository,
                tag=name,
                changes=list(changes),
            )
        for line in str(answer).splitlines():
            if '"error"' in line:
                raise EngineError(tag, f"the import failed: {_stream_error(json.loads(line))}")

    def transfer_image(self, reference: str, target: Engine) -> None:
        """Copy an image into another engine's store."""
        with self._call(reference):
            target.load_image(self._api.get_image(reference))

    def load_image(self, chunks: Iterator[bytes]) -> None:
        """Take in an image archive."""
        with self._call("image archive"):
            for line in self._api.load_image(chunks):
                if "error" in line:
                    raise EngineError("image archive", f"cannot be loaded: {_stream_error(line)}")

    def close(self) -> None:
        """Close the connection pool."""
        self._api.close()


def _split_reference(reference: str) -> tuple[str, str, str]:
    """Repository, separator and tag or digest of a reference."""
    if "@" in reference:
        return reference.partition("@")
    head, separator, tag = reference.rpartition(":")
    if separator and "/" not in tag:
        return head, separator, tag
    return reference, ":", "latest"


def _stream_error(line: Mapping[str, Any]) -> str:
    detail = line.get("errorDetail") or {}
    return str(detail.get("message") or line.get("error") or line).strip()


def _connect(address: str) -> docker.APIClient:
    try:
        api = docker.APIClient(base_url=address, version="auto", timeout=_CALL_TIMEOUT_S)
    except (DockerException, requests.exceptions.RequestException, ValueError) as error:
        raise _unreachable(address, error) from error
    if tuple(int(part) for part in api._version.split(".")) < MINIMUM_API:  # noqa: SLF001
        raise EngineUnavailableError(
            address,
            f"its API {api._version} is too old",  # noqa: SLF001
            f"bench needs API {'.'.join(map(str, MINIMUM_API))} (Docker 19.03) or newer",
        )
    return api


def _unreachable(address: str, error: Exception) -> EngineUnavailableError:
    """Say why nobody answers, which the SDK hides in nested exceptions."""
    texts = " ".join(str(one) for one in _causes(error))
    if "No such file" in texts or "FileNotFoundError" in texts:
        cause = "there is no socket at this address"
        remedy = "start the engine, or let bench start its own with `bench engine up`"
    elif "Permission denied" in texts or "PermissionError" in texts:
        cause = "the socket may not be opened by this user"
        remedy = "add the user to the socket's group (docker), or run bench as root"
    elif "refused" in texts:
        cause = "nobody listens there"
        remedy = "start the engine; check DOCKER_HOST and --engine"
    elif "too old" in texts or "minimum supported API" in texts:
        cause = "engine and SDK have no API version in common"
        remedy = "update the engine or the docker package"
    else:
        cause = f"cannot be used as an engine: {texts.splitlines()[0][:160]}"
        remedy = "an address looks like unix:///run/docker.sock or tcp://host:2376"
    return EngineUnavailableError(address, cause, remedy)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        yield from (one for one in error.args if isinstance(one, BaseException))
        error = error.__cause__ or error.__context__


def _read_facts(api: docker.APIClient, address: str) -> EngineFacts:
    with _translated(address, address):
        info, version = api.info(), api.version()
    components = [one.get("Name", "") for one in version.get("Components") or []]
    status = dict(pair for pair in info.get("DriverStatus") or [] if len(pair) == 2)
    snapshotter = "containerd" in str(status.get("driver-type", ""))
    return EngineFacts(
        kind="podman" if any("Podman" in name for name in components) else "docker",
        version=str(version.get("Version", "")),
        api_version=api._version,  # noqa: SLF001
        engine_id=str(info.get("ID", "")),
        address=address,
        storage_driver=str(info.get("Driver", "")),
        image_store="containerd" if snapshotter else "graphdriver",
        cgroup_driver=str(info.get("CgroupDriver", "")),
        cgroup_version=str(info.get("CgroupVersion") or "1"),
        runtime=str(info.get("DefaultRuntime", "")),
        kernel=str(info.get("KernelVersion", "")),
        cpus=int(info.get("NCPU") or 0),
        memory_bytes=int(info.get("MemTotal") or 0),
        is_local=address.startswith("unix://") and _same_kernel(info),
        decoder=_decoder(),
        security=tuple(info.get("SecurityOptions") or ()),
    )


def _same_kernel(info: Mapping[str, Any]) -> bool:
    """Whether the engine runs under this kernel; a socket can lead into a virtual machine."""
    import os

    return str(info.get("KernelVersion", "")) == os.uname().release


def _decoder() -> str:
    """What a graph-driver engine on this host decompresses layers with."""
    for program in ("unpigz", "igzip"):
        if shutil.which(program):
            return program
    return "built-in gzip"


Connect = Callable[[str], Engine]
"""What opens an engine at an address; tests pass their own."""

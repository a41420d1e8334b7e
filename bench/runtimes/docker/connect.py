"""Connecting to a Docker Engine: the connection, the engine's properties, and the SDK's errors.

Only this package imports `docker`.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import docker
import requests
import urllib3
from docker.auth import encode_header
from docker.errors import APIError, DockerException, StreamParseError

from bench.core.errors import (
    EngineError,
    EngineRefusedError,
    EngineTimeoutError,
    EngineUnavailableError,
)
from bench.runtimes.docker.refusals import workload_fault
from bench.runtimes.protocol import RuntimeInfo

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.runtimes.credential import RegistryLogin

MINIMUM_API = (1, 40)
"""Docker 19.03; older engines lack features that the measurements require."""

CALL_TIMEOUT_S = 120
_BUILD_CREDENTIALS = "X-Registry-Config"

PULL_SILENCE_S = 120.0
"""How long a pull may say nothing. Downloads and extractions tell of every hundredth part, or of
every 512 KiB where that is less; on a connection that is cut without a word, the engine alone
would wait for some minutes, and try again after that.
"""

_PODMAN_NETWORK = "/v4.0.0/libpod/networks/podman/json"

_TIMEOUTS = (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)
_BROKEN = (
    requests.exceptions.RequestException,
    urllib3.exceptions.HTTPError,
    ConnectionError,
    StreamParseError,  # a stream that ended in the middle of a line
)


@contextmanager
def translated(subject: str, address: str) -> Iterator[None]:
    """Translate the SDK's several error hierarchies into bench's."""
    try:
        yield
    except APIError as error:
        status = error.response.status_code if error.response is not None else 0
        explanation = str(error.explanation or error).strip()
        raise EngineRefusedError(
            subject,
            f"the engine refused: {explanation}",
            status=status,
            fault=workload_fault(explanation),
        ) from error
    except _TIMEOUTS as error:
        raise EngineTimeoutError(subject, "the engine did not answer in time") from error
    except _BROKEN as error:
        if "timed out" in str(error):
            raise EngineTimeoutError(subject, "the engine did not answer in time") from error
        raise EngineUnavailableError(
            subject,
            f"the engine at {address} does not answer",
            "look at its log; `bench engine status` shows the private one",
        ) from error
    except (DockerException, OSError) as error:  # a fault on this side: the SDK, or a file
        raise EngineError(subject, f"the engine cannot be asked: {error}") from error


class _Client(docker.APIClient):
    """The SDK's client, with a time-out for pulls, which it would wait for without end.

    It also passes the credentials of bench's registry to builds.
    """

    registry_login: RegistryLogin | None = None

    def _post(self, url: str, **options: Any) -> Any:
        if url.endswith("/images/create") and options.get("stream"):
            options["timeout"] = PULL_SILENCE_S
        return super()._post(url, **options)  # type: ignore[misc]  # not in its stubs

    def _set_auth_headers(self, headers: dict[str, Any]) -> None:
        super()._set_auth_headers(headers)  # type: ignore[misc]  # not in its stubs
        own = own_credentials(self.registry_login)
        if own:
            given = headers.get(_BUILD_CREDENTIALS)
            known = json.loads(base64.urlsafe_b64decode(given)) if given else {}
            headers[_BUILD_CREDENTIALS] = encode_header(known | own)


def own_credentials(login: RegistryLogin | None) -> dict[str, dict[str, str]]:
    """The credentials of bench's registry, by address and in the form that an engine takes."""
    found = {address: login.to(address) for address in sorted(login.addresses)} if login else {}
    return {
        address: {
            "username": credential.user,
            "password": credential.secret,
            "serveraddress": address,
        }
        for address, credential in found.items()
        if credential is not None
    }


def connect(address: str, login: RegistryLogin | None = None) -> Any:
    """The SDK's low-level client; untyped, since its stubs are incomplete.

    Raises:
        EngineUnavailableError: no socket, no permission, no listener, or the API is too old.
    """
    try:
        api = _Client(base_url=address, version="auto", timeout=CALL_TIMEOUT_S)
    except (DockerException, requests.exceptions.RequestException, ValueError) as error:
        raise unreachable(address, error) from error
    api.registry_login = login
    if api_version(api) < MINIMUM_API:
        api.close()
        raise EngineUnavailableError(
            address,
            f"its API {api.api_version} is too old",
            f"bench needs API {'.'.join(map(str, MINIMUM_API))} (Docker 19.03) or newer",
        )
    return api


def api_version(api: Any) -> tuple[int, ...]:
    """The API version negotiated between engine and SDK."""
    return tuple(int(part) for part in api.api_version.split("."))


def unreachable(address: str, error: Exception) -> EngineUnavailableError:
    """Why the engine does not answer, which the SDK hides in nested exceptions."""
    texts = " ".join(str(cause) for cause in _causes(error))
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
        words = (texts.strip() or type(error).__name__).splitlines()[0]
        cause = f"cannot be used as an engine: {words[:160]}"
        remedy = "an address looks like unix:///run/docker.sock or tcp://host:2376"
    return EngineUnavailableError(address, cause, remedy)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        yield from (argument for argument in error.args if isinstance(argument, BaseException))
        error = error.__cause__ or error.__context__


def read_info(api: Any, address: str) -> RuntimeInfo:
    """Read the engine's properties."""
    with translated(address, address):
        info, version = api.info(), api.version()
    components = [component.get("Name", "") for component in version.get("Components") or []]
    status = dict(pair for pair in info.get("DriverStatus") or [] if len(pair) == 2)
    snapshotter = "containerd" in str(status.get("driver-type", ""))
    is_podman = any("Podman" in name for name in components)
    return RuntimeInfo(
        kind="podman" if is_podman else "docker",
        version=str(version.get("Version", "")),
        api_version=api.api_version,
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
        bridge=_podman_bridge(api, address) if is_podman else _bridge(api, address),
        architecture=str(version.get("Arch", "")),
        runtimes=tuple(sorted(info.get("Runtimes") or ())),
        data_folder=str(info.get("DockerRootDir") or ""),
    )


def _bridge(api: Any, address: str) -> str:
    """The device of the default network; empty if the engine does not report it."""
    try:
        with translated(address, address):
            options = api.inspect_network("bridge").get("Options") or {}
    except EngineError:
        return ""
    return str(options.get("com.docker.network.bridge.name", ""))


def _podman_bridge(api: Any, address: str) -> str:
    """The same for Podman, which reports it only in its own API."""
    try:
        with translated(address, address):
            answer = api.get(f"{api.base_url}{_PODMAN_NETWORK}", timeout=CALL_TIMEOUT_S)
            answer.raise_for_status()
            return str(answer.json()["network_interface"])
    except (EngineError, KeyError):
        return ""


def _same_kernel(info: Mapping[str, Any]) -> bool:
    """Whether the engine runs under this kernel; a socket can lead into a virtual machine."""
    return str(info.get("KernelVersion", "")) == os.uname().release


def _decoder() -> str:
    """The program that a graph-driver engine on this host decompresses layers with."""
    for program in ("unpigz", "igzip"):
        if shutil.which(program):
            return program
    return "built-in gzip"

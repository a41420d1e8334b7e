"""A container's command and single files of it, read through the Docker API.

A file arrives as the archive that the engine makes of it (`GET /containers/ID/archive`), of which
only as much is read as needed.
"""

from __future__ import annotations

import base64
import io
import json
import tarfile
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal

from bench.core.errors import EngineError
from bench.runtimes.specs import ContainerFile, ContainerSetup

if TYPE_CHECKING:
    from collections.abc import Mapping

_STAT = "X-Docker-Container-Path-Stat"
_HEADERS = 8 * tarfile.BLOCKSIZE
"""Bytes that may precede a file in an archive: its own header, and others for long names."""

_TIMEOUT_S = 30


def setup_of(details: Mapping[str, Any]) -> ContainerSetup | None:
    """A container's command and user, from the engine's inspection; None if it lacks them."""
    config = details.get("Config") or {}
    host = details.get("HostConfig") or {}
    environment = dict(variable.partition("=")[::2] for variable in config.get("Env") or [])
    if "Path" not in details:
        return None
    return ContainerSetup(
        command=(str(details["Path"]), *map(str, details.get("Args") or [])),
        arguments=tuple(map(str, config.get("Cmd") or [])),
        user=str(config.get("User") or ""),
        groups=tuple(map(str, host.get("GroupAdd") or [])),
        working_dir=str(config.get("WorkingDir") or ""),
        search_path=environment.get("PATH"),
        has_init=bool(host.get("Init")),
    )


def read_file(api: Any, container_id: str, path: str, most_bytes: int) -> ContainerFile | None:
    """A file of a container with its first bytes; None if there is none.

    Args:
        api: the SDK's client.
        container_id: running or not.
        path: absolute; symbolic links are followed.
        most_bytes: largest number of bytes to read.

    Raises:
        APIError: the engine refuses.
        EngineError: its answer is not an archive.
    """
    found = _entry(api, container_id, path, most_bytes)
    if found is None:
        return None
    target, entry, head = found
    if entry.issym():  # the engine gives the link itself, and says where it leads in the end
        found = _entry(api, container_id, target, most_bytes) if target else None
        if found is None or found[1].issym():
            return None
        _, entry, head = found
        path = target
    kind: Literal["file", "folder", "other"] = "other"
    if entry.isreg() or entry.islnk():
        kind = "file"
    elif entry.isdir():
        kind = "folder"
    return ContainerFile(path, kind, entry.mode & 0o7777, entry.uid, entry.gid, head)


def _entry(
    api: Any, container_id: str, path: str, most_bytes: int
) -> tuple[str, tarfile.TarInfo, bytes] | None:
    """The target of a link (else empty), the first entry of the archive, and its first bytes."""
    url = f"{api.base_url}/v{api.api_version}/containers/{container_id}/archive"
    plain = {"Accept-Encoding": "identity"}
    with api.get(
        url, params={"path": path}, headers=plain, stream=True, timeout=_TIMEOUT_S
    ) as answer:
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        api._raise_for_status(answer)  # noqa: SLF001 - what turns an answer into the SDK's errors
        stat = json.loads(base64.b64decode(answer.headers.get(_STAT) or "e30="))
        data = _read(answer.raw, most_bytes + _HEADERS)
    try:
        archive = tarfile.open(fileobj=io.BytesIO(data), mode="r:")  # noqa: SIM115 - in memory
        entry = archive.next()
    except tarfile.TarError as error:
        raise EngineError(path, f"the engine's archive cannot be read: {error}") from error
    if entry is None:
        return None
    head = data[entry.offset_data : entry.offset_data + min(entry.size, most_bytes)]
    return str(stat.get("linkTarget") or ""), entry, head if entry.isreg() else b""


def _read(stream: Any, length: int) -> bytes:
    pieces = bytearray()
    while len(pieces) < length:
        piece = stream.read(length - len(pieces))
        if not piece:
            break
        pieces += piece
    return bytes(pieces)

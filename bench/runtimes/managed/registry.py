"""A client of a registry: manifests, configurations, layers (OCI distribution API)."""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import requests
import urllib3

from bench.core.errors import NotInRegistryError, RegistryError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bench.runtimes.credential import RegistryLogin

_MANIFEST_TYPES = (
    "application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.index.v1+json"
)
_TIMEOUT_S = 30.0
_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


@dataclass(frozen=True)
class Blob:
    """A blob by its digest, with its compressed size in bytes."""

    digest: str
    size_bytes: int
    media_type: str


@dataclass(frozen=True)
class Manifest:
    """An image's manifest: its own digest, its configuration and its layers, base first."""

    digest: str
    config: Blob
    layers: tuple[Blob, ...]

    @property
    def transfer_bytes(self) -> int:
        """Compressed bytes of the distinct layers and the configuration."""
        distinct = {layer.digest: layer.size_bytes for layer in self.layers}
        return sum(distinct.values()) + self.config.size_bytes


class Registry:
    """A registry at `address` (host:port): by plain HTTP on this host, by HTTPS elsewhere."""

    def __init__(
        self, address: str, login: RegistryLogin | None = None, *, is_remote: bool = False
    ) -> None:
        """No request is sent yet.

        Args:
            address: host:port.
            login: credential of bench's own registry; None if none is required.
            is_remote: whether it stands on another host; it is asked without a credential.
        """
        self.address = address
        self._login = login
        self._is_remote = is_remote
        self._root = f"{'https' if is_remote else 'http'}://{address}/v2"
        self._session = requests.Session()
        self._session.trust_env = is_remote  # no proxy leads to one on this host

    def manifest(self, repository: str, reference: str, architecture: str = "") -> Manifest:
        """The manifest behind a tag or digest; of an index, the one for `architecture`.

        Raises:
            RegistryError: it does not exist, or the registry does not answer.
        """
        answer = self._get(f"{repository}/manifests/{reference}", accept=_MANIFEST_TYPES)
        try:
            document = answer.json()
            if "manifests" not in document:
                return Manifest(
                    digest=answer.headers["Docker-Content-Digest"],
                    config=_blob(document["config"]),
                    layers=tuple(_blob(layer) for layer in document["layers"]),
                )
            digest = _entry_for(architecture, document["manifests"])
        except (ValueError, KeyError, TypeError) as error:
            raise RegistryError(
                f"{self.address}/{repository}:{reference}", "is not a manifest that bench can read"
            ) from error
        if digest is None:
            raise RegistryError(repository, f"has no image for linux/{architecture}")
        return self.manifest(repository, digest)

    def config(self, repository: str, manifest: Manifest) -> dict[str, Any]:
        """The image's configuration document."""
        answer = self._get(f"{repository}/blobs/{manifest.config.digest}")
        try:
            document: dict[str, Any] = json.loads(answer.content)
        except ValueError as error:
            raise RegistryError(
                f"{self.address}/{repository}", "its configuration is no JSON document"
            ) from error
        return document

    @contextmanager
    def blob(self, repository: str, digest: str) -> Iterator[IO[bytes]]:
        """A blob's bytes as they arrive, still compressed.

        Raises:
            RegistryError: it does not exist, or the transfer is aborted.
        """
        answer = self._get(f"{repository}/blobs/{digest}", stream=True)
        try:
            yield answer.raw  # type: ignore[misc]  # urllib3's response reads as a file does
        except urllib3.exceptions.HTTPError as error:
            raise RegistryError(f"{self.address}/{repository}@{digest}", "broke off") from error
        finally:
            answer.close()

    def push_image(
        self, repository: str, tag: str, config: Mapping[str, Any], layers: Sequence[Blob]
    ) -> str:
        """Create an image from `layers`, which the repository has, and return its digest.

        Raises:
            RegistryError: the registry refuses it.
        """
        data = json.dumps(config, sort_keys=True).encode()
        config_blob = Blob(f"sha256:{hashlib.sha256(data).hexdigest()}", len(data), _CONFIG)
        upload = self._send("POST", f"{self._root}/{repository}/blobs/uploads/", 202)
        place = upload.headers["Location"]
        place += f"{'&' if '?' in place else '?'}digest={config_blob.digest}"
        self._send("PUT", place, 201, data, "application/octet-stream")
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": _entry(config_blob),
            "layers": [_entry(layer) for layer in layers],
        }
        body = json.dumps(manifest, sort_keys=True).encode()
        self._send("PUT", f"{self._root}/{repository}/manifests/{tag}", 201, body, _MANIFEST)
        return f"sha256:{hashlib.sha256(body).hexdigest()}"

    def _send(
        self, method: str, url: str, expected: int, body: bytes = b"", content_type: str = ""
    ) -> requests.Response:
        headers = {"Content-Type": content_type} if content_type else {}
        try:
            answer = self._session.request(
                method, url, data=body, headers=headers, auth=self._auth(), timeout=_TIMEOUT_S
            )
        except requests.RequestException as error:
            raise self._no_answer() from error
        if answer.status_code != expected:
            raise RegistryError(url, f"the registry answered {answer.status_code} to {method}")
        return answer

    def _auth(self) -> tuple[str, str] | None:
        found = self._login.to(self.address) if self._login else None
        return (found.user, found.secret) if found else None

    def _no_answer(self) -> RegistryError:
        remedy = f"check its address; it is asked by {'HTTPS' if self._is_remote else 'HTTP'}"
        if self._login is not None and self.address in self._login.addresses:
            remedy = "`bench engine up` starts it again"
        return RegistryError(self.address, "the registry does not answer", remedy)

    def _get(self, path: str, accept: str = "*/*", *, stream: bool = False) -> requests.Response:
        url = f"{self._root}/{path}"
        headers = {"Accept": accept, "Accept-Encoding": "identity"}
        try:
            answer = self._session.get(
                url, headers=headers, auth=self._auth(), timeout=_TIMEOUT_S, stream=stream
            )
        except requests.RequestException as error:
            raise self._no_answer() from error
        if answer.status_code != 200:
            answer.close()
            if answer.status_code == 404:
                raise NotInRegistryError(f"{self.address}/{path}", "the registry answered 404")
            wants_login = self._is_remote and answer.status_code in (401, 403)
            raise RegistryError(
                f"{self.address}/{path}",
                f"the registry answered {answer.status_code}",
                "pull it into an engine that is logged in there" if wants_login else "",
            )
        return answer

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


def _entry_for(architecture: str, entries: list[dict[str, Any]]) -> str | None:
    """The digest of an index's entry for Linux on `architecture`."""
    for entry in entries:
        platform = entry.get("platform", {})
        if platform.get("architecture") == architecture and platform.get("os") == "linux":
            return str(entry["digest"])
    return None


def _entry(blob: Blob) -> dict[str, Any]:
    media_type = blob.media_type or _LAYER
    return {"mediaType": media_type, "size": blob.size_bytes, "digest": blob.digest}


def _blob(entry: dict[str, Any]) -> Blob:
    return Blob(entry["digest"], int(entry["size"]), entry.get("mediaType", ""))

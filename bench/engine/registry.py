"""What bench reads from a registry: manifests, configurations and layers (OCI distribution API)."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import requests
import urllib3

from bench.errors import RegistryError

if TYPE_CHECKING:
    from collections.abc import Iterator

_MANIFEST_TYPES = (
    "application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.index.v1+json"
)
_TIMEOUT_S = 30.0


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
    """A registry that is reached without credentials, by plain HTTP on `address` (host:port)."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._session = requests.Session()
        self._session.trust_env = False  # it stands on this host: no proxy leads there

    def manifest(self, repository: str, reference: str, architecture: str = "") -> Manifest:
        """The manifest behind a tag or digest; of an index, the one for `architecture`.

        Raises:
            RegistryError: it is not there, or nobody answers.
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

    def has(self, repository: str, reference: str) -> bool:
        """Whether the registry has this tag or digest."""
        try:
            self._get(f"{repository}/manifests/{reference}", accept=_MANIFEST_TYPES)
        except RegistryError:
            return False
        return True

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
        """A blob's bytes as they come, still compressed.

        Raises:
            RegistryError: it is not there, or breaks off while it is read.
        """
        answer = self._get(f"{repository}/blobs/{digest}", stream=True)
        try:
            yield answer.raw  # type: ignore[misc]  # urllib3's response reads as a file does
        except urllib3.exceptions.HTTPError as error:
            raise RegistryError(f"{self.address}/{repository}@{digest}", "broke off") from error
        finally:
            answer.close()

    def _get(self, path: str, accept: str = "*/*", *, stream: bool = False) -> requests.Response:
        url = f"http://{self.address}/v2/{path}"
        headers = {"Accept": accept, "Accept-Encoding": "identity"}
        try:
            answer = self._session.get(url, headers=headers, timeout=_TIMEOUT_S, stream=stream)
        except requests.RequestException as error:
            raise RegistryError(
                self.address,
                "the registry does not answer",
                "`bench engine up` starts it again",
            ) from error
        if answer.status_code != 200:
            raise RegistryError(
                f"{self.address}/{path}", f"the registry answered {answer.status_code}"
            )
        return answer

    def close(self) -> None:
        """Let go of connections."""
        self._session.close()


def _entry_for(architecture: str, entries: list[dict[str, Any]]) -> str | None:
    """The digest of the entry of an index that is for Linux on `architecture`."""
    for entry in entries:
        platform = entry.get("platform", {})
        if platform.get("architecture") == architecture and platform.get("os") == "linux":
            return str(entry["digest"])
    return None


def _blob(entry: dict[str, Any]) -> Blob:
    return Blob(entry["digest"], int(entry["size"]), entry.get("mediaType", ""))

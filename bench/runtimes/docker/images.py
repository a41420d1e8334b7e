"""The image store of an engine that speaks the Docker API."""

from __future__ import annotations

import contextlib
import json
import re
from typing import TYPE_CHECKING, Any

from docker.errors import NotFound

from bench.core.errors import EngineError, PullError
from bench.core.image_reference import split_reference
from bench.runtimes.docker.pull_lines import pull_line
from bench.runtimes.images import ImageInfo

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bench.runtimes.docker.client import DockerClient
    from bench.runtimes.images import PullLine

_PUSHED = re.compile(r": digest: (sha256:[0-9a-f]{64})\b")


class DockerImages:
    """The images of one engine."""

    def __init__(self, client: DockerClient) -> None:
        self._client = client
        self._api = client.api

    def pull(self, reference: str) -> Iterator[PullLine]:
        """The lines of the pull stream; an error line raises PullError."""
        repository, tag = split_reference(reference)
        with self._client.call(reference):
            credential = self._client.credential(repository)
            for line in self._api.pull(
                repository, tag=tag, stream=True, decode=True, auth_config=credential
            ):
                if "error" in line or "errorDetail" in line:
                    raise PullError(reference, f"the pull failed: {_stream_error(line)}")
                yield pull_line(line)

    def has(self, reference: str) -> bool:
        """Whether it is in the store."""
        with self._client.call(reference):
            try:
                self._api.inspect_image(reference)
            except NotFound:
                return False
        return True

    def inspect(self, reference: str) -> ImageInfo:
        """The engine's inspection of an image."""
        with self._client.call(reference):
            details: dict[str, Any] = self._api.inspect_image(reference)
        return ImageInfo(
            id=str(details.get("Id") or ""),
            names=tuple(details.get("RepoTags") or ()),
            digests=tuple(details.get("RepoDigests") or ()),
            layers=tuple((details.get("RootFS") or {}).get("Layers") or ()),
            architecture=str(details.get("Architecture") or ""),
            size_bytes=int(details["Size"]) if details.get("Size") else None,
            config=details.get("Config") or {},
        )

    def labelled(self, label: str) -> list[tuple[str, str]]:
        """(reference or id, label's value) of every image with `label`."""
        with self._client.call("images"):
            found = self._api.images(filters={"label": label})
        names = []
        for image in found:
            value = (image.get("Labels") or {}).get(label, "")
            tags = [tag for tag in image.get("RepoTags") or [] if not tag.startswith("<none>")]
            names += [(name, value) for name in tags or [image["Id"]]]
        return names

    def remove(self, reference: str) -> None:
        """Remove an image; absent is fine."""
        with self._client.call(reference), contextlib.suppress(NotFound):
            self._api.remove_image(reference, force=True)

    def ids(self) -> list[str]:
        """Ids of all images in the store."""
        with self._client.call("images"):
            return [image["Id"] for image in self._api.images(all=True)]

    def tag(self, reference: str, new_reference: str) -> None:
        """Give an image another name."""
        repository, tag = split_reference(new_reference)
        with self._client.call(reference):
            self._api.tag(reference, repository, tag=tag, force=True)

    def push(self, reference: str) -> str:
        """Push, and return the digest under which the registry stores it.

        Raises:
            EngineError: the push failed, or ended without a digest.
        """
        digest = self.pushed(reference)
        if not digest:
            raise EngineError(reference, "the push ended without a digest")
        return digest

    def pushed(self, reference: str) -> str:
        """Push; returns the digest, or empty if the stream does not contain it.

        Engine 26 with the containerd store reports it only in its last status line.
        """
        repository, tag = split_reference(reference)
        digest = ""
        with self._client.call(reference):
            credential = self._client.credential(repository)
            for line in self._api.push(
                repository, tag=tag, stream=True, decode=True, auth_config=credential
            ):
                if "error" in line or "errorDetail" in line:
                    raise EngineError(reference, f"the push failed: {_stream_error(line)}")
                aux, said = line.get("aux") or {}, _PUSHED.search(str(line.get("status") or ""))
                digest = aux.get("Digest") or (said[1] if said else digest)
        return digest

    def import_rootfs(self, tar: Path, tag: str, changes: tuple[str, ...]) -> None:
        """Make a one-layer image of a root file system."""
        repository, name = split_reference(tag)
        names = {"repository": repository, "tag": name, "changes": list(changes)}
        with self._client.call(tag), tar.open("rb") as data:
            answer = self._api.import_image_from_data(data, **names)
        for line in str(answer).splitlines():
            if '"error"' in line:
                raise EngineError(tag, f"the import failed: {_stream_error(json.loads(line))}")

    def save(self, reference: str) -> Iterator[bytes]:
        """An archive of the image."""
        with self._client.call(reference):
            yield from self._api.get_image(reference)

    def load(self, chunks: Iterator[bytes]) -> None:
        """Import an image archive."""
        with self._client.call("image archive"):
            for line in self._api.load_image(chunks):
                if "error" in line:
                    raise EngineError("image archive", f"cannot be loaded: {_stream_error(line)}")


def _stream_error(line: Mapping[str, Any]) -> str:
    detail = line.get("errorDetail") or {}
    return str(detail.get("message") or line.get("error") or line).strip()

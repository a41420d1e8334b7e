"""An image in an archive of `docker save` or of an OCI layout, read in one pass.

Engines write three forms: a folder per layer (Docker up to 24), an OCI layout with a
`manifest.json` beside it (Docker 25 and newer), and files named by their digests (Podman). The
documents may stand behind the layers, so every member that can be a layer is read as one.
"""

from __future__ import annotations

import io
import json
import posixpath
import tarfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench.images.decompress import Decompressed
from bench.images.inspection.sources.documents import OciDocuments
from bench.images.inspection.sources.source import (
    LARGEST_DOCUMENT,
    DamagedBlobError,
    ReadBlob,
    ReadImage,
    diff_ids,
    parse_document,
    path_budget,
    read_blob,
)
from bench.images.layers import entries
from bench.images.streams import Chunks, Hashed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from bench.core.errors import BenchError
    from bench.images.decompress import Readable
    from bench.images.inspection.sources.source import ReadLayer
    from bench.images.layers import PathBudget

_ENTRANCES = ("manifest.json", "index.json")
_MOST_DOCUMENT_BYTES = 64 * 2**20
_MOST_MEMBERS = 10_000


@dataclass
class _Members:
    """The members of an archive, by their paths in it."""

    documents: dict[str, bytes] = field(default_factory=dict)
    blobs: dict[str, ReadBlob] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    damaged: dict[str, str] = field(default_factory=dict)
    budget: PathBudget = field(default_factory=path_budget)

    def followed(self, path: str) -> str:
        """The path that a link leads to; a layer that another image has too may be a link."""
        for _ in range(len(self.links)):
            if path not in self.links:
                break
            path = self.links[path]
        return path


class ImageArchive:
    """An archive that holds one image."""

    def __init__(
        self,
        name: str,
        source: str,
        opened: Callable[[], AbstractContextManager[Readable]],
        architecture: str,
        fault: type[BenchError],
    ) -> None:
        """Nothing is read yet.

        Args:
            name: for messages.
            source: `archive`, or `engine` where an engine writes it.
            opened: opens it.
            architecture: of this machine, as images name it.
            fault: type of the error for what is wrong with it.
        """
        self._name = name
        self._source = source
        self._opened = opened
        self._architecture = architecture
        self._fault = fault

    def read(self) -> ReadImage:
        """Read the image.

        Raises:
            BenchError: of the type given as `fault`, or what reading from an engine raises.
        """
        try:
            with self._opened() as stream:
                members = self._members(stream)
        except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
            raise self._fault(
                self._name, f"is not a whole archive of an image: {error or 'it ends too early'}"
            ) from error
        except OSError as error:
            raise self._fault(self._name, f"cannot be read: {error.strerror or error}") from error
        if _ENTRANCES[0] in members.documents:
            return self._saved(members)
        if _ENTRANCES[1] in members.documents:
            return self._layout(members)
        raise self._fault(
            self._name,
            "holds no image: it has neither manifest.json nor index.json",
            "make one with `docker save`, `podman save` or `skopeo copy`",
        )

    def _members(self, stream: Readable) -> _Members:
        members = _Members()
        document_bytes = 0
        for count, (member, data) in enumerate(entries(Decompressed(stream))):
            if count > _MOST_MEMBERS:
                raise tarfile.ReadError("it has more files than an image has layers")
            path = posixpath.normpath(member.name)
            if member.issym():
                target = posixpath.join(posixpath.dirname(path), member.linkname)
                members.links[path] = posixpath.normpath(target)
            elif member.islnk():
                members.links[path] = posixpath.normpath(member.linkname)
            elif member.isreg():
                document = self._member(path, member.size, data, members)
                document_bytes += len(document)
                if document_bytes > _MOST_DOCUMENT_BYTES:
                    raise tarfile.ReadError("its documents are larger than those of an image")
        return members

    def _member(self, path: str, size: int, data: Iterator[bytes], members: _Members) -> bytes:
        """Read a file of the archive; returns it if it is a JSON document, else nothing."""
        stream: Readable = Chunks(data)
        if size <= LARGEST_DOCUMENT:
            whole = b"".join(data)
            if path in _ENTRANCES or (whole[:1] in (b"{", b"[") and _is_json(whole)):
                members.documents[path] = whole
                return whole
            stream = io.BytesIO(whole)
        try:
            members.blobs[path] = read_blob(stream, members.budget)
        except DamagedBlobError as error:
            members.damaged[path] = str(error)
        return b""

    def _saved(self, members: _Members) -> ReadImage:
        """The image that `manifest.json` describes."""
        data = members.documents["manifest.json"]
        images = json.loads(data) if _is_json(data) else None
        if not isinstance(images, list) or not all(isinstance(image, dict) for image in images):
            raise self._fault(self._name, "its manifest.json is not that of `docker save`")
        if len(images) != 1:
            names = ", ".join(str(tag) for image in images for tag in image.get("RepoTags") or [])
            raise self._fault(
                self._name,
                f"has {len(images)} images{f': {names}' if names else ''}",
                "save the one to inspect alone",
            )
        (image,) = images
        config_path = posixpath.normpath(str(image.get("Config")))
        config = self._config(members, config_path)
        paths = [posixpath.normpath(str(path)) for path in image.get("Layers") or []]
        ids = diff_ids(config, len(paths), self._name, self._fault)
        layers = tuple(
            self._layer(members, path, _digest_in(path) or "", diff_id)
            for path, diff_id in zip(paths, ids, strict=True)
        )
        return ReadImage(self._name, self._source, "", config, layers)

    def _config(self, members: _Members, path: str) -> dict[str, Any]:
        data = members.documents.get(members.followed(path))
        if data is None:
            raise self._fault(self._name, f"its configuration {path} is missing", "save it again")
        expected = _digest_in(path)
        if expected and Hashed.of(data) != expected:
            raise self._damaged(path)
        return parse_document(data, f"{self._name}: {path}", self._fault)

    def _layout(self, members: _Members) -> ReadImage:
        """The image that an OCI `index.json` leads to."""

        def blob(digest: str) -> bytes:
            data = members.documents.get(_blob_path(digest))
            if data is None:
                raise self._fault(self._name, f"blob {digest} is missing", "copy it again")
            if Hashed.of(data, digest.partition(":")[0]) != digest:
                raise self._damaged(_blob_path(digest))
            return data

        documents = OciDocuments(self._name, blob, self._architecture, self._fault)
        index = parse_document(members.documents["index.json"], self._name, self._fault)
        digest, manifest = documents.manifest(index)
        config = documents.config(manifest)
        digests = documents.layers(manifest)
        ids = diff_ids(config, len(digests), self._name, self._fault)
        layers = tuple(
            self._layer(members, _blob_path(layer), layer, diff_id)
            for layer, diff_id in zip(digests, ids, strict=True)
        )
        return ReadImage(self._name, self._source, digest, config, layers)

    def _layer(self, members: _Members, path: str, digest: str, diff_id: str) -> ReadLayer:
        """A layer whose bytes are proved by its `digest`, or else by its diff id."""
        place = members.followed(path)
        if place in members.damaged:
            why = members.damaged[place]
            raise self._fault(self._name, f"layer {path} cannot be read: {why}", "save it again")
        blob = members.blobs.get(place)
        if blob is None:
            raise self._fault(self._name, f"layer {path} is missing", "save the image again")
        expected = digest or ("" if blob.is_compressed else diff_id)
        if expected.startswith("sha256:") and blob.digest != expected:
            raise self._damaged(path)
        return blob.as_layer(diff_id)

    def _damaged(self, path: str) -> BenchError:
        return self._fault(
            self._name, f"{path} is damaged: its digest is another", "save the image again"
        )


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


def _blob_path(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/', 1)}"


def _digest_in(path: str) -> str:
    """The digest that a blob's path says; empty where it says none."""
    folder, _, value = path.rpartition("/")
    if folder == "blobs/sha256":
        return f"sha256:{value}"
    name = value.removesuffix(".json").removesuffix(".tar")
    is_hash = len(name) == 64 and not set(name) - set("0123456789abcdef")
    return f"sha256:{name}" if is_hash and not folder else ""

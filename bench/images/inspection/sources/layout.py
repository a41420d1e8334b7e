"""An image in an OCI layout folder (OCI image specification, "Image Layout")."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from bench.core.errors import UsageError
from bench.images.inspection.sources.documents import OciDocuments
from bench.images.inspection.sources.source import (
    LARGEST_DOCUMENT,
    DamagedBlobError,
    ReadImage,
    algorithm_of,
    diff_ids,
    parse_document,
    path_budget,
    read_blob,
)
from bench.images.streams import Hashed

if TYPE_CHECKING:
    from pathlib import Path

    from bench.images.inspection.sources.source import ReadLayer


class LayoutFolder:
    """An OCI layout in a folder."""

    def __init__(self, folder: Path, architecture: str) -> None:
        """Nothing is read yet; `architecture` is that of this machine, as images name it."""
        self._folder = folder
        self._name = str(folder)
        self._budget = path_budget()
        self._documents = OciDocuments(self._name, self._blob, architecture, UsageError)

    def read(self) -> ReadImage:
        """Read the image; raises UsageError."""
        data = self._file("index.json", self._folder / "index.json")
        index = parse_document(data, f"{self._name}/index.json", UsageError)
        digest, manifest = self._documents.manifest(index)
        config = self._documents.config(manifest)
        digests = self._documents.layers(manifest)
        ids = diff_ids(config, len(digests), self._name, UsageError)
        layers = tuple(map(self._layer, digests, ids))
        return ReadImage(self._name, "layout", digest, config, layers)

    def _layer(self, digest: str, diff_id: str) -> ReadLayer:
        path = self._path(digest)
        try:
            with path.open("rb") as file:
                blob = read_blob(file, self._budget, algorithm_of(digest))
        except OSError as error:
            raise self._unreadable(f"layer {digest}", error) from error
        except DamagedBlobError as error:
            raise UsageError(self._name, f"layer {digest} cannot be read: {error}") from error
        if blob.digest != digest:
            raise self._damaged(digest)
        return blob.as_layer(diff_id)

    def _blob(self, digest: str) -> bytes:
        data = self._file(f"blob {digest}", self._path(digest))
        if Hashed.of(data, algorithm_of(digest)) != digest:
            raise self._damaged(digest)
        return data

    def _path(self, digest: str) -> Path:
        algorithm, _, value = digest.partition(":")
        path = self._folder / "blobs" / algorithm / value
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                raise UsageError(self._name, f"blob {digest} is not a file")
        except OSError as error:
            raise self._unreadable(f"blob {digest}", error) from error
        return path

    def _file(self, what: str, path: Path) -> bytes:
        try:
            with path.open("rb") as file:
                data = file.read(LARGEST_DOCUMENT + 1)
        except OSError as error:
            raise self._unreadable(what, error) from error
        if len(data) > LARGEST_DOCUMENT:
            raise UsageError(self._name, f"{what} is larger than any document of an image")
        return data

    def _unreadable(self, what: str, error: OSError) -> UsageError:
        if isinstance(error, FileNotFoundError):
            return UsageError(self._name, f"{what} is missing", "copy the image again")
        return UsageError(self._name, f"{what} cannot be read: {error.strerror or error}")

    def _damaged(self, digest: str) -> UsageError:
        return UsageError(
            self._name, f"blob {digest} is damaged: its digest is another", "copy the image again"
        )

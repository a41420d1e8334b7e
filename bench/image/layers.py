"""What is in an image's layers: unpacked size and waste, the same on every image store.

The unpacked size is the sum of regular-file bytes over the layers with hard links counted once,
read from the layers' own tar archives. Waste is what one layer ships and a later one hides: the
whiteout rules are those of the OCI image specification, section "Image Layer Filesystem
Changeset".
"""

from __future__ import annotations

import gzip
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from bench.errors import RegistryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.engine.registry import Manifest, Registry

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"


@dataclass(frozen=True)
class LayerContent:
    """The paths in one layer.

    Attributes:
        files: bytes by path, of regular files; hard links and other kinds of entry have 0.
        hidden: paths that this layer deletes from the layers below.
        opaque: folders whose content below this layer is hidden.
    """

    files: dict[str, int]
    hidden: tuple[str, ...]
    opaque: tuple[str, ...]

    @property
    def unpacked_bytes(self) -> int:
        """Regular-file bytes."""
        return sum(self.files.values())


def read_layer(archive: IO[bytes]) -> LayerContent:
    """The paths in a gzip-compressed or plain tar stream.

    Raises:
        tarfile.TarError: another compression, or a damaged archive.
    """
    files: dict[str, int] = {}
    hidden: list[str] = []
    opaque: list[str] = []
    with tarfile.open(fileobj=archive, mode="r|*") as tar:
        for member in tar:
            tar.members = []  # a stream is read once: do not let the list of members grow
            path = str(PurePosixPath("/", member.name))
            parent, name = str(PurePosixPath(path).parent), PurePosixPath(path).name
            if name == _OPAQUE:
                opaque.append(parent)
            elif name.startswith(_WHITEOUT):
                hidden.append(str(PurePosixPath(parent, name.removeprefix(_WHITEOUT))))
            elif not member.isdir():
                files[path] = member.size if member.isreg() else 0
    return LayerContent(files, tuple(hidden), tuple(opaque))


def waste_bytes(layers: Sequence[LayerContent]) -> int:
    """Bytes of files that a later layer overwrites or deletes; `layers` start at the base."""
    replaced: set[str] = set()
    gone: set[str] = set()
    emptied: set[str] = set()
    total = 0
    for layer in reversed(layers):
        for path, size in layer.files.items():
            if size and (path in replaced or _covered(path, gone, emptied)):
                total += size
        replaced.update(layer.files)
        gone.update(layer.hidden)
        emptied.update(layer.opaque)
    return total


def _covered(path: str, gone: set[str], emptied: set[str]) -> bool:
    if not gone and not emptied:
        return False
    if path in gone:
        return True
    parent = path
    while parent != "/":
        parent = parent.rpartition("/")[0] or "/"
        if parent in gone or parent in emptied:
            return True
    return False


class LayerReader:
    """Reads layers out of a registry and remembers each by its digest, which never changes."""

    def __init__(self, registry: Registry, directory: Path) -> None:
        self._registry = registry
        self._directory = directory

    def contents(self, repository: str, manifest: Manifest) -> list[LayerContent] | None:
        """What is in each layer, base first; None where one cannot be read (zstd, foreign)."""
        contents = []
        for layer in manifest.layers:
            content = self._remembered(layer.digest)
            if content is None:
                try:
                    with self._registry.blob(repository, layer.digest) as archive:
                        content = read_layer(archive)
                except (tarfile.TarError, RegistryError, OSError):
                    return None
                self._remember(layer.digest, content)
            contents.append(content)
        return contents

    def _file(self, digest: str) -> Path:
        return self._directory / f"{digest.replace(':', '-')}.json.gz"

    def _remembered(self, digest: str) -> LayerContent | None:
        try:
            with gzip.open(self._file(digest), "rt") as file:
                data = json.load(file)
        except (OSError, ValueError, EOFError):
            return None
        return LayerContent(data["files"], tuple(data["hidden"]), tuple(data["opaque"]))

    def _remember(self, digest: str, content: LayerContent) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        partial = self._file(digest).with_suffix(".partial")
        with gzip.open(partial, "wt", compresslevel=1) as file:
            data = {"files": content.files, "hidden": content.hidden, "opaque": content.opaque}
            json.dump(data, file)
        partial.replace(self._file(digest))

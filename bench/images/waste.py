"""Waste: what one layer of an image ships and a later one hides.

The rules are those of the OCI image specification, section "Image Layer Filesystem Changeset".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.images.layers import LayerContent


@dataclass(frozen=True)
class HiddenFile:
    """A file that a later layer hides.

    Attributes:
        layer: index of the layer that ships it; 0 is the base's first.
        hidden_by: index of the first layer that hides it.
        deleted: whether it is deleted there; else something else has its path.
    """

    path: str
    size_bytes: int
    layer: int
    hidden_by: int
    deleted: bool


def waste_bytes(layers: Sequence[LayerContent]) -> int:
    """Bytes of files that a later layer overwrites or deletes; `layers` start at the base."""
    return sum(hidden.size_bytes for hidden in hidden_files(layers))


def hidden_files(layers: Sequence[LayerContent]) -> Iterator[HiddenFile]:
    """Each file that has bytes and is hidden by a later layer, once; from the last layer down."""
    above = _Above()
    for index in range(len(layers) - 1, -1, -1):
        layer = layers[index]
        known: dict[str, int | None] = {}
        for path, size in layer.files.items():
            if size:
                replaced = above.replaced(path)
                deleted = above.deleted(path, known)
                hidden_by = _first(replaced, deleted)
                if hidden_by is not None:
                    yield HiddenFile(path, size, index, hidden_by, hidden_by != replaced)
        above.add(index, layer)


class _Above:
    """Paths that the layers above one touch, each with the lowest of these layers."""

    def __init__(self) -> None:
        self._files: dict[str, int] = {}
        self._folders: dict[str, int] = {}
        self._deleted: dict[str, int] = {}  # with everything below
        self._emptied: dict[str, int] = {}  # folders whose content is hidden

    def add(self, index: int, layer: LayerContent) -> None:
        """The next layer down."""
        self._files.update(dict.fromkeys(layer.files, index))
        self._deleted.update(dict.fromkeys(layer.hidden, index))
        self._emptied.update(dict.fromkeys(layer.opaque, index))
        folders = self._folders
        for path in layer.files:
            folder = path.rpartition("/")[0]
            while folder and folders.get(folder) != index:
                folders[folder] = index
                folder = folder.rpartition("/")[0]

    def replaced(self, path: str) -> int | None:
        """The first layer with something else at `path`: a file, or a folder with files."""
        return _first(self._files.get(path), self._folders.get(path))

    def deleted(self, path: str, known: dict[str, int | None]) -> int | None:
        """The first layer that deletes `path`, or a folder above it.

        `known` holds the answers for folders.
        """
        return _first(self._deleted.get(path), self._lost(path.rpartition("/")[0] or "/", known))

    def _lost(self, folder: str, known: dict[str, int | None]) -> int | None:
        """The first layer that hides what is in `folder`."""
        chain = []
        while folder not in known:
            chain.append(folder)
            if folder == "/":
                break
            folder = folder.rpartition("/")[0] or "/"
        found = known.get(folder)
        for inner in reversed(chain):
            own = _first(self._deleted.get(inner), self._emptied.get(inner))
            own = _first(own, self._files.get(inner))  # no folder any more
            found = known[inner] = _first(own, found)
        return found


def _first(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)

"""The facts that `bench inspect` shows of an image; `docs/inspect.md` explains each figure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Hidden(StrEnum):
    """How a later layer hides a file."""

    OVERWRITTEN = "overwritten"
    DELETED = "deleted"
    METADATA = "metadata"

    @property
    def words(self) -> str:
        """For people."""
        return "same content again" if self is Hidden.METADATA else str(self)


@dataclass(frozen=True)
class LayerFigures:
    """One layer.

    Attributes:
        index: 0 is the base's first.
        digest: as the source has it.
        diff_id: digest of the unpacked archive.
        instruction: that made it; empty where the history does not say.
        unpacked_bytes: regular-file bytes, hard links once.
        transfer_bytes: compressed; None where the source has the layer unpacked.
        file_count: regular files, hard links once.
        waste_bytes: of its files that a later layer hides.
        shared: whether the image it is held against has the layer too; None without one.
    """

    index: int
    digest: str
    diff_id: str
    instruction: str
    unpacked_bytes: int
    transfer_bytes: int | None
    file_count: int
    waste_bytes: int
    shared: bool | None = None


@dataclass(frozen=True)
class WastedPath:
    """A file that a later layer hides.

    Attributes:
        bytes: that it takes in the layer that ships it.
        layer: index of the layer that ships it.
        hidden_by: index of the layer that hides it.
        how: whether its content is gone, or shipped once more.
    """

    path: str
    bytes: int
    layer: int
    hidden_by: int
    how: Hidden


@dataclass(frozen=True)
class Leftover:
    """Files of one kind in the final file system that a running service rarely needs.

    Attributes:
        kind: its id.
        title: its name for people.
        layer: index of the layer that brings most of the bytes.
        example: the largest of the files.
        remedy: how the image is built without them.
    """

    kind: str
    title: str
    bytes: int
    file_count: int
    layer: int
    example: str
    remedy: str


@dataclass(frozen=True)
class ShippedSecret:
    """A file that looks like a secret: anyone who can pull the image can read it, hidden or not.

    Attributes:
        kind: what it looks like.
        layer: index of the layer that ships it.
        hidden_by: index of the layer that hides it; None if it is visible.
    """

    path: str
    kind: str
    bytes: int
    layer: int
    hidden_by: int | None


@dataclass(frozen=True)
class Shared:
    """An image held against another, layer by layer.

    Attributes:
        image: the other one.
        is_base: whether all of its layers are the first layers of this one.
        layer_count: layers that both have, told by their diff ids.
        bytes: unpacked bytes of these.
        own_bytes: unpacked bytes of this image's other layers.
        others_own_bytes: unpacked bytes of the other image's other layers.
    """

    image: str
    is_base: bool
    layer_count: int
    bytes: int
    own_bytes: int
    others_own_bytes: int


@dataclass(frozen=True)
class ImageSettings:
    """Settings of an image for its containers; empty or None where it says nothing."""

    architecture: str = ""
    created: str = ""
    user: str = ""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    working_dir: str = ""
    exposed_ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: str = ""
    healthcheck: Mapping[str, object] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Inspection:
    """An image.

    Attributes:
        image: its name, as the user wrote it.
        source: `engine`, `archive`, `layout` or `registry`.
        digest: of its manifest; None where the source has none.
        unpacked_bytes: over all layers.
        transfer_bytes: compressed bytes over the distinct layers; None if not known of all.
        visible_bytes: of the files in the final file system.
        waste_bytes: of files that a later layer hides.
        leftover_bytes: of leftovers.
        file_count: over all layers.
        wasted: the largest first.
        leftovers: the largest first.
        secrets: in the order of the layers.
        against: None where it is held against no other image.
    """

    image: str
    source: str
    digest: str | None
    unpacked_bytes: int
    transfer_bytes: int | None
    visible_bytes: int
    waste_bytes: int
    leftover_bytes: int
    file_count: int
    layers: tuple[LayerFigures, ...]
    wasted: tuple[WastedPath, ...]
    leftovers: tuple[Leftover, ...]
    secrets: tuple[ShippedSecret, ...]
    settings: ImageSettings
    against: Shared | None = None

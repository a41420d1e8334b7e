"""An image as any source gives it: its configuration, and its layers, each read once."""

from __future__ import annotations

import json
import re
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from bench.images.decompress import Decompressed
from bench.images.inspection.scan import scan_layer
from bench.images.layers import PathBudget
from bench.images.streams import Hashed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.core.errors import BenchError
    from bench.images.decompress import Readable
    from bench.images.inspection.scan import ScannedLayer

LARGEST_DOCUMENT = 8 * 2**20
"""Bytes of a manifest or a configuration; real ones have some KiB."""

_MOST_PATH_BYTES = 128 * 2**20

_DIGEST = re.compile(r"(sha256):[0-9a-f]{64}|(sha512):[0-9a-f]{128}")


@dataclass(frozen=True)
class ReadLayer:
    """A layer of an image.

    Attributes:
        digest: of the layer as the source has it, compressed or not.
        diff_id: digest of its unpacked archive.
        transfer_bytes: compressed bytes; None where the source has it unpacked.
    """

    digest: str
    diff_id: str
    transfer_bytes: int | None
    scan: ScannedLayer


@dataclass(frozen=True)
class ReadImage:
    """An image.

    Attributes:
        name: as the user wrote it.
        source: `engine`, `archive`, `layout` or `registry`.
        digest: of its manifest; empty where the source has none.
        config: its configuration document (OCI image specification, "Image Configuration").
        layers: the base's first.
    """

    name: str
    source: str
    digest: str
    config: Mapping[str, Any]
    layers: tuple[ReadLayer, ...]


class InspectionSource(Protocol):
    """Where an image is read from."""

    def read(self) -> ReadImage:
        """Read the image, each of its layers once.

        Raises:
            BenchError: it cannot be read; a UsageError where the file at fault is the user's.
        """
        ...


@dataclass(frozen=True)
class ReadBlob:
    """A layer's archive, read to its end.

    Attributes:
        digest: of its bytes as stored.
        size_bytes: as stored.
    """

    digest: str
    size_bytes: int
    is_compressed: bool
    scan: ScannedLayer

    def as_layer(self, diff_id: str, *, served: bool = False) -> ReadLayer:
        """It as a layer of an image; what a registry `served` was transferred as it is."""
        is_transfer = self.is_compressed or served
        size_bytes = self.size_bytes if is_transfer else None
        return ReadLayer(self.digest, diff_id, size_bytes, self.scan)


class DamagedBlobError(Exception):
    """A blob is not a whole archive of a layer; the message says why."""


def read_blob(stream: Readable, budget: PathBudget, algorithm: str = "sha256") -> ReadBlob:
    """Read a layer's archive to its end.

    Raises:
        DamagedBlobError: it is no archive, a damaged one, or has more paths than an image has.
    """
    hashed = Hashed(stream, algorithm)
    try:
        archive = Decompressed(hashed)
        scan = scan_layer(archive, budget)
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise DamagedBlobError(str(error) or "unexpected end of data") from error
    digest = hashed.digest()
    return ReadBlob(digest, hashed.size_bytes, archive.is_compressed, scan)


def path_budget() -> PathBudget:
    """Memory for the paths of one image: some 600,000 of them."""
    return PathBudget(_MOST_PATH_BYTES)


def algorithm_of(digest: str) -> str:
    """The hash function of a digest; empty if it is none that images have."""
    match = _DIGEST.fullmatch(digest)
    return (match[1] or match[2]) if match else ""


def parse_document(data: bytes, subject: str, fault: type[BenchError]) -> dict[str, Any]:
    """A JSON object of an image.

    Raises:
        BenchError: of the type `fault`: it is none.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise fault(subject, "is not a JSON document") from error
    if not isinstance(document, dict):
        raise fault(subject, "is not the JSON document of an image")
    return document


def diff_ids(
    config: Mapping[str, Any], count: int, name: str, fault: type[BenchError]
) -> list[str]:
    """The digests of the unpacked layers.

    Raises:
        BenchError: of the type `fault`: not one for each of the `count` layers.
    """
    rootfs = config.get("rootfs")
    found = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    found = [] if found is None else found
    if not isinstance(found, list) or len(found) != count:
        listed = len(found) if isinstance(found, list) else "no"
        raise fault(name, f"its manifest has {count} layers, and its configuration {listed}")
    return [str(digest) for digest in found]

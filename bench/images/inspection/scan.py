"""One layer read in one pass: its paths, checksums of its files, and what looks like a secret."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.images.inspection.secrets import HEAD_BYTES, secret_kind
from bench.images.layers import FileWatcher, read_unpacked

if TYPE_CHECKING:
    import tarfile
    from collections.abc import Iterator, Mapping

    from bench.images.decompress import Decompressed
    from bench.images.layers import LayerContent, PathBudget

_NPM_LIST = "/node_modules/.package-lock.json"
_LARGEST_NPM_LIST = 16 * 2**20


@dataclass(frozen=True)
class SecretFile:
    """A file that looks like a secret."""

    path: str
    size_bytes: int
    kind: str


@dataclass(frozen=True)
class ScannedLayer:
    """The files of a layer.

    Attributes:
        content: its paths.
        file_count: its regular files, hard links not counted again.
        checksums: CRC-32 of the stored bytes, of files that have any.
        secrets: what looks like one.
        dev_packages: folders of packages that npm's lists in this layer mark as `dev`.
    """

    content: LayerContent
    file_count: int
    checksums: Mapping[str, int]
    secrets: tuple[SecretFile, ...] = ()
    dev_packages: frozenset[str] = frozenset()


def scan_layer(archive: Decompressed, budget: PathBudget) -> ScannedLayer:
    """Read a layer in one pass; raises as `read_unpacked` does."""
    scan = _Scan()
    content = read_unpacked(archive, budget, scan)
    return ScannedLayer(
        content,
        scan.file_count,
        scan.checksums,
        tuple(scan.secrets.values()),
        frozenset(scan.dev_packages),
    )


class _Scan(FileWatcher):
    def __init__(self) -> None:
        self.file_count = 0
        self.checksums: dict[str, int] = {}
        self.secrets: dict[str, SecretFile] = {}
        self.dev_packages: set[str] = set()

    def see(self, path: str, member: tarfile.TarInfo, data: Iterator[bytes]) -> None:
        self.file_count += 1
        if not member.size:
            return
        if path.endswith(_NPM_LIST) and member.size <= _LARGEST_NPM_LIST:
            whole = b"".join(data)
            self.dev_packages |= _dev_packages(path, whole)
            data = iter([whole])
        checksum, head = 0, b""
        for chunk in data:
            checksum = zlib.crc32(chunk, checksum)
            if len(head) < HEAD_BYTES:
                head += chunk[: HEAD_BYTES - len(head)]
        self.checksums[path] = checksum
        kind = secret_kind(path, head)
        if kind:
            self.secrets[path] = SecretFile(path, member.size, kind)


def _dev_packages(path: str, data: bytes) -> set[str]:
    """The packages that npm (7 and newer) marks as `dev` in its list of a node_modules folder."""
    try:
        packages = json.loads(data)["packages"]
        names = [name for name, entry in packages.items() if entry.get("dev") is True]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return set()
    root = path.removesuffix(_NPM_LIST)
    return {f"{root}/{name}" for name in names}

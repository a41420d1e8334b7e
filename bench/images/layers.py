"""Contents of an image's layers and their unpacked size, the same on every image store.

The unpacked size is the sum of regular-file bytes over the layers with hard links counted once,
read from the layers' own tar archives. Whiteouts are those of the OCI image specification,
section "Image Layer Filesystem Changeset".
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Protocol, Self, cast

from bench.core.errors import RegistryError
from bench.core.units import format_bytes
from bench.images.decompress import Decompressed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.runtimes.managed.registry import Manifest, Registry

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_EXTENDED = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
_LINKS = (tarfile.LNKTYPE, tarfile.SYMTYPE)
_USUAL = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE, *_LINKS)
_LONGEST_HEADER = 2**20
"""Bytes of an extended header; the paths and attributes in one are a few KiB."""

_MOST_BYTES = 512 * 2**20
_EACH_BYTES = 150
"""Memory that the paths of a layer may use, and the overhead of each path."""


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


class _TarEntry(tarfile.TarInfo):
    """An entry of an archive, whose extended header is read only where it is no larger than any is.

    A few KiB may unpack to gigabytes of header, which `tarfile` reads into memory at once.
    """

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """An entry from its header: of usual ones only what a layer is asked for.

        Four times as fast as reading times, owners and devices too. Whatever is unusual is left
        to `tarfile`, errors included.
        """
        if buf[156:157] in _USUAL and _has_plain_checksum(buf):
            entry = cls(_text(buf, 0, 100, encoding, errors))
            size = _octal(buf[124:136])
            if entry.name and size is not None:
                entry.size, entry.type = size, bytes(buf[156:157])
                if entry.type in _LINKS:
                    entry.linkname = _text(buf, 157, 257, encoding, errors)
                elif entry.type == tarfile.AREGTYPE and entry.name.endswith("/"):
                    entry.type = tarfile.DIRTYPE
                prefix = _text(buf, 345, 500, encoding, errors)
                entry.name = f"{prefix}/{entry.name}" if prefix else entry.name
                return entry
        return super().frombuf(buf, encoding, errors)

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type in _EXTENDED and self.size > _LONGEST_HEADER:
            raise tarfile.ReadError(f"an extended header of {self.size} bytes")
        found: tarfile.TarInfo = super()._proc_member(archive)  # type: ignore[misc]
        return found


def _has_plain_checksum(header: bytes | bytearray) -> bool:
    field = header[148:156]
    return _octal(field) == sum(header) - sum(field) + len(field) * ord(" ")


def _octal(field: bytes | bytearray) -> int | None:
    """The number in a field of a header; None if it is written in another way."""
    digits = field.strip(b" \0")
    return int(digits, 8) if digits.isdigit() and not set(digits) & set(b"89") else None


def _text(header: bytes | bytearray, begin: int, end: int, encoding: str, errors: str) -> str:
    return header[begin:end].partition(b"\0")[0].decode(encoding, errors)


class PathBudget:
    """Memory that the paths of one or several layers may use."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._left_bytes = most_bytes

    def take(self, path: str) -> None:
        """Take what `path` needs.

        Raises:
            tarfile.ReadError: nothing is left.
        """
        self._left_bytes -= len(path) + _EACH_BYTES
        if self._left_bytes < 0:
            most = format_bytes(self._most_bytes)
            raise tarfile.ReadError(f"more paths than an image has: they take more than {most}")


class FileWatcher(Protocol):
    """Looks at the regular files of a layer while its archive is read."""

    def see(self, path: str, member: tarfile.TarInfo, data: Iterator[bytes]) -> None:
        """A file and its bytes as they are stored; `data` need not be read."""
        ...


def entries(stream: Decompressed) -> Iterator[tuple[tarfile.TarInfo, Iterator[bytes]]]:
    """The entries of a tar archive and the bytes that each stores, in one pass.

    Raises:
        tarfile.TarError: no archive, a damaged one, or one with larger headers than any has.
    """
    with tarfile.TarFile(fileobj=cast("IO[bytes]", stream), tarinfo=_TarEntry) as tar:
        for member in tar:
            tar.members = []  # type: ignore[attr-defined]  # not to grow: a stream is read once
            yield member, _stored(stream, tar.offset - member.offset_data, member.size)


def _stored(stream: Decompressed, stored: int, size: int) -> Iterator[bytes]:
    """The bytes of an entry; a sparse one stores fewer than its size, in whole blocks."""
    missing = min(stored, size)
    while missing:
        data = stream.read_some(missing)
        if not data:
            raise tarfile.ReadError("unexpected end of data")
        missing -= len(data)
        yield data


def read_layer(archive: IO[bytes]) -> LayerContent:
    """The paths in a compressed or plain tar stream; raises as `read_unpacked` does."""
    return read_unpacked(Decompressed(archive), PathBudget(_MOST_BYTES))


def read_unpacked(
    archive: Decompressed, budget: PathBudget, watcher: FileWatcher | None = None
) -> LayerContent:
    """The paths in the archive of a layer, read in one pass; `watcher` is shown each file.

    Raises:
        tarfile.TarError: a damaged archive, or one with more paths or larger headers than an
            image has. One that is cut off between two files may read as a smaller one.
        EOFError: compressed data that ends too early.
    """
    files: dict[str, int] = {}
    hidden: list[str] = []
    opaque: list[str] = []
    for member, data in entries(archive):
        budget.take(member.name)
        path = _absolute(member.name)
        parent, _, name = path.rpartition("/")
        if name == _OPAQUE:
            opaque.append(parent or "/")
        elif name.startswith(_WHITEOUT):
            hidden.append(f"{parent}/{name.removeprefix(_WHITEOUT)}")
        elif not member.isdir():
            files[path] = member.size if member.isreg() else 0
            if watcher and member.isreg():
                watcher.see(path, member, data)
    return LayerContent(files, tuple(hidden), tuple(opaque))


def _absolute(name: str) -> str:
    """The path of an entry, which may be written `./etc/passwd`, `/etc/passwd` or `etc//passwd`."""
    plain = name.removeprefix("./")
    if plain.startswith((".", "/")) or "//" in plain or "/." in plain or plain.endswith("/"):
        return str(PurePosixPath("/", name))
    return f"/{plain}"


class _Checked:
    """A blob as a stream that knows at its end whether the blob was the one asked for."""

    def __init__(self, stream: IO[bytes], digest: str) -> None:
        self._stream = stream
        self._digest = digest
        self._hash = hashlib.new(digest.partition(":")[0])

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._hash.update(data)
        return data

    def finish(self) -> None:
        """Read what is left, and compare.

        Raises:
            RegistryError: the bytes are not those that the digest stands for.
        """
        while self.read(1 << 20):
            pass
        if self._hash.hexdigest() != self._digest.partition(":")[2]:
            raise RegistryError(self._digest, "is damaged in the registry")


class LayerReader:
    """Reads layers out of a registry and remembers each by its digest, which never changes."""

    def __init__(self, registry: Registry, directory: Path) -> None:
        self._registry = registry
        self._directory = directory

    def contents(self, repository: str, manifest: Manifest) -> list[LayerContent] | None:
        """The content of each layer, base first; None where one cannot be read."""
        contents = []
        for layer in manifest.layers:
            content = self._remembered(layer.digest)
            if content is None:
                try:
                    content = self._read(repository, layer.digest)
                except (tarfile.TarError, RegistryError, OSError, EOFError, ValueError):
                    return None
                self._remember(layer.digest, content)
            contents.append(content)
        return contents

    def known(self, manifest: Manifest) -> list[LayerContent] | None:
        """The content of each layer, base first; None where one has not been read yet."""
        contents = [self._remembered(layer.digest) for layer in manifest.layers]
        known = [content for content in contents if content is not None]
        return known if len(known) == len(contents) else None

    def _file(self, digest: str) -> Path:
        return self._directory / f"{digest.replace(':', '-')}.json.gz"

    def _read(self, repository: str, digest: str) -> LayerContent:
        with self._registry.blob(repository, digest) as archive:
            checked = _Checked(archive, digest)
            content = read_layer(cast("IO[bytes]", checked))
            checked.finish()  # an archive that is cut off reads as a smaller one
        return content

    def _remembered(self, digest: str) -> LayerContent | None:
        try:
            with gzip.open(self._file(digest), "rt") as file:
                data = json.loads(file.read(2 * _MOST_BYTES))
            return LayerContent(data["files"], tuple(data["hidden"]), tuple(data["opaque"]))
        except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError):
            return None  # never read before, or damaged: read it again

    def _remember(self, digest: str, content: LayerContent) -> None:
        data = {"files": content.files, "hidden": content.hidden, "opaque": content.opaque}
        partial = self._file(digest).with_suffix(".partial")
        with contextlib.suppress(OSError):  # it only saves time
            self._directory.mkdir(parents=True, exist_ok=True)
            with gzip.open(partial, "wt", compresslevel=1) as file:
                json.dump(data, file)
            partial.replace(self._file(digest))

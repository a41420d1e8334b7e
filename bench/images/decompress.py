"""A compressed or plain stream, read forwards as its unpacked bytes.

Layers come as gzip, zstd or plain tar archives; bzip2 and xz are old forms. The compression is
told by the first bytes, as engines tell it.
"""

from __future__ import annotations

import bz2
import io
import lzma
import tarfile
import zlib
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

_CHUNK = 1 << 18
_PIECE = 1 << 15
_SMALL_PIECE = 1 << 10
"""Compressed bytes unpacked at a time: a stream made to grow becomes some 35 MB, not more.

gzip makes a byte of a thousand at most; a zstd block of 4 bytes may be 128 KiB.
"""
_LONGEST_MAGIC = 6


class Readable(Protocol):
    """Gives its bytes once, from the first to the last."""

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes; empty only at the end."""
        ...


class _Decompressor(Protocol):
    """One compressed member; a stream may have several in a row."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /) -> bytes: ...


def _gzip() -> _Decompressor:
    return zlib.decompressobj(zlib.MAX_WBITS | 16)


def _zstd() -> _Decompressor:
    import zstandard

    found: _Decompressor = zstandard.ZstdDecompressor().decompressobj()
    return found


_MAGIC: dict[bytes, Callable[[], _Decompressor]] = {
    b"\x1f\x8b": _gzip,
    b"\x28\xb5\x2f\xfd": _zstd,
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\x00": lzma.LZMADecompressor,
}
_LIMITED = (bz2.BZ2Decompressor, lzma.LZMADecompressor)
"""Those that unpack their input bit by bit; a KiB of bzip2 may be hundreds of MiB."""
_ZSTD_SKIPPABLE = b"\x2a\x4d\x18"
"""Bytes 2 to 4 of a zstd frame that holds no data; zstd:chunked has such frames."""


class Decompressed(io.RawIOBase):
    """The unpacked bytes of a stream: reads and seeks forwards only.

    Attributes:
        is_compressed: whether the stream is not plain.
    """

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._buffer = b""
        self._at = 0  # within the buffer
        self._before = 0  # bytes of earlier buffers
        head = b""
        while len(head) < _LONGEST_MAGIC and (more := stream.read(_SMALL_PIECE)):
            head += more
        self._new = next((new for magic, new in _MAGIC.items() if head.startswith(magic)), None)
        self.is_compressed = self._new is not None
        self._member = self._new() if self._new else None
        self._piece = _PIECE if self._new is _gzip else _SMALL_PIECE
        self._packed = head

    def readable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Unpacked bytes read or skipped so far."""
        return self._before + self._at

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, fewer only at the end.

        Raises:
            tarfile.ReadError: the compressed data is damaged.
            EOFError: it ends too early.
        """
        end = self._at + size
        if size >= 0 and end <= len(self._buffer):  # the usual case: a header
            data = self._buffer[self._at : end]
            self._at = end
            return data
        parts, missing = [], size
        while missing and (data := self.read_some(missing)):
            parts.append(data)
            missing -= len(data)
        return b"".join(parts)

    def read_some(self, most: int) -> bytes:
        """Some bytes, at most so many unless that is negative; empty at the end."""
        if self._at == len(self._buffer):
            self._fill()
        end = len(self._buffer) if most < 0 else min(self._at + most, len(self._buffer))
        data = self._buffer[self._at : end]
        self._at = end
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Skip to `offset` from the start, or to the end of the data if it is nearer.

        Raises:
            tarfile.ReadError: that lies behind.
        """
        skipped = offset - self.tell()
        if whence != io.SEEK_SET or skipped < 0:
            raise tarfile.ReadError("an archive that cannot be read in one pass")
        while skipped > len(self._buffer) - self._at:
            skipped -= len(self._buffer) - self._at
            self._at = len(self._buffer)
            self._fill()
            if not self._buffer:
                return self.tell()
        self._at += skipped
        return self.tell()

    def _fill(self) -> None:
        self._before += len(self._buffer)
        self._buffer, self._at = self._next(), 0

    def _next(self) -> bytes:
        """The next bytes; empty at the end."""
        if self._new is None:
            data, self._packed = self._packed, b""
            return data or self._stream.read(_CHUNK)
        while True:
            packed = self._packed
            if not packed and not self._has_more():
                packed = self._stream.read(self._piece)
            self._packed = b""
            while 0 < len(packed) < _LONGEST_MAGIC and (more := self._stream.read(self._piece)):
                packed += more
            if not packed and not self._has_more():
                if self._member is not None:
                    raise EOFError("compressed data ends too early")
                return b""
            if packed and self._member is None and not self._begins_member(packed):
                self._new, self._packed = None, b""  # padding, as GNU gzip ignores it too
                while self._stream.read(_CHUNK):
                    pass
                return b""
            data = self._decompress(packed)
            if data:
                return data

    def _has_more(self) -> bool:
        """Whether the decompressor holds input that it has not unpacked."""
        member = self._member
        return isinstance(member, _LIMITED) and not member.needs_input

    def _begins_member(self, packed: bytes) -> bool:
        return packed[:1] in {magic[:1] for magic in _MAGIC} or packed[1:4] == _ZSTD_SKIPPABLE

    def _decompress(self, packed: bytes) -> bytes:
        assert self._new is not None
        if self._member is None:
            self._member = self._new()
        try:
            if isinstance(self._member, _LIMITED):
                data = self._member.decompress(packed, _CHUNK)
            else:
                data = self._member.decompress(packed)
        except Exception as error:
            if not _is_damage(error):
                raise
            raise tarfile.ReadError(f"damaged compressed data ({error})") from error
        if self._member.eof:
            self._packed = self._member.unused_data
            self._member = None
        return data


def _is_damage(error: Exception) -> bool:
    """Whether a decompressor says so; zstandard is imported only where it is used."""
    return isinstance(error, zlib.error | lzma.LZMAError | OSError | EOFError) or (
        type(error).__name__ == "ZstdError"
    )

"""Streams that are read once: chunks as a file, and a file that is hashed on the way."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.images.decompress import Readable

_CHUNK = 1 << 18


class Chunks:
    """Chunks of bytes, read as a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._buffer = b""

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, or one chunk if that is negative; empty only at the end."""
        while not self._buffer:
            data = next(self._chunks, None)
            if data is None:
                return b""
            self._buffer = data
        end = len(self._buffer) if size < 0 else size
        data, self._buffer = self._buffer[:end], self._buffer[end:]
        return data


class Hashed:
    """A stream whose bytes are counted and hashed as they are read."""

    def __init__(self, stream: Readable, algorithm: str = "sha256") -> None:
        self._stream = stream
        self._algorithm = algorithm
        self._hash = hashlib.new(algorithm)
        self.size_bytes = 0

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; empty only at the end."""
        data = self._stream.read(size)
        self._hash.update(data)
        self.size_bytes += len(data)
        return data

    def digest(self) -> str:
        """Read what is left; the digest of all."""
        while self.read(_CHUNK):
            pass
        return f"{self._algorithm}:{self._hash.hexdigest()}"

    @staticmethod
    def of(data: bytes, algorithm: str = "sha256") -> str:
        """The digest of `data`."""
        return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"

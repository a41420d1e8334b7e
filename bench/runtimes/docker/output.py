"""The output of an attached container: frames of stdout and stderr on one raw stream.

Format: Docker Engine API, "Attach to a container", stream format.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from typing import TYPE_CHECKING, Any

from bench.runtimes.workload import OutputChunk

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEADER = struct.Struct(">BxxxL")


class FramedOutput:
    """The frames of an attached container's output, until either end closes."""

    def __init__(self, raw: Any) -> None:
        """Read from `raw`, the SDK's raw stream over a socket."""
        self._raw = raw

    def __iter__(self) -> Iterator[OutputChunk]:
        while True:
            header = self._read(_HEADER.size)
            if len(header) < _HEADER.size:
                return
            stream, length = _HEADER.unpack(header)
            data = self._read(length)
            yield OutputChunk(stream, data)
            if len(data) < length:
                return

    def _read(self, length: int) -> bytes:
        buffer = bytearray()
        while len(buffer) < length:
            try:
                piece = self._raw.read(length - len(buffer))
            except (OSError, ValueError):  # the connection, or our own end of it, was closed
                break
            if not piece:
                break
            buffer += piece
        return bytes(buffer)

    def close(self) -> None:
        """Shut the socket down, which ends a read in another thread."""
        with contextlib.suppress(OSError, AttributeError):  # it may be at its end already
            self._raw._sock.shutdown(socket.SHUT_RDWR)  # noqa: SLF001 - SocketIO offers no other way
        close_raw(self._raw)


def drain(raw: Any, timeout_s: float) -> None:
    """Read a raw stream to its end.

    Raises:
        TimeoutError: it did not end within `timeout_s`.
    """
    deadline_s = time.monotonic() + timeout_s
    while (left_s := deadline_s - time.monotonic()) > 0:
        raw._sock.settimeout(left_s)  # noqa: SLF001 - the SDK turns time-outs off
        if not raw.read(65536):
            return
    raise TimeoutError("timed out")


def close_raw(raw: Any) -> None:
    """Close a raw stream of the SDK with the HTTP connection that it was taken from."""
    response = getattr(raw, "_response", None)  # kept there by the SDK; it owns the socket
    if response is not None:
        response.close()
    raw.close()

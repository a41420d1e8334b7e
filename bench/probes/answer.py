"""Reading an HTTP/1 response as far as readiness depends on it: the final status, and the body.

The standard library's client is not used, since its limits on header lines and their number, and
its notion of an interim response, would decide in place of the application. Headers are skipped
without being stored; only those that delimit a body are read, and only if a body is searched.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bench.probes.words import first_bytes, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BEGINNING = b"HTTP/1."
_STATUS_LINE = re.compile(rb"HTTP/1\.[0-9] +([1-9][0-9]{2})(?![0-9])")
_SWITCHING = 101
_LONGEST_LINE = 64 * 1024
_MOST_BODY = 1024 * 1024
_TLS_ALERT = b"\x15\x03"
_SETTINGS_FRAME = 4


class AnswerError(Exception):
    """The response is malformed; the text describes it, and can be shown."""


class Answer:
    """One HTTP/1 response, read as it arrives.

    Attributes:
        has_begun: whether any bytes have arrived.
        coding: how the body is compressed, although not requested; empty if it is not.
    """

    def __init__(self, receive: Callable[[], bytes]) -> None:
        """`receive` waits for the next bytes, and returns none at the end of the connection."""
        self._receive = receive
        self._buffer = bytearray()
        self.has_begun = False
        self.coding = ""

    def status(self) -> int:
        """The status of the final response; interim responses are skipped.

        Raises:
            AnswerError: it is not HTTP/1.
            OSError: the connection broke, or nothing arrived in time.
        """
        while True:
            while _BEGINNING.startswith(self._buffer) and self._more():
                pass
            if not self._buffer.startswith(_BEGINNING):
                raise AnswerError(_not_http1(bytes(self._buffer)))
            line = self._line()
            match = _STATUS_LINE.match(line)
            if match is None:
                raise AnswerError(_not_http1(line))
            status = int(match[1])
            if status >= 200 or status == _SWITCHING:
                return status
            for _ in self._headers():
                pass

    def body(self) -> Iterator[tuple[str, bool]]:
        """The body so far, each time that more of it has arrived, and whether it is complete.

        Read the status first.

        Raises:
            OSError: the connection broke, or nothing arrived in time.
        """
        length, chunked = None, False
        for header in self._headers():
            name, _, value = header.partition(b":")
            match name.strip().lower():
                case b"transfer-encoding":
                    chunked = b"chunked" in value.lower()
                case b"content-encoding" if value.strip().lower() != b"identity":
                    self.coding = plain(value.decode("latin-1"))
                case b"content-length" if value.strip().isdigit():
                    length = int(value.strip()[:18])
        pieces = self._chunks() if chunked else self._pieces(length)
        so_far = bytearray()
        for piece in pieces:
            so_far += piece
            if self._buffer and len(so_far) < _MOST_BODY:
                continue  # more of it is here already
            yield so_far[:_MOST_BODY].decode(errors="replace"), False
            if len(so_far) >= _MOST_BODY:
                return
        yield so_far.decode(errors="replace"), True

    def _more(self) -> bool:
        """Read more; returns False at the end of the connection."""
        data = self._receive()
        self.has_begun = self.has_begun or bool(data)
        self._buffer += data
        return bool(data)

    def _line(self) -> bytes:
        """The next line, of which only the beginning is kept; empty at the end."""
        line = bytearray()
        while True:
            at = self._buffer.find(b"\n")
            piece = self._buffer[:at] if at >= 0 else self._buffer
            line += piece[: _LONGEST_LINE - len(line)]
            if at >= 0:
                del self._buffer[: at + 1]
                return bytes(line.rstrip(b"\r"))
            self._buffer.clear()
            if not self._more():
                return bytes(line)

    def _headers(self) -> Iterator[bytes]:
        while line := self._line():
            yield line

    def _pieces(self, length: int | None) -> Iterator[bytes]:
        left = length
        while left is None or left > 0:
            if not self._buffer and not self._more():
                return
            piece = bytes(self._buffer if left is None else self._buffer[:left])
            del self._buffer[: len(piece)]
            left = None if left is None else left - len(piece)
            yield piece

    def _chunks(self) -> Iterator[bytes]:
        while True:
            size = self._line().split(b";")[0].strip()
            try:
                length = int(size, 16)
            except ValueError:
                return
            if length <= 0:
                return
            yield from self._pieces(length)
            self._line()


def _not_http1(data: bytes) -> str:
    if not data:
        return "the connection was closed without an answer"
    if data.startswith(_TLS_ALERT):
        return "answered, but not in HTTP/1: with a TLS alert"
    if is_http2(data):
        return "answered, but not in HTTP/1: with a frame of HTTP/2"
    return f"answered, but not in HTTP/1: {first_bytes(data)}"


def is_http2(data: bytes) -> bool:
    """Whether a response begins with an HTTP/2 server's first frame (RFC 9113, 3.4)."""
    return len(data) >= 9 and data[0] == 0 and data[3] == _SETTINGS_FRAME and data[4] in (0, 1)

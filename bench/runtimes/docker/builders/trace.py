"""BuildKit's trace of a build, as the engine's API sends it: protobuf messages.

Format: `StatusResponse` of moby/buildkit's control API. Only the fields that bench uses are read.
"""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING

from bench.runtimes.docker.builders.progress import VertexEvent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.runtimes.docker.builders.progress import BuildProgress

_VERTEXES, _LOGS = 1, 3
_NS_PER_S = 10**9
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5


def read_trace(aux: str, progress: BuildProgress) -> None:
    """Pass one message to `progress`.

    Args:
        aux: the message, in base64.
        progress: receives its contents.

    Raises:
        ValueError: it is not such a message.
    """
    for number, value in _fields(b64decode(aux)):
        if number == _VERTEXES and isinstance(value, bytes):
            progress.vertex(_vertex(value))
        elif number == _LOGS and isinstance(value, bytes):
            fields = dict(_fields(value))
            progress.log(_text(fields.get(1)), _bytes(fields.get(4)))


def _vertex(message: bytes) -> VertexEvent:
    fields = dict(_fields(message))
    return VertexEvent(
        digest=_text(fields.get(1)),
        name=_text(fields.get(3)),
        cached=bool(fields.get(4)),
        started_ns=_time_ns(fields.get(5)),
        completed_ns=_time_ns(fields.get(6)),
        error=_text(fields.get(7)),
    )


def _time_ns(value: int | bytes | None) -> int | None:
    """A `Timestamp`, in nanoseconds since 1970."""
    if not isinstance(value, bytes):
        return None
    fields = dict(_fields(value))
    seconds, rest = fields.get(1, 0), fields.get(2, 0)
    return (
        seconds * _NS_PER_S + rest if isinstance(seconds, int) and isinstance(rest, int) else None
    )


def _text(value: int | bytes | None) -> str:
    return _bytes(value).decode(errors="replace")


def _bytes(value: int | bytes | None) -> bytes:
    return value if isinstance(value, bytes) else b""


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field; fixed-width numbers as their bytes."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        kind = key & 7
        if kind == _VARINT:
            value, place = _varint(message, place)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            length, place = _varint(message, place)
        elif kind in (_FIXED_64, _FIXED_32):
            length = 8 if kind == _FIXED_64 else 4
        else:
            raise ValueError(f"no wire type of protobuf: {kind}")
        if place + length > len(message):
            raise ValueError("a field that is cut off")
        yield key >> 3, message[place : place + length]
        place += length


def _varint(message: bytes, place: int) -> tuple[int, int]:
    """A number, and the position after it."""
    value = shift = 0
    while True:
        if place >= len(message):
            raise ValueError("a number that is cut off")
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7

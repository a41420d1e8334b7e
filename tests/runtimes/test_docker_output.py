"""Frames of a container's output, however the connection cuts them up."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.runtimes.docker.output import FramedOutput
from bench.runtimes.workload import OutputChunk

if TYPE_CHECKING:
    from collections.abc import Iterator

frames = st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=40)), max_size=8)


def wire(parts: list[tuple[int, bytes]]) -> bytes:
    return b"".join(struct.pack(">BxxxL", kind, len(data)) + data for kind, data in parts)


class Pieces:
    """A raw stream that gives at most so many bytes at each read, in turn."""

    def __init__(self, data: bytes, sizes: list[int], end: Exception | None = None) -> None:
        self._data, self._sizes, self._end = data, sizes, end
        self.closed = False

    def read(self, length: int) -> bytes:
        if not self._data and self._end:
            raise self._end
        size = min(length, self._sizes[0])
        self._sizes = self._sizes[1:] + self._sizes[:1]
        piece, self._data = self._data[:size], self._data[size:]
        return piece

    def close(self) -> None:
        self.closed = True


@given(frames, st.lists(st.integers(1, 50), min_size=1, max_size=20))
def test_frames_are_whole_wherever_the_stream_is_cut(parts, sizes):
    chunks = list(FramedOutput(Pieces(wire(parts), sizes)))
    assert chunks == [OutputChunk(kind, data) for kind, data in parts]


@given(frames.filter(bool), st.data())
def test_a_stream_that_breaks_off_gives_all_that_arrived(parts, data):
    whole = wire(parts)
    cut = data.draw(st.integers(0, len(whole)))
    chunks = list(FramedOutput(Pieces(whole[:cut], [1000])))
    arrived = b"".join(chunk.data for chunk in chunks)
    assert b"".join(payload for _, payload in parts).startswith(arrived)
    headers_seen = sum(cut >= end for end in _header_ends(parts))
    assert len(chunks) == headers_seen


def _header_ends(parts: list[tuple[int, bytes]]) -> Iterator[int]:
    position = 0
    for _, payload in parts:
        yield position + 8
        position += 8 + len(payload)


@pytest.mark.parametrize(
    "end", [ConnectionResetError(104, "reset"), ValueError("I/O operation on closed file")]
)
def test_a_connection_that_closes_ends_the_output_quietly(end):
    assert list(FramedOutput(Pieces(wire([(1, b"a")]), [5], end))) == [OutputChunk(1, b"a")]


def test_closing_works_on_a_stream_that_has_no_socket_any_more():
    raw = Pieces(b"", [1])
    FramedOutput(raw).close()
    assert raw.closed

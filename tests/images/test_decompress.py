"""Compressed and plain streams, read forwards as their unpacked bytes."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import tarfile
import tracemalloc

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from bench.images.decompress import Decompressed
from bench.images.streams import Chunks, Hashed

DATA = random.Random(1).randbytes(300_000) + bytes(400_000)
ZSTD = zstandard.ZstdCompressor()
FORMS = {
    "plain": bytes,
    "gzip": gzip.compress,
    "zstd": ZSTD.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}


@pytest.mark.parametrize("packed", FORMS.values(), ids=FORMS)
def test_every_form_unpacks_to_the_same_bytes(packed):
    stream = Decompressed(io.BytesIO(packed(DATA)))
    assert stream.read() == DATA
    assert stream.read(10) == b""
    assert stream.tell() == len(DATA)
    assert stream.is_compressed == (packed is not bytes)


@pytest.mark.parametrize("packed", FORMS.values(), ids=FORMS)
def test_a_stream_that_gives_a_few_bytes_at_a_time_is_the_same(packed):
    data = packed(DATA[:5000])
    stream = Decompressed(Chunks(iter([data[at : at + 3] for at in range(0, len(data), 3)])))
    assert stream.read() == DATA[:5000]


@pytest.mark.parametrize("packed", [gzip.compress, ZSTD.compress, bz2.compress])
def test_several_members_in_a_row_are_one_stream(packed):
    data = packed(b"one") + packed(b"") + packed(b"two" * 50_000)
    assert Decompressed(io.BytesIO(data)).read() == b"one" + b"two" * 50_000


def test_zeros_behind_compressed_data_are_padding():
    assert Decompressed(io.BytesIO(gzip.compress(b"one") + bytes(5000))).read() == b"one"


def test_a_frame_without_data_is_passed_over():
    """zstd:chunked, the layers of Podman, ends with its table of contents in such a frame."""
    skippable = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"table"
    assert Decompressed(io.BytesIO(ZSTD.compress(b"one") + skippable)).read() == b"one"


@pytest.mark.parametrize("packed", list(FORMS.values())[1:], ids=list(FORMS)[1:])
def test_what_ends_too_early_or_is_damaged_is_refused(packed):
    whole = packed(DATA)
    for end in (20, len(whole) // 2, len(whole) - 1):
        with pytest.raises((EOFError, tarfile.ReadError)):
            Decompressed(io.BytesIO(whole[:end])).read()
    middle = len(whole) // 3
    damaged = whole[:middle] + bytes(2000) + whole[middle + 2000 :]
    try:
        assert Decompressed(io.BytesIO(damaged)).read() != DATA  # zstd has no checksum of its own
    except tarfile.ReadError as error:
        assert "damaged" in str(error)  # noqa: PT017 - either is right


@pytest.mark.parametrize("packed", list(FORMS.values())[1:], ids=list(FORMS)[1:])
def test_what_unpacks_to_much_more_is_never_held(packed):
    data = io.BytesIO(packed(bytes(256 * 2**20)))
    tracemalloc.start()
    stream = Decompressed(data)
    assert stream.seek(256 * 2**20 - 1) == 256 * 2**20 - 1
    assert stream.read() == b"\0"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 150 * 2**20


@given(st.binary(max_size=3000), st.lists(st.integers(0, 700), max_size=12), st.booleans())
def test_reading_and_skipping_forwards_is_what_a_file_does(data, steps, pack):
    stream = Decompressed(io.BytesIO(gzip.compress(data) if pack and data else data))
    if not pack and data[:2] == b"\x1f\x8b":
        return
    file = io.BytesIO(data)
    for number, step in enumerate(steps):
        if number % 2:
            file.seek(min(file.tell() + step, len(data)))
            assert stream.seek(stream.tell() + step) == file.tell()
        else:
            assert stream.read(step) == file.read(step)
        assert stream.tell() == file.tell()


def test_nothing_is_read_twice():
    stream = Decompressed(io.BytesIO(DATA))
    stream.read(1000)
    with pytest.raises(tarfile.ReadError, match="one pass"):
        stream.seek(10)


def test_a_hashed_stream_is_counted_to_its_end():
    stream = Hashed(io.BytesIO(DATA))
    stream.read(7)
    assert stream.digest() == Hashed.of(DATA)
    assert stream.size_bytes == len(DATA)

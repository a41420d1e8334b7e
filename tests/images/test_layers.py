"""What is in layers: unpacked size, and what is shipped and then hidden."""

from __future__ import annotations

import gzip
import hashlib
import io
import shutil
import subprocess
import tarfile
import tracemalloc
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.core.errors import RegistryError
from bench.images.layers import LayerContent, LayerReader, read_layer
from bench.images.waste import waste_bytes
from bench.runtimes.managed.registry import Blob, Manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def archive(*members: tarfile.TarInfo | tuple[str, int], mode: str = "w") -> bytes:
    """A tar archive; a pair is a regular file of so many bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as tar:  # type: ignore[call-overload]
        for one in members:
            member = one if isinstance(one, tarfile.TarInfo) else tarfile.TarInfo(one[0])
            if not isinstance(one, tarfile.TarInfo):
                member.size = one[1]
            tar.addfile(member, io.BytesIO(bytes(member.size)))
    return buffer.getvalue()


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def read(*members: tarfile.TarInfo | tuple[str, int], mode: str = "w") -> LayerContent:
    return read_layer(io.BytesIO(archive(*members, mode=mode)))


# one layer


def test_the_unpacked_size_is_that_of_regular_files():
    content = read(
        special("usr", tarfile.DIRTYPE),
        ("usr/app", 1000),
        ("usr/empty", 0),
        special("usr/link", tarfile.SYMTYPE, "app"),
        special("dev/null", tarfile.CHRTYPE),
        special("run/pipe", tarfile.FIFOTYPE),
    )
    assert content.unpacked_bytes == 1000
    assert set(content.files) == {"/usr/app", "/usr/empty", "/usr/link", "/dev/null", "/run/pipe"}


def test_hard_links_are_counted_once():
    second = special("usr/bin/perl5", tarfile.LNKTYPE, "usr/bin/perl")
    content = read(("usr/bin/perl", 4000), second)
    assert content.unpacked_bytes == 4000


def test_a_hard_link_whose_header_repeats_the_size_is_not_counted_again():
    link = special("usr/bin/perl5", tarfile.LNKTYPE, "usr/bin/perl")
    link.size = 4000
    data = archive(("usr/bin/perl", 4000))[: 512 + 4096] + link.tobuf() + bytes(1024)
    assert read_layer(io.BytesIO(data)).unpacked_bytes == 4000


@pytest.mark.parametrize("name", ["etc/passwd", "./etc/passwd", "/etc/passwd"])
def test_a_path_is_the_same_however_it_is_written(name):
    assert read((name, 1)).files == {"/etc/passwd": 1}


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_compressed_and_plain_archives_read_alike(mode):
    assert read(("a", 10), ("b", 20), mode=mode).unpacked_bytes == 30


def test_whiteouts_are_deletions_and_not_files():
    content = read(("etc/.wh.motd", 0), ("srv/.wh..wh..opq", 0), ("srv/new", 5), (".wh.tmp", 0))
    assert content.files == {"/srv/new": 5}
    assert set(content.hidden) == {"/etc/motd", "/tmp"}
    assert content.opaque == ("/srv",)


def test_a_layer_of_nothing_is_empty():
    assert read() == LayerContent({}, (), ())
    assert read(special("srv", tarfile.DIRTYPE)).unpacked_bytes == 0


def test_long_and_foreign_names_are_kept():
    name = "srv/" + "ü" * 60 + "/" + "n" * 150
    assert read((name, 3)).files == {f"/{name}": 3}


@pytest.mark.parametrize("form", ["gnu", "pax"])
def test_a_sparse_file_has_the_size_that_a_program_sees(tmp_path, form):
    tar = shutil.which("tar")
    if tar is None:
        pytest.skip("needs GNU tar to make a sparse archive")
    said = subprocess.run([tar, "--version"], check=True, capture_output=True, text=True)
    if "GNU tar" not in said.stdout:
        pytest.skip("needs GNU tar to make a sparse archive")
    with (tmp_path / "sparse").open("wb") as file:
        file.write(b"head")
        file.truncate(8 << 20)
    (tmp_path / "after").write_bytes(b"x" * 7)
    subprocess.run(
        [tar, "-S", f"--format={form}", "-cf", "layer.tar", "sparse", "after"],
        check=True,
        cwd=tmp_path,
    )
    data = (tmp_path / "layer.tar").read_bytes()
    assert len(data) < 1 << 20, "the archive itself is sparse"
    assert read_layer(io.BytesIO(data)).files == {"/sparse": 8 << 20, "/after": 7}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x28\xb5\x2f\xfd" + bytes(600),  # damaged zstd
        b"<html>not found</html>" * 60,
        archive(("a", 5000), mode="w:gz")[:-30],
        archive(("a", 5000))[:2000],
    ],
    ids=["empty", "zstd", "page", "cut gzip", "cut tar"],
)
def test_what_is_no_whole_archive_is_refused(data):
    with pytest.raises((tarfile.TarError, EOFError)):
        read_layer(io.BytesIO(data))


def archive_with_header(kind: bytes, size: int) -> io.BytesIO:
    """A compressed archive that begins with an extended header of `size` bytes."""
    entry = tarfile.TarInfo("x")
    entry.type, entry.size = kind, size
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as file:
        file.write(entry.tobuf())
        for _ in range(0, size, 2**20):
            file.write(bytes(2**20))
    packed.seek(0)
    return packed


@pytest.mark.parametrize(
    "kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK]
)
def test_a_header_that_unpacks_to_much_more_than_any_has_is_not_read(kind):
    archive = archive_with_header(kind, 64 * 2**20)
    assert len(archive.getvalue()) < 2**20
    tracemalloc.start()
    with pytest.raises(tarfile.ReadError, match="header of 67108864 bytes"):
        read_layer(archive)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 * 2**20


def test_more_paths_than_an_image_has_are_not_held(monkeypatch):
    monkeypatch.setattr("bench.images.layers._MOST_BYTES", 5_000)
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for number in range(100):
            tar.addfile(tarfile.TarInfo(f"file-{number}"))
    archive.seek(0)
    with pytest.raises(tarfile.ReadError, match="more paths"):
        read_layer(archive)


def test_a_big_archive_is_read_in_little_memory():
    """Neither the files' bytes nor the list of tar's own members is held."""
    empty = [(f"usr/lib/python3/package/module_{number}.py", 0) for number in range(5000)]
    data = io.BytesIO(archive(("model.bin", 16 << 20), *empty))
    tracemalloc.start()
    try:
        content = read_layer(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert content.unpacked_bytes == 16 << 20
    assert len(content.files) == 5001
    assert peak < 2_500_000


# waste


def layer(
    files: dict[str, int] | None = None, hidden: tuple[str, ...] = (), opaque: tuple[str, ...] = ()
) -> LayerContent:
    return LayerContent(files or {}, hidden, opaque)


BASE = layer({"/etc/motd": 10, "/srv/a": 100, "/srv/deep/b": 1000, "/srv2": 5})


@pytest.mark.parametrize(
    ("later", "wasted"),
    [
        ([layer({"/srv/c": 7})], 0),
        ([layer({"/srv/a": 1})], 100),
        ([layer({"/srv/a": 0})], 100),
        ([layer(hidden=("/srv/a",))], 100),
        ([layer(hidden=("/srv",))], 1100),
        ([layer({"/srv/new": 3}, hidden=("/srv",))], 1100),
        ([layer({"/srv/new": 3}, opaque=("/srv",))], 1100),
        ([layer(opaque=("/",))], 1115),
        ([layer(opaque=("/srv/deep",))], 1000),
        ([layer({"/srv/a": 100}), layer({"/srv/a": 100})], 200),
        ([layer(hidden=("/srv/a",)), layer({"/srv/a": 9})], 100),
        ([layer({"/srv/a": 9}), layer(hidden=("/srv/a",))], 109),
        ([layer({"/srv": 0})], 1100),  # a folder that became a symbolic link
        ([layer({"/srv2/x": 1})], 5),  # a file that became a folder
        ([layer({"/etc/motd": 10}), layer()], 10),
    ],
)
def test_waste_is_what_a_later_layer_hides(later, wasted):
    assert waste_bytes([BASE, *later]) == wasted


def test_a_single_layer_and_none_at_all_waste_nothing():
    assert waste_bytes([BASE]) == 0
    assert waste_bytes([]) == 0


def test_a_deletion_does_not_reach_into_its_own_layer():
    assert waste_bytes([layer({"/srv/a": 5}, hidden=("/srv/a",), opaque=("/srv",))]) == 0


names = st.sampled_from(["a", "b", "c"])
paths = st.lists(names, min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts))


@st.composite
def layers(draw: st.DrawFn) -> LayerContent:
    files: dict[str, int] = {}
    for path, size in draw(st.lists(st.tuples(paths, st.integers(0, 9)), max_size=5)):
        if not any(_below(path, other) or _below(other, path) for other in files):
            files[path] = size
    # within one layer a path is either there or deleted: the diff of an overlay has no both
    free = paths.filter(lambda path: path not in files)
    hidden = draw(st.lists(free, max_size=2))
    return LayerContent(files, tuple(hidden), tuple(draw(st.lists(paths, max_size=1))))


def _below(path: str, folder: str) -> bool:
    return PurePosixPath(folder) in PurePosixPath(path).parents


def visible_bytes(stack: list[LayerContent]) -> int:
    """What a container of these layers sees, by laying one over the other."""
    seen: dict[str, int] = {}
    for one in stack:
        for path in list(seen):
            if any(path == other or _below(path, other) for other in (*one.hidden, *one.files)):
                del seen[path]  # deleted, overwritten, or below what is no folder any more
            elif any(_below(path, folder) for folder in one.opaque):
                del seen[path]
            elif any(_below(other, path) for other in one.files):
                del seen[path]  # a folder now
        seen |= one.files
    return sum(seen.values())


@given(st.lists(layers(), max_size=4))
def test_all_that_is_shipped_is_either_visible_or_wasted(stack):
    shipped = sum(one.unpacked_bytes for one in stack)
    assert waste_bytes(stack) == shipped - visible_bytes(stack)


# remembering


class Store:
    """A registry in memory that counts what is fetched."""

    def __init__(self, *blobs: bytes) -> None:
        self.blobs = {digest_of(one): one for one in blobs}
        self.fetched: list[str] = []

    @contextmanager
    def blob(self, _: str, digest: str) -> Iterator[io.BytesIO]:
        self.fetched.append(digest)
        if digest not in self.blobs:
            raise RegistryError(digest, "the registry answered 404")
        yield io.BytesIO(self.blobs[digest])

    def manifest(self) -> Manifest:
        blobs = tuple(Blob(digest, len(data), "") for digest, data in self.blobs.items())
        return Manifest("sha256:77", Blob("sha256:c0", 0, ""), blobs)


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def contents(store: Store, folder: Path, manifest: Manifest | None = None) -> Any:
    reader = LayerReader(store, folder)  # type: ignore[arg-type]
    return reader.contents("web", manifest or store.manifest())


FIRST = archive(("a", 10), ("etc/.wh.motd", 0), ("srv/.wh..wh..opq", 0), mode="w:gz")
SECOND = archive(("b", 20))


def test_layers_are_read_base_first(tmp_path):
    found = contents(Store(FIRST, SECOND), tmp_path)
    assert [one.unpacked_bytes for one in found] == [10, 20]


def test_a_layer_is_read_once_and_remembered_as_it_was(tmp_path):
    store = Store(FIRST, SECOND)
    first = contents(store, tmp_path / "facts")
    again = contents(store, tmp_path / "facts")
    assert again == first
    assert again[0].hidden == ("/etc/motd",)
    assert again[0].opaque == ("/srv",)
    assert len(store.fetched) == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:20],
        lambda data: b"not gzip",
        lambda data: data[:-9] + bytes([data[-9] ^ 0xFF]) + data[-8:],
        lambda data: gzip.compress(b"[]"),
        lambda data: gzip.compress(b'{"files": {}}'),
        lambda data: gzip.compress(b"{"),
    ],
)
def test_a_damaged_memory_is_read_anew(tmp_path, damage):
    store = Store(FIRST)
    contents(store, tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(damage(file.read_bytes()))
    assert contents(store, tmp_path)[0].unpacked_bytes == 10
    assert len(store.fetched) == 2


def test_where_nothing_can_be_remembered_it_is_read_each_time(tmp_path):
    (tmp_path / "facts").write_text("a file where a folder should be")
    store = Store(FIRST)
    for _ in range(2):
        assert contents(store, tmp_path / "facts")[0].unpacked_bytes == 10
    assert len(store.fetched) == 2


@pytest.mark.parametrize(
    "bad",
    [b"\x28\xb5\x2f\xfd" + bytes(600), b"", FIRST[: len(FIRST) // 2]],
    ids=["zstd", "empty", "cut"],
)
def test_one_layer_that_cannot_be_read_leaves_the_sizes_unknown(tmp_path, bad):
    assert contents(Store(SECOND, bad), tmp_path) is None


def test_a_layer_that_the_registry_does_not_have_leaves_the_sizes_unknown(tmp_path):
    store = Store(FIRST)
    manifest = store.manifest()
    store.blobs.clear()
    assert contents(store, tmp_path, manifest) is None


@pytest.mark.parametrize("cut", [512 + 1024, 512 + 1024 + 200, 3 * 512 + 1024])
def test_an_archive_that_ends_between_two_files_is_not_taken_for_a_smaller_one(tmp_path, cut):
    """Python's tarfile reads on past a missing end: the digest shows that something is missing."""
    whole = archive(("a", 1000), ("b", 1000), ("c", 1000))
    store = Store(whole)
    manifest = store.manifest()
    store.blobs = dict.fromkeys(store.blobs, whole[:cut])
    assert contents(store, tmp_path, manifest) is None


def test_a_layer_that_was_changed_on_the_disk_is_not_believed(tmp_path):
    store = Store(FIRST)
    manifest = store.manifest()
    store.blobs = dict.fromkeys(store.blobs, archive(("a", 9), mode="w:gz"))
    assert contents(store, tmp_path, manifest) is None
    assert list(tmp_path.iterdir()) == [], "and nothing of it is remembered"

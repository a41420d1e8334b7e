"""Images read from archives, layout folders and registries: all forms alike, and damage told."""

from __future__ import annotations

import gzip
import json
import re
import tarfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.core.errors import RegistryError, UsageError
from bench.images.inspection.inspect import inspect_image
from bench.images.inspection.sources.registry import RegistryImage
from bench.runtimes.managed.registry import Registry
from tests.images.inspection.made import (
    ARCHITECTURE,
    Made,
    archive_of,
    blob_path,
    blobs_of,
    descriptor,
    digest_of,
    layer,
    legacy,
    link,
    oci_archive,
    packed_gzip,
    packed_zstd,
    podman,
    read_archive,
    read_layout,
    saved,
    write_layout,
)
from tests.runtimes.fake_registry import Answer, FakeRegistry

if TYPE_CHECKING:
    from bench.images.inspection.model import Inspection
    from bench.images.inspection.sources.source import ReadImage

MADE = Made(
    (
        layer(
            ("etc/motd", b"hello"), ("usr/bin/app", b"x" * 3000), link("usr/bin/a", "usr/bin/app")
        ),
        layer(("etc/motd", b"good morning"), ("srv/.wh..wh..opq", b"")),
        layer(("root/.ssh/id_rsa", b"-----BEGIN PRIVATE KEY-----\nMII"), ("etc/.wh.motd", b"")),
    ),
    {"User": "app"},
    ("ADD rootfs.tar /", "RUN greet", "COPY id_rsa /root/.ssh/"),
)

FORMS = {
    "legacy": lambda: archive_of(legacy(MADE)),
    "docker save": lambda: archive_of(saved(MADE)),
    "docker save, containerd": lambda: archive_of(saved(MADE, packed_gzip)),
    "podman": lambda: archive_of(podman(MADE)),
    "OCI archive": lambda: archive_of(oci_archive(MADE)),
    "zstd layers": lambda: archive_of(oci_archive(MADE, packed_zstd)),
    "compressed": lambda: gzip.compress(archive_of(saved(MADE))),
}

WHOLE: dict[str, bytes] = {}


def figures(image: ReadImage) -> Inspection:
    found = inspect_image(image)
    layers = tuple(replace(item, digest="", transfer_bytes=None) for item in found.layers)
    return replace(found, image="", source="", digest=None, transfer_bytes=None, layers=layers)


@pytest.fixture(scope="module")
def expected():
    return figures(read_archive(archive_of(legacy(MADE))))


def test_the_figures_are_those_of_the_layers(expected):
    assert [item.unpacked_bytes for item in expected.layers] == [3005, 12, 31]
    assert [item.file_count for item in expected.layers] == [2, 1, 1]
    assert [item.instruction for item in expected.layers] == list(MADE.history)
    assert expected.waste_bytes == 17


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_of_an_archive_gives_the_same_figures(form, expected):
    assert figures(read_archive(form())) == expected


@pytest.mark.parametrize("packed", [packed_gzip, packed_zstd, bytes])
def test_a_layout_folder_gives_the_same_figures(tmp_path, packed, expected):
    assert figures(read_layout(write_layout(tmp_path, MADE, packed))) == expected


def test_the_transfer_size_is_that_of_the_compressed_layers(tmp_path):
    image = inspect_image(read_layout(write_layout(tmp_path, MADE)))
    sizes = [len(packed_gzip(data)) for data in MADE.layers]
    assert [item.transfer_bytes for item in image.layers] == sizes
    assert image.transfer_bytes == sum(sizes)


def test_where_the_layers_are_unpacked_the_transfer_size_is_absent():
    image = inspect_image(read_archive(archive_of(saved(MADE))))
    assert [item.transfer_bytes for item in image.layers] == [None, None, None]
    assert image.transfer_bytes is None


def test_a_layer_that_comes_twice_is_a_link_in_an_old_archive(tmp_path):
    twice = Made((MADE.layers[0], MADE.layers[1], MADE.layers[0]))
    old = figures(read_archive(archive_of(legacy(twice))))
    assert old == figures(read_layout(write_layout(tmp_path, twice)))
    assert old.unpacked_bytes == 2 * 3005 + 12


def test_an_image_without_layers_is_read():
    image = inspect_image(read_archive(archive_of(saved(Made(())))))
    assert (image.layers, image.unpacked_bytes, image.waste_bytes) == ((), 0, 0)


def test_a_layer_without_files_is_read():
    image = inspect_image(read_archive(archive_of(saved(Made((layer(),))))))
    assert [item.unpacked_bytes for item in image.layers] == [0]


def test_long_odd_and_deep_names_are_read():
    deep = "/".join(["d"] * 3000) + "/file"
    names = ["ü" * 120, "a\nb", "with blank ", "n" * 300, deep, "..data", "./x//y"]
    for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        data = layer(*((name, b"12345") for name in names), form=form)
        again = layer((deep, b"1"), form=form)
        image = inspect_image(read_archive(archive_of(saved(Made((data, again))))))
        assert image.unpacked_bytes == 5 * len(names) + 1
        assert [file.path for file in image.wasted] == [f"/{deep}"]


# what is no image, or a damaged one


def refused(data: bytes) -> str:
    with pytest.raises(UsageError) as error:
        read_archive(data)
    assert error.value.exit_code == 2
    return str(error.value)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_an_archive_that_is_cut_off_is_refused_wherever_it_ends(form):
    whole = form()
    for end in range(0, len(whole) - 11_000, 512 * 3 + 100):
        assert "image.tar: " in refused(whole[:end])


@pytest.mark.parametrize("data", [b"", b"\0" * 10_240, b"<html>" * 400, gzip.compress(b"no tar")])
def test_what_is_no_archive_is_refused(data):
    assert "image" in refused(data)


def test_an_archive_of_other_things_is_no_image():
    assert "neither manifest.json nor index.json" in refused(layer(("src/main.c", b"int main;")))


@pytest.mark.parametrize(
    ("form", "needed"),
    [
        (legacy, r"manifest\.json|[0-9a-f]+\.json|.*/layer\.tar"),
        (podman, r".*"),
        (oci_archive, r".*"),
    ],
)
def test_every_file_that_is_missing_is_noticed(form, needed):
    files = form(MADE)
    for name in (name for name in files if re.fullmatch(needed, name)):
        without = {other: data for other, data in files.items() if other != name}
        assert re.search(
            "is missing|neither manifest.json nor index.json", refused(archive_of(without))
        )


@pytest.mark.parametrize("form", [legacy, saved, podman, oci_archive])
def test_a_layer_whose_bytes_are_others_is_refused(form):
    other = layer(("etc/motd", b"HELLO"), ("usr/bin/app", b"x" * 3000))
    files = form(MADE)
    wanted = packed_gzip(MADE.layers[0]) if form is oci_archive else MADE.layers[0]
    placed = packed_gzip(other) if form is oci_archive else other
    changed = {name: placed if data == wanted else data for name, data in files.items()}
    assert changed != files
    assert "is damaged" in refused(archive_of(changed))


def test_a_layer_that_is_no_archive_is_refused():
    made = Made((b"\x1f\x8b" + b"no layer" * 100,))
    assert "cannot be read" in refused(archive_of(saved(made)))


def test_a_configuration_with_other_layers_than_the_manifest_is_refused():
    files = saved(MADE)
    listed = json.loads(files["manifest.json"])
    listed[0]["Layers"].pop()
    files["manifest.json"] = json.dumps(listed).encode()
    assert "2 layers, and its configuration 3" in refused(archive_of(files))


def test_an_archive_of_two_images_names_them():
    files = saved(MADE)
    (one,) = json.loads(files["manifest.json"])
    files["manifest.json"] = json.dumps([one, one | {"RepoTags": ["other:1"]}]).encode()
    assert "2 images: made:latest, other:1" in refused(archive_of(files))


@pytest.mark.parametrize(
    "document", [b"{}", b"[1]", b'[{"Config": 1}]', b'[{"Layers": 1}]', b"[{}]", b"[" * 9999]
)
def test_a_manifest_of_another_form_is_refused(document):
    assert "image.tar" in refused(archive_of(saved(MADE) | {"manifest.json": document}))


def test_too_many_files_are_not_held(monkeypatch):
    monkeypatch.setattr("bench.images.inspection.sources.source._MOST_PATH_BYTES", 1_000)
    assert "more paths than an image has: they take more than 1000 B" in refused(
        archive_of(saved(MADE))
    )


# layouts


def layout_error(folder) -> str:
    with pytest.raises(UsageError) as error:
        read_layout(folder)
    return str(error.value)


def test_every_blob_that_is_missing_or_damaged_is_named(tmp_path):
    write_layout(tmp_path, MADE)
    for path in sorted(tmp_path.glob("blobs/sha256/*")):
        whole = path.read_bytes()
        path.unlink()
        assert f"{path.name} is missing" in layout_error(tmp_path)
        for damaged in (whole[:-8], whole + b" ", b""):
            path.write_bytes(damaged)
            assert path.name in layout_error(tmp_path)
        path.unlink()
        path.mkdir()
        assert "not a file" in layout_error(tmp_path)
        path.rmdir()
        path.write_bytes(whole)
    read_layout(tmp_path)


@pytest.mark.parametrize("digest", ["sha256:../../../etc/passwd", "md5:00", "", None, 3])
def test_a_digest_that_is_none_leads_nowhere(tmp_path, digest):
    write_layout(tmp_path, MADE)
    (tmp_path / "index.json").write_text(json.dumps({"manifests": [{"digest": digest}]}))
    assert "not by a digest" in layout_error(tmp_path)


def test_of_an_index_the_image_for_this_machine_is_read(tmp_path):
    here = {"os": "linux", "architecture": ARCHITECTURE}
    other = {"os": "linux", "architecture": "s390x"}
    attestation = {"os": "unknown", "architecture": "unknown"}
    blobs, index = blobs_of(MADE, packed_gzip)
    (entry,) = json.loads(index)["manifests"]
    manifests = [
        descriptor(b"another", platform=other),
        entry | {"platform": here},
        descriptor(b"proof", platform=attestation),
    ]
    inner = json.dumps({"manifests": manifests}).encode()
    write_layout(tmp_path, MADE)
    (tmp_path / blob_path(digest_of(inner))).write_bytes(inner)
    (tmp_path / "index.json").write_text(json.dumps({"manifests": [descriptor(inner)]}))
    assert read_layout(tmp_path).digest == entry["digest"]
    assert entry["digest"] in blobs
    only = {"manifests": [descriptor(b"another", platform=other)]}
    (tmp_path / "index.json").write_text(json.dumps(only))
    assert f"no image for linux/{ARCHITECTURE}, only for linux/s390x" in layout_error(tmp_path)


def test_a_layout_of_two_images_names_them(tmp_path):
    write_layout(tmp_path, MADE)
    names = [{"org.opencontainers.image.ref.name": name} for name in ("one", "two")]
    entries = [descriptor(name["org.opencontainers.image.ref.name"].encode(), annotations=name)
               for name in names]  # fmt: skip
    (tmp_path / "index.json").write_text(json.dumps({"manifests": entries}))
    assert "has 2 images: one, two" in layout_error(tmp_path)


def test_an_index_that_leads_to_itself_ends(tmp_path):
    """No digest can be that of a document that holds it, but an algorithm may be broken."""
    write_layout(tmp_path, MADE)
    inner = json.dumps({"manifests": []}).encode()
    for _ in range(20):
        (tmp_path / blob_path(digest_of(inner))).write_bytes(inner)
        inner = json.dumps({"manifests": [descriptor(inner)]}).encode()
    (tmp_path / "index.json").write_bytes(inner)
    assert "without end" in layout_error(tmp_path)


# registries


@pytest.fixture
def server():
    fake = FakeRegistry()
    yield fake
    fake.close()


def serve(server: FakeRegistry, made: Made) -> None:
    blobs, index = blobs_of(made, packed_gzip)
    digest = json.loads(index)["manifests"][0]["digest"]
    for name, data in blobs.items():
        server.answers[f"shop/web/blobs/{name}"] = Answer(data)
    server.document("shop/web/manifests/1.4", json.loads(blobs[digest]), digest)


def read_from(server: FakeRegistry):
    registry = Registry(server.address)
    try:
        return RegistryImage(registry, "shop/web", "1.4", ARCHITECTURE).read()
    finally:
        registry.close()


def test_a_registry_gives_the_same_figures_and_the_transfer_size(server, expected):
    serve(server, MADE)
    image = read_from(server)
    assert figures(image) == expected
    sizes = [len(packed_gzip(data)) for data in MADE.layers]
    assert [item.transfer_bytes for item in image.layers] == sizes
    assert image.digest.startswith("sha256:")


@pytest.mark.parametrize("damage", ["missing", "cut", "other", "promised"])
def test_a_layer_that_a_registry_cannot_give_whole_is_its_fault(server, damage):
    serve(server, MADE)
    whole = packed_gzip(MADE.layers[0])
    path = f"shop/web/blobs/{digest_of(whole)}"
    answers = {
        "missing": Answer(b"", 404),
        "cut": Answer(whole[: len(whole) // 2]),
        "other": Answer(packed_gzip(MADE.layers[1])),
        "promised": Answer(whole[:40], promised=len(whole)),
    }
    server.answers[path] = answers[damage]
    with pytest.raises(RegistryError) as error:
        read_from(server)
    assert error.value.exit_code == 3


@given(st.sampled_from(list(FORMS)), st.integers(0), st.binary(min_size=1, max_size=12))
def test_whatever_bytes_are_damaged_it_ends_in_words_or_with_the_figures_of_the_image(
    form, place, damage
):
    """Headers that nothing depends on may change; what is computed is never another figure."""
    whole = WHOLE.setdefault(form, FORMS[form]())
    at = place % len(whole)
    try:
        found = read_archive(whole[:at] + damage + whole[at + len(damage) :])
    except UsageError:
        return
    layers = [layer.scan.content.unpacked_bytes for layer in found.layers]
    assert layers == [3005, 12, 31]

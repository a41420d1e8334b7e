"""`bench inspect` on a real engine, against GNU tar over what the engine saves."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tarfile

import pytest

from bench.runtimes.build_request import BuildRequest
from bench.runtimes.protocol import LABEL

DOCKERFILE = """
FROM {base}
LABEL {label}=kept
RUN echo hello > /www/greeting && echo key > /www/other && cp /bin/busybox /www/program
RUN chown 1000:1000 /www/program && rm /www/other
COPY id_rsa /etc/id_rsa
RUN rm /etc/id_rsa
"""


@pytest.fixture
def image(building, busybox, tmp_path):
    (tmp_path / "id_rsa").write_text("-----BEGIN PRIVATE KEY-----\nMII\n")
    (tmp_path / "Dockerfile").write_text(DOCKERFILE.format(base=busybox, label=LABEL))
    tag = "bench-test/inspected:latest"
    request = BuildRequest(context=tmp_path, dockerfile=tmp_path / "Dockerfile", tag=tag)
    building.builder.build(request)
    yield tag
    building.images.remove(tag)


def listed_bytes(archive: bytes) -> int:
    """The sizes of regular files that GNU tar lists."""
    tar = shutil.which("tar")
    assert tar is not None
    listing = subprocess.run(
        [tar, "--list", "--verbose", "--auto-compress", "--file", "-"],
        input=archive, check=True, capture_output=True,
    ).stdout.decode(errors="replace")  # fmt: skip
    return sum(int(line.split()[2]) for line in listing.splitlines() if line.startswith("-"))


def independent_sizes(saved: bytes) -> list[int]:
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:

        def content(name: str) -> bytes:
            file = archive.extractfile(name)
            assert file is not None
            return file.read()

        (image,) = json.loads(content("manifest.json"))
        return [listed_bytes(content(name)) for name in image["Layers"]]


def test_the_bytes_of_each_layer_are_those_that_tar_lists(bench, building, image):
    done = bench("inspect", image, "--format", "json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    saved = b"".join(building.images.save(image))
    assert [item["unpacked_bytes"] for item in found["layers"]] == independent_sizes(saved)
    assert len(found["layers"]) == 5
    hidden = {(file["path"], file["how"]) for file in found["wasted"]}
    assert {("/www/program", "metadata"), ("/www/other", "deleted")} <= hidden
    (secret,) = found["secrets"]
    assert (secret["path"], secret["layer"], secret["hidden_by"]) == ("/etc/id_rsa", 3, 4)
    assert found["layers"][3]["instruction"].startswith("COPY id_rsa")


def test_the_archive_that_an_engine_saves_gives_the_same(bench, building, image):
    path = bench.folder / "image.tar"
    path.write_bytes(b"".join(building.images.save(image)))
    by_name = json.loads(bench("inspect", image, "--format", "json").stdout)
    by_path = json.loads(bench("inspect", path, "--format", "json").stdout)
    differing = {key for key in by_name if by_name[key] != by_path[key]}
    assert differing == {"image", "source"}


def test_an_image_of_the_registry_has_the_bytes_of_the_transfer(bench, building, busybox):
    building.images.remove(busybox)
    found = json.loads(bench("inspect", busybox, "--format", "json").stdout)
    building_again = list(building.images.pull(busybox))
    assert building_again
    assert found["source"] == "registry"
    assert 0 < found["transfer_bytes"] < found["unpacked_bytes"]


def test_an_image_that_is_not_there_is_an_error_in_words(bench):
    done = bench("inspect", "bench-test/no-such:image")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no such image" in done.stderr
    assert "Traceback" not in done.stderr

"""What is recorded of an image, gathered from a registry."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from bench.core.errors import RegistryError
from bench.images.facts import gather
from bench.images.layers import LayerReader
from bench.runtimes.managed.registry import Registry
from tests.runtimes.fake_registry import Answer, FakeRegistry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.journal.facts.image import ImageFacts


def layer(**files: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, size in files.items():
            member = tarfile.TarInfo(name)
            member.size = size
            tar.addfile(member, io.BytesIO(bytes(size)))
    return buffer.getvalue()


class Image:
    """An image of so many layers in a registry on loopback."""

    def __init__(self, server: FakeRegistry, folder: Path) -> None:
        self._server = server
        self._folder = folder

    def gather(self, config: dict[str, Any], *layers: bytes) -> ImageFacts:
        document = json.dumps(config).encode()
        manifest = {
            "config": self._put(document),
            "layers": [self._put(one) for one in layers],
        }
        self._server.document("web/manifests/latest", manifest, "sha256:77")
        registry = Registry(self._server.address)
        try:
            return gather(
                "bad",
                "web",
                registry.manifest("web", "latest"),
                registry,
                LayerReader(registry, self._folder),
                source="built",
                build_s=1.5,
                engine_size_bytes=999,
            )
        finally:
            registry.close()

    def _put(self, data: bytes) -> dict[str, Any]:
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        self._server.answers[f"web/blobs/{digest}"] = Answer(data)
        return {"digest": digest, "size": len(data)}


@pytest.fixture
def image(tmp_path) -> Iterator[Image]:
    server = FakeRegistry()
    yield Image(server, tmp_path)
    server.close()


FIRST, SECOND = layer(a=1000, b=50), layer(a=7)
HISTORY = {
    "architecture": "amd64",
    "created": "2026-11-22T08:31:07Z",
    "config": {
        "User": "",
        "Cmd": ["serve"],
        "Env": ["TOKEN=secret"],
        "ExposedPorts": {"80/tcp": {}},
    },
    "history": [
        {"created_by": "/bin/sh -c #(nop) ADD file:1a2b in / "},
        {"created_by": '/bin/sh -c #(nop)  CMD ["serve"]', "empty_layer": True},
        {"created_by": "/bin/sh -c apt-get update &&     apt-get install -y curl"},
    ],
}


def test_sizes_and_waste_are_those_of_the_layers(image):
    facts = image.gather(HISTORY, FIRST, SECOND)
    assert facts.size_bytes == 1057
    assert facts.waste_bytes == 1000
    assert [one.unpacked_bytes for one in facts.layers] == [1050, 7]
    assert [one.transfer_bytes for one in facts.layers] == [len(FIRST), len(SECOND)]
    config_bytes = len(json.dumps(HISTORY).encode())
    assert facts.transfer_bytes == len(FIRST) + len(SECOND) + config_bytes
    assert facts.engine_size_bytes == 999


def test_what_trials_pull_is_named_by_its_digest(image):
    facts = image.gather(HISTORY, FIRST, SECOND)
    assert facts.reference.endswith("/web@sha256:77")
    assert (facts.case, facts.digest, facts.source) == ("bad", "sha256:77", "built")


def test_each_layer_stands_beside_the_instruction_that_made_it(image):
    facts = image.gather(HISTORY, FIRST, SECOND)
    assert [one.instruction for one in facts.layers] == [
        "ADD file:1a2b in /",
        "RUN apt-get update && apt-get install -y curl",
    ]


def test_a_history_that_does_not_fit_the_layers_is_not_guessed_at(image):
    facts = image.gather(HISTORY, FIRST, SECOND, layer(c=1))
    assert [one.instruction for one in facts.layers] == ["", "", ""]


@pytest.mark.parametrize(
    ("entry", "instruction"),
    [
        ({"created_by": "RUN /bin/sh -c pip install flask # buildkit"}, "RUN pip install flask"),
        ({"created_by": "COPY app /app # buildkit"}, "COPY app /app"),
        ({"created_by": "WORKDIR /app"}, "WORKDIR /app"),
        ({"created_by": "RUN |1 TOKEN=a b /bin/sh -c make # buildkit"}, "RUN make"),
        ({"created_by": "|1 TOKEN=secret /bin/sh -c make"}, "RUN make"),
        ({"created_by": "/bin/sh -c #(nop) COPY dir:12 in /app "}, "COPY dir:12 in /app"),
        ({"created_by": "/bin/sh -c #(nop) WORKDIR /app"}, "WORKDIR /app"),
        ({"created_by": "/bin/sh -c make"}, "RUN make"),
        ({"created_by": "", "comment": "Imported from -"}, "Imported from -"),
        ({"created_by": "bazel build ..."}, "bazel build ..."),
        ({"created_by": 'RUN ["make", "all"]'}, 'RUN ["make", "all"]'),
        ({}, ""),
    ],
)
def test_an_instruction_reads_as_in_its_dockerfile(image, entry, instruction):
    facts = image.gather({"history": [entry]}, FIRST)
    assert facts.layers[0].instruction == instruction


def test_an_instruction_of_pages_is_cut(image):
    entry = {"created_by": "/bin/sh -c " + "echo hello; " * 500}
    facts = image.gather({"history": [entry]}, FIRST)
    assert len(facts.layers[0].instruction) == 300


def test_of_the_configuration_only_what_says_something_is_kept(image):
    config = image.gather(HISTORY, FIRST, SECOND).config
    assert config == {
        "Cmd": ["serve"],
        "ExposedPorts": {"80/tcp": {}},
        "architecture": "amd64",
        "created": "2026-11-22T08:31:07Z",
    }
    assert "secret" not in json.dumps(config), "the environment may hold secrets"


@pytest.mark.parametrize("config", [{}, {"config": None, "history": None}])
def test_an_image_that_says_nothing_of_itself_is_recorded_all_the_same(image, config):
    facts = image.gather(config, FIRST)
    assert facts.config == {"architecture": "", "created": ""}
    assert facts.size_bytes == 1050


def test_a_layer_that_cannot_be_read_leaves_the_sizes_unknown_and_not_zero(image):
    facts = image.gather(HISTORY, FIRST, b"\x28\xb5\x2f\xfd of zstd" + bytes(600))
    assert (facts.size_bytes, facts.waste_bytes) == (None, None)
    assert [one.unpacked_bytes for one in facts.layers] == [None, None]
    assert facts.transfer_bytes is not None
    assert "image_size_bytes" not in facts.metric_values()
    assert facts.metric_values()["layer_count"] == 2


def test_an_image_without_layers_is_empty(image):
    facts = image.gather({"history": []})
    assert (facts.size_bytes, facts.waste_bytes, facts.layers) == (0, 0, ())


def test_a_registry_that_lost_the_configuration_is_an_error(tmp_path):
    server = FakeRegistry()
    image = Image(server, tmp_path)
    really = image._put

    def lose(data: bytes) -> dict[str, Any]:
        entry = really(data)
        server.answers.clear()
        return entry

    image._put = lose  # type: ignore[method-assign]
    with pytest.raises(RegistryError, match="404"):
        image.gather(HISTORY, FIRST)
    server.close()

"""Reading a registry, against one that is a table of answers on a port of loopback."""

from __future__ import annotations

import json

import pytest

from bench.core.errors import RegistryError
from bench.runtimes.credential import RegistryLogin
from bench.runtimes.managed.registry import Blob, Manifest, Registry
from tests.runtimes.fake_registry import Answer, FakeRegistry

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
INDEX = "application/vnd.oci.image.index.v1+json"


@pytest.fixture
def server():
    fake = FakeRegistry()
    yield fake
    fake.close()


@pytest.fixture
def registry(server):
    registry = Registry(server.address)
    yield registry
    registry.close()


def blob(digest: str, size: int) -> dict[str, object]:
    return {"digest": digest, "size": size, "mediaType": "application/octet-stream"}


IMAGE = {
    "schemaVersion": 2,
    "mediaType": MANIFEST,
    "config": blob("sha256:c0", 500),
    "layers": [blob("sha256:1a", 1000), blob("sha256:2b", 200)],
}


def test_a_manifest_names_its_configuration_and_its_layers(server, registry):
    server.document("quick/web/manifests/latest", IMAGE, "sha256:77")
    manifest = registry.manifest("quick/web", "latest")
    assert manifest.digest == "sha256:77"
    assert manifest.config.size_bytes == 500
    assert [layer.digest for layer in manifest.layers] == ["sha256:1a", "sha256:2b"]
    assert manifest.transfer_bytes == 1700


def test_every_kind_of_manifest_is_asked_for_and_nothing_compressed_on_the_way(server, registry):
    server.document("web/manifests/latest", IMAGE)
    registry.manifest("web", "latest")
    (_, headers) = server.asked[0]
    assert MANIFEST in headers["Accept"]
    assert INDEX in headers["Accept"]
    assert headers["Accept-Encoding"] == "identity"


def test_a_layer_that_stands_there_twice_is_sent_once():
    layer = Blob("sha256:1a", 1000, "")
    manifest = Manifest("sha256:77", Blob("sha256:c0", 500, ""), (layer, layer))
    assert manifest.transfer_bytes == 1500


def entry(digest: str, architecture: str, os: str = "linux") -> dict[str, object]:
    return {"digest": digest, "platform": {"architecture": architecture, "os": os}}


def test_of_an_index_the_architecture_decides(server, registry):
    index = {
        "manifests": [
            {"digest": "sha256:d0"},  # an attestation has no platform
            entry("sha256:a1", "amd64", "windows"),
            entry("sha256:a2", "arm64"),
            entry("sha256:a3", "amd64"),
        ]
    }
    server.document("web/manifests/latest", index)
    server.document("web/manifests/sha256:a3", IMAGE, "sha256:a3")
    assert registry.manifest("web", "latest", "amd64").digest == "sha256:a3"


def test_an_index_without_the_architecture_says_which_was_wanted(server, registry):
    server.document("web/manifests/latest", {"manifests": [entry("sha256:a2", "arm64")]})
    with pytest.raises(RegistryError, match="linux/amd64"):
        registry.manifest("web", "latest", "amd64")


def test_what_is_not_there_is_an_error_with_the_status(server, registry):
    with pytest.raises(RegistryError, match="404"):
        registry.manifest("web", "latest")


def test_a_registry_that_fails_is_an_error(server, registry):
    server.answers["web/manifests/latest"] = Answer(b"oops", 500)
    with pytest.raises(RegistryError, match="500"):
        registry.manifest("web", "latest")


def test_a_registry_that_does_not_answer_has_a_remedy(server, registry, tmp_path):
    server.close()
    own = Registry(registry.address, RegistryLogin(tmp_path, frozenset({registry.address})))
    for asked, remedy in ((own, "bench engine up"), (registry, "check its address")):
        with pytest.raises(RegistryError, match="does not answer") as caught:
            asked.manifest("web", "latest")
        assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b'{"schemaVersion": 1, "fsLayers": []}',
        b'{"config": {"digest": "sha256:c0"}, "layers": []}',
        b'{"manifests": [{"platform": {"architecture": "amd64", "os": "linux"}}]}',
    ],
)
def test_what_is_no_manifest_is_an_error(server, registry, body):
    server.answers["web/manifests/latest"] = Answer(body, headers={"Docker-Content-Digest": "x"})
    with pytest.raises(RegistryError, match="not a manifest"):
        registry.manifest("web", "latest", "amd64")


def test_a_manifest_without_a_digest_is_an_error(server, registry):
    server.answers["web/manifests/latest"] = Answer(json.dumps(IMAGE).encode())
    with pytest.raises(RegistryError, match="not a manifest"):
        registry.manifest("web", "latest")


def the_manifest() -> Manifest:
    return Manifest("sha256:77", Blob("sha256:c0", 500, ""), ())


def test_the_configuration_is_the_blob_that_the_manifest_names(server, registry):
    server.document("web/blobs/sha256:c0", {"architecture": "amd64"})
    assert registry.config("web", the_manifest()) == {"architecture": "amd64"}


def test_a_configuration_that_is_no_json_is_an_error(server, registry):
    server.answers["web/blobs/sha256:c0"] = Answer(b"\x1f\x8b")
    with pytest.raises(RegistryError, match="configuration"):
        registry.config("web", the_manifest())


def test_a_blob_comes_as_it_lies_there(server, registry):
    server.answers["web/blobs/sha256:1a"] = Answer(
        b"\x1f\x8bcompressed", headers={"Content-Encoding": "gzip"}
    )
    with registry.blob("web", "sha256:1a") as stream:
        assert stream.read() == b"\x1f\x8bcompressed"


def test_a_blob_that_breaks_off_is_an_error_of_the_registry(server, registry):
    server.answers["web/blobs/sha256:1a"] = Answer(b"half", promised=1000)

    def read() -> None:
        with registry.blob("web", "sha256:1a") as stream:
            while stream.read(100):
                pass

    with pytest.raises(RegistryError, match="broke off"):
        read()


def test_no_proxy_stands_between(server, registry, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    server.document("web/manifests/latest", IMAGE)
    assert registry.manifest("web", "latest").layers

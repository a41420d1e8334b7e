"""What an image stands on."""

from __future__ import annotations

import json

import pytest

from bench.core.errors import RegistryError
from bench.images.bases.layers import push_base, shared_layers
from bench.runtimes.managed.registry import Registry
from tests.pulls import manifest_of
from tests.runtimes.fake_registry import FakeRegistry


def test_layers_are_shared_where_all_of_the_base_are_the_images_first():
    assert shared_layers(["a", "b"], ["a", "b", "c"]) == 2
    assert shared_layers(["a", "b"], ["a", "c"]) == 0
    assert shared_layers(["a", "b"], ["a"]) == 0
    assert shared_layers([], ["a"]) == 0


@pytest.fixture
def server():
    server = FakeRegistry()
    yield server
    server.close()


def test_an_image_of_the_bases_layers_has_the_digests_of_the_cases_manifest(server):
    registry, manifest = Registry(server.address), manifest_of("web", 100, 200, 300)
    config = {"architecture": "amd64", "os": "linux", "rootfs": {"diff_ids": ["x", "y", "z"]}}
    reference = push_base(registry, "q/web", manifest, config, 2, {"label": "run"})
    registry.close()
    pushed = json.loads(server.taken["/v2/q/web/manifests/bench-base"])
    assert [one["digest"] for one in pushed["layers"]] == [
        one.digest for one in manifest.layers[:2]
    ]
    (data,) = [body for path, body in server.taken.items() if "digest=" in path]
    assert json.loads(data)["rootfs"] == {"type": "layers", "diff_ids": ["x", "y"]}
    assert json.loads(data)["config"] == {"Labels": {"label": "run"}}
    assert reference.startswith(f"{server.address}/q/web@sha256:")


def test_a_registry_that_takes_nothing_is_an_error(server):
    server.refuses = True
    registry = Registry(server.address)
    config = {"rootfs": {"diff_ids": ["x"]}}
    with pytest.raises(RegistryError, match="answered 405"):
        push_base(registry, "q/web", manifest_of("web", 1), config, 1, {})
    registry.close()

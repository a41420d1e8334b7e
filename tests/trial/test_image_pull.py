"""The proof of what a pull has fetched: by the stream, and by what the registry served."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bench.core.domain import TrialStatus
from bench.images.bases.layers import BaseLayers
from bench.runtimes.managed.access_log import AccessLog, Served
from bench.trial.image_pull import achieved_bit_s, why_not_served
from tests.analysis.test_pull_path import layer
from tests.pulls import cold_stream, manifest_of
from tests.trial.lab import REFERENCE

if TYPE_CHECKING:
    from bench.runtimes.managed.registry import Manifest

MANIFEST = manifest_of("web", 4096, 100)
BASE = BaseLayers(1, "127.0.0.1:5000/quick/web@sha256:base")


def served(manifest: Manifest, *, without: int = 0) -> dict[str, Served]:
    blobs = (*manifest.layers[without:], manifest.config)
    return {blob.digest: Served(1, blob.size_bytes) for blob in blobs}


def test_every_layer_and_the_configuration_once_in_full_is_what_a_cold_pull_takes():
    assert why_not_served(MANIFEST, 0, served(MANIFEST)) == ""


def test_a_blob_that_the_registry_never_served_was_there_already():
    found = served(MANIFEST)
    del found[MANIFEST.layers[1].digest]
    assert why_not_served(MANIFEST, 0, found) == "the registry served 2 of 3 blobs"


def test_more_bytes_than_the_manifest_says_are_no_proof_either():
    digest = MANIFEST.layers[0].digest
    found = served(MANIFEST) | {digest: Served(2, 5000)}
    assert why_not_served(MANIFEST, 0, found) == (
        f"the registry served 5000 bytes of {digest[7:19]} in 2 requests, the manifest says 4096"
    )


def test_a_blob_of_another_image_is_named():
    stranger = "sha256:" + "c" * 64
    found = served(MANIFEST) | {stranger: Served(1, 1)}
    assert "a blob not of this image" in why_not_served(MANIFEST, 0, found)


def test_with_the_base_there_exactly_the_layers_above_it_are_fetched():
    assert why_not_served(MANIFEST, 1, served(MANIFEST, without=1)) == ""
    assert "a layer of the base" in why_not_served(MANIFEST, 1, served(MANIFEST))


def test_a_layer_that_stands_in_the_image_twice_is_served_once():
    twice = replace(MANIFEST, layers=(*MANIFEST.layers, MANIFEST.layers[1]))
    assert why_not_served(twice, 0, served(MANIFEST)) == ""


def test_the_achieved_rate_is_what_came_while_something_was_being_downloaded():
    layers = [layer(0, 0.0, 0.0, 1.0, 0.0, 1.0), layer(1, 0.0, 0.0, 2.0, 0.0, 1.0)]
    assert achieved_bit_s(layers) == 8000.0  # 2000 bytes in 2 s
    unseen = layer(2, 0.0, 0.5, None, 0.0, 1.0)
    assert achieved_bit_s([*layers, unseen]) == 8000.0
    assert achieved_bit_s([unseen]) is None
    hidden = [replace(one, hold_s=None, extract_s=None) for one in layers]
    assert achieved_bit_s(hidden) == 8000.0  # an engine that hides the extraction


# in a trial


@pytest.fixture
def log(bench, tmp_path):
    path = tmp_path / "access.log"
    path.write_text("")
    bench.access_log = AccessLog(path)
    return path


def write(path, manifest: Manifest, *, without: int = 0) -> None:
    with path.open("a") as file:
        for digest, one in served(manifest, without=without).items():
            request = f'"GET /v2/quick/web/blobs/{digest} HTTP/1.1" 200 {one.size_bytes} ""'
            file.write(f"127.0.0.1 - - [x] {request}\n")


def serve_at_create(bench, log, *, without: int = 0) -> None:
    """The lines come when the pull is over, as they do."""

    def on_call(name: str) -> None:
        if name == "create":
            write(log, MANIFEST, without=without)

    bench.engine.on_call = on_call


def test_a_trial_keeps_what_was_served(bench, log):
    serve_at_create(bench, log)
    assert bench.run() is TrialStatus.OK
    facts = bench.ended["facts"]["served"]
    assert (facts["requests"], facts["size_bytes"]) == (3, 4096 + 100 + 1512)
    assert facts["blobs"][MANIFEST.layers[1].digest] == {"requests": 1, "size_bytes": 100}


def test_a_trial_that_the_log_does_not_bear_out_is_invalid(bench, log):
    assert bench.run() is TrialStatus.INVALID
    assert bench.ended["reason"] == "not a cold pull: the registry served 0 of 3 blobs"


def test_what_was_served_before_the_trial_does_not_count(bench, log):
    write(log, MANIFEST)
    assert bench.run() is TrialStatus.INVALID


def test_an_image_that_fails_in_the_wrong_state_is_no_failure_of_the_image(bench, log):
    assert bench.run({"ready": {"log": "^never$", "timeout": "50ms"}}) is TrialStatus.INVALID


def test_a_log_that_cannot_be_read_proves_nothing(bench, log):
    log.unlink()
    assert bench.run() is TrialStatus.INVALID
    assert bench.ended["reason"] == "not a cold pull: the registry's access log cannot be read"


def test_a_trial_on_its_base_is_pulled_after_the_base_and_only_that(bench, log):
    first, *others = cold_stream(MANIFEST)
    base = MANIFEST.layers[0].digest[7:19]
    lines = [one for one in others if one.get("id") != base]
    bench.engine.streams[REFERENCE] = [[first, {"status": "Already exists", "id": base}, *lines]]
    serve_at_create(bench, log, without=1)
    bench.base = BASE
    assert bench.run(cache="base") is TrialStatus.OK
    assert bench.engine.pulls_of == [BASE.reference, REFERENCE]
    assert bench.ended["facts"]["downloaded_bytes"] == 100
    assert "pull" in bench.phases


def test_a_base_that_was_not_there_makes_the_trial_invalid(bench, log):
    serve_at_create(bench, log)
    bench.base = BASE
    assert bench.run(cache="base") is TrialStatus.INVALID
    assert bench.ended["reason"] == (
        "not a pull from base: 1 of 1 layers of its base were fetched again"
    )


def test_without_a_log_the_stream_is_the_only_proof(bench):
    assert bench.run() is TrialStatus.OK
    assert "served" not in bench.ended["facts"]

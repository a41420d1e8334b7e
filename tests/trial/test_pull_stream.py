"""A pull taken apart, on streams as engines send them; what they are stands in their files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.journal.facts.image import LayerFacts
from bench.runtimes.docker.pull_lines import pull_line
from bench.runtimes.managed.registry import Blob, Manifest
from bench.trial.pull_stream import PullRecorder

STREAMS = Path(__file__).parents[1] / "data" / "pull_streams"
COLD = [
    "overlay2_recorded_six_layers",
    "overlay2_recorded_copy",
    "overlay2_cold",
    "containerd_cold",
    "containerd_26_cold",
    "containerd_26_recorded_cold",
    "containerd_attestation",
    "podman_cold",
    "repeated_digest",
    "retry",
    "small_layers",
]
BASE, DEPS, APP, TINY = 31_415_926, 8_388_608, 61_204, 1_093


def recorded(name: str) -> tuple[Manifest, PullRecorder]:
    """The manifest and the recorder that took the lines of a stream."""
    recorder = PullRecorder(10**9)
    head, *lines = map(json.loads, (STREAMS / f"{name}.jsonl").read_text().splitlines())
    for line in lines:
        recorder.line(round(line["at_ms"] * 1e6) + 10**9, pull_line(line["line"]))
    return manifest_in(head["manifest"]), recorder


def manifest_in(document: dict[str, Any]) -> Manifest:
    return Manifest(
        digest=document["digest"],
        config=Blob(document["config"]["digest"], document["config"]["size"], ""),
        layers=tuple(Blob(one["digest"], one["size"], "") for one in document["layers"]),
    )


def intervals(name: str) -> list[dict[str, float | None]]:
    """Milliseconds of each layer of a stream."""
    manifest, recorder = recorded(name)
    return [
        {
            part: None
            if (seconds := getattr(one, f"{part}_s")) is None
            else round(seconds * 1e3, 1)
            for part in ("queue", "download", "hold", "extract")
        }
        for one in recorder.intervals(manifest.layers, ())
    ]


def test_every_recorded_stream_is_looked_at():
    named = {
        *COLD,
        "overlay2_already_exists",
        "containerd_present",
        "containerd_26_recorded_present",
        "podman_present",
        "error",
    }
    assert named == {path.stem for path in STREAMS.glob("*.jsonl")}


# The proof of coldness


@pytest.mark.parametrize("name", COLD)
def test_a_pull_that_brings_every_layer_is_cold(name):
    manifest, recorder = recorded(name)
    assert recorder.why_not_cold(manifest) == ""


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("overlay2_already_exists", "1 of 3 layers were already there"),
        ("containerd_present", "the stream does not show 3 of 3 layers being fetched"),
        (
            "containerd_26_recorded_present",
            "the stream does not show 4 of 4 layers being fetched",
        ),
        ("podman_present", "4 of 4 layers were already there"),
        ("error", "the stream does not show 2 of 2 layers being fetched"),
    ],
)
def test_any_other_pull_says_why_it_is_not(name, reason):
    manifest, recorder = recorded(name)
    assert recorder.why_not_cold(manifest) == reason


def test_a_layer_of_another_size_than_the_manifest_has_is_not_the_one_that_was_meant():
    manifest, recorder = recorded("overlay2_cold")
    first = manifest.layers[0]
    grown = Manifest(
        manifest.digest, manifest.config, (Blob(first.digest, 7, ""), *manifest.layers[1:])
    )
    reason = recorder.why_not_cold(grown)
    assert reason == f"layer {first.digest[7:19]} was {BASE} bytes, its manifest says 7"


def test_a_layer_that_the_stream_never_names_is_missed():
    manifest, recorder = recorded("overlay2_cold")
    extra = Blob("sha256:" + "f" * 64, 10, "")
    longer = Manifest(manifest.digest, manifest.config, (*manifest.layers, extra))
    assert recorder.why_not_cold(longer) == "the stream does not show 1 of 4 layers being fetched"


def test_a_layer_that_is_no_part_of_the_image_was_not_to_be_fetched():
    manifest, recorder = recorded("overlay2_cold")
    shorter = Manifest(manifest.digest, manifest.config, manifest.layers[:2])
    assert recorder.why_not_cold(shorter) == "1 layer came that its manifest does not have"


def test_without_a_manifest_the_stream_alone_must_show_layers_and_none_that_was_there():
    assert recorded("overlay2_cold")[1].why_not_cold(None) == ""
    assert recorded("containerd_26_cold")[1].why_not_cold(None) == ""
    assert recorded("overlay2_already_exists")[1].why_not_cold(None) == (
        "1 of 3 layers were already there"
    )
    assert recorded("containerd_present")[1].why_not_cold(None) == (
        "the stream does not show a layer being fetched"
    )


def test_an_image_without_layers_is_cold_when_nothing_was_fetched():
    manifest = recorded("overlay2_cold")[0]
    empty = Manifest(manifest.digest, manifest.config, ())
    assert PullRecorder(0).why_not_cold(empty) == ""


# What was fetched


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("overlay2_cold", BASE + DEPS + APP),
        ("overlay2_already_exists", DEPS + APP),
        ("containerd_cold", BASE + DEPS + APP),
        ("containerd_26_cold", BASE + DEPS + APP),
        ("containerd_present", 0),
        ("containerd_attestation", BASE + DEPS + APP),
        ("repeated_digest", BASE + DEPS + TINY),
        ("retry", BASE + DEPS),
        ("error", 0),
        ("small_layers", APP + TINY),
    ],
)
def test_each_distinct_layer_that_was_fetched_counts_once_with_its_compressed_size(name, size):
    manifest, recorder = recorded(name)
    assert recorder.downloaded_bytes(manifest) == size


@pytest.mark.parametrize(
    "name", [*sorted({*COLD} - {"podman_cold"}), "containerd_present", "overlay2_already_exists"]
)
def test_the_digest_that_the_stream_ends_with_is_kept(name):
    manifest, recorder = recorded(name)
    assert recorder.digest == manifest.digest


def test_podman_says_neither_the_digest_nor_when_a_download_began():
    manifest, recorder = recorded("podman_cold")
    assert recorder.digest == ""
    assert recorder.downloaded_bytes(manifest) == 1_065_111 + 2_000_867 + 2 * 2_000_862
    for layer in intervals("podman_cold"):
        assert layer.pop("queue") is not None
        assert set(layer.values()) == {None}


def test_a_stream_that_broke_off_has_no_digest():
    assert recorded("error")[1].digest == ""


# The time line of each layer


def test_a_layer_waits_downloads_is_held_until_its_parent_is_there_and_is_extracted():
    assert intervals("overlay2_cold") == [
        {"queue": 11.2, "download": 221.3, "hold": 10.9, "extract": 307.9},
        {"queue": 9.3, "download": 153.3, "hold": 395.1, "extract": 88.2},
        {"queue": 5.1, "download": 1.6, "hold": 643.5, "extract": 5.3},
    ]


@pytest.mark.parametrize("name", ["overlay2_cold", "containerd_cold", "retry", "small_layers"])
def test_the_parts_of_a_layer_add_up_from_its_first_line_to_its_last(name):
    manifest, recorder = recorded(name)
    for layer in recorder.intervals(manifest.layers, ()):
        moments = recorder.layers[layer.digest[7:19]]
        parts = (layer.queue_s, layer.download_s, layer.hold_s, layer.extract_s)
        assert moments.done_ns is not None
        assert sum(part or 0 for part in parts) == pytest.approx(
            (moments.done_ns - moments.announced_ns) / 1e9
        )


def test_whole_seconds_of_extraction_are_no_sizes_and_stamps_come_from_the_arrival():
    assert intervals("containerd_cold")[0] == {
        "queue": 96.3,
        "download": 200.1,
        "hold": 0.2,
        "extract": 1299.5,
    }


def test_where_the_stream_says_nothing_of_the_extraction_neither_do_we():
    assert intervals("containerd_26_cold")[1] == {
        "queue": 96.3,
        "download": 100.1,
        "hold": None,
        "extract": None,
    }


def test_a_download_that_was_never_seen_has_no_length_rather_than_none_at_all():
    assert intervals("small_layers") == [
        {"queue": 5.0, "download": None, "hold": 3.3, "extract": 3.7},
        {"queue": 3.1, "download": None, "hold": 10.2, "extract": 2.5},
    ]


def test_a_download_that_was_tried_again_lasts_until_it_succeeded():
    assert intervals("retry")[0] == {
        "queue": 11.2,
        "download": 5321.3,
        "hold": 10.9,
        "extract": 307.9,
    }


def test_the_second_copy_of_a_layer_is_not_pulled_again():
    manifest, recorder = recorded("repeated_digest")
    layers = recorder.intervals(manifest.layers, ())
    assert [layer.index for layer in layers] == [0, 1, 2, 3]
    assert [layer.status for layer in layers] == [
        "Pull complete",
        "Pull complete",
        "Pull complete",
        "the same as layer 1",
    ]
    assert (layers[1].download_s, layers[1].extract_s) == pytest.approx((0.0001, 0.0027))
    assert (layers[3].queue_s, layers[3].download_s) == (None, None)
    assert (layers[3].hold_s, layers[3].extract_s) == (None, None)
    assert layers[3].transfer_bytes == TINY


def test_a_layer_that_was_there_and_one_that_was_never_named_say_so_and_have_no_times():
    manifest, recorder = recorded("overlay2_already_exists")
    layers = recorder.intervals((*manifest.layers, Blob("sha256:" + "f" * 64, 10, "")), ())
    assert [layer.status for layer in layers] == [
        "Already exists",
        "Pull complete",
        "Pull complete",
        "not in the stream",
    ]
    for index in (0, 3):
        assert layers[index].queue_s is None
        assert layers[index].download_s is None
        assert layers[index].extract_s is None


def test_each_layer_is_told_what_made_it_as_far_as_that_is_known():
    manifest, recorder = recorded("overlay2_cold")
    facts = [LayerFacts(manifest.layers[0].digest, "FROM debian", BASE, 80_000_000)]
    layers = recorder.intervals(manifest.layers, facts)
    assert (layers[0].instruction, layers[0].unpacked_bytes) == ("FROM debian", 80_000_000)
    assert (layers[1].instruction, layers[1].unpacked_bytes) == ("", None)


def test_lines_that_name_no_layer_are_passed_over():
    recorder = PullRecorder(0)
    for line in (
        {"status": "Pulling from library/x", "id": "latest"},
        {"status": "Pulling from library/x", "id": "202611220831"},
        {"status": "Status: Downloaded newer image for x"},
        {"status": "Downloading", "id": "not-hex-at-a"},
        {},
    ):
        recorder.line(1, pull_line(line))
    assert recorder.layers == {}

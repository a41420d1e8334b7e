"""A pull taken apart, on streams as engines send them and on layers made up for it."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from bench.analysis.pull_path import PullPath, Step, covered_s, critical_path
from bench.journal.facts.pull import LayerPull
from bench.runtimes.managed.registry import Manifest
from tests.trial.test_pull_stream import STREAMS, recorded

CLOSING = [
    "overlay2_cold",
    "overlay2_already_exists",
    "overlay2_recorded_six_layers",
    "overlay2_recorded_copy",
    "containerd_cold",
    "repeated_digest",
    "retry",
    "small_layers",
]


def path_of(name: str) -> PullPath:
    manifest, recorder = recorded(name)
    head, *lines = map(json.loads, (STREAMS / f"{name}.jsonl").read_text().splitlines())
    wall_s = head.get("wall_ms", lines[-1]["at_ms"]) / 1e3
    return critical_path(recorder.intervals(manifest.layers, ()), wall_s)


def steps(path: PullPath) -> list[tuple[str, int | None]]:
    """The steps of some length."""
    return [(one.step.value, one.index) for one in path.steps if one.duration_s > 1e-4]


def layer(
    index: int,
    announced: float | None,
    *parts: float | None,
    status: str = "Pull complete",
) -> LayerPull:
    queue, download, hold, extract = parts or (None,) * 4
    return LayerPull(
        index, f"sha256:{index}", "", 1000, None, queue, download, hold, extract, status, announced
    )


@pytest.mark.parametrize("name", CLOSING)
def test_the_steps_of_the_path_follow_each_other_from_the_request_to_the_end(name):
    path = path_of(name)
    assert path.unreliable == ""
    assert path.steps[0].start_s == 0
    assert path.steps[-1].end_s == path.wall_s
    for one, other in pairwise(path.steps):
        assert one.end_s == pytest.approx(other.start_s)
        assert one.duration_s > -1e-9


@pytest.mark.parametrize("name", CLOSING)
def test_what_it_explains_is_the_pull_within_2_percent_or_200_ms(name):
    path = path_of(name)
    explained_s = sum(
        path.total_s(one)
        for one in (Step.RESOLVE, Step.QUEUE, Step.DOWNLOAD, Step.HOLD, Step.EXTRACT)
    )
    assert explained_s == pytest.approx(path.wall_s, rel=0.02, abs=0.2)
    assert path.unexplained_s == pytest.approx(path.wall_s - explained_s)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("containerd_26_cold", "does not show the extraction of 3 of 3 layers"),
        ("containerd_attestation", "does not show the extraction of 2 of 3 layers"),
        ("containerd_present", "does not show a layer being fetched"),
        ("error", "does not show the extraction of 1 of 1 layers"),
    ],
)
def test_a_stream_that_says_too_little_gives_no_path_and_says_so(name, reason):
    path = path_of(name)
    assert reason in path.unreliable
    assert path.steps == ()


def test_the_largest_layer_and_then_the_extractions_are_what_a_pull_waits_for():
    assert steps(path_of("overlay2_recorded_six_layers")) == [
        ("resolve", None),
        ("queue", 0),
        ("download", 0),
        ("hold", 0),
        ("extract", 0),
        ("hold", 1),
        ("extract", 1),
        ("hold", 2),
        ("extract", 2),
        ("hold", 3),
        ("extract", 3),
        ("hold", 4),
        ("extract", 4),
        ("hold", 5),
        ("extract", 5),
        ("finish", None),
    ]


def test_the_second_copy_of_a_layer_is_extracted_again_without_a_word():
    path = path_of("overlay2_recorded_copy")
    last = path.steps[-1]
    assert (last.step, last.index) == (Step.EXTRACT, 3)
    assert last.duration_s == pytest.approx(0.0627, abs=1e-3)


def test_a_download_that_comes_after_the_extraction_below_it_is_what_was_waited_for():
    layers = [layer(0, 0.1, 0.0, 1.0, 0.0, 0.5), layer(1, 0.1, 0.0, 4.0, 0.0, 0.3)]
    path = critical_path(layers, 4.4)
    assert steps(path) == [("resolve", None), ("download", 1), ("extract", 1)]
    assert path.download_s == pytest.approx(4.0)
    assert path.extract_s == pytest.approx(0.8)


def test_a_layer_that_waited_for_a_slot_leads_to_the_download_that_had_it():
    layers = [
        layer(0, 0.1, 0.0, 3.0, 0.0, 0.1),
        layer(1, 0.1, 0.0, 1.0, 2.1, 0.1),
        layer(2, 0.1, 0.0, 2.0, 1.2, 0.1),
        layer(3, 0.1, 1.0, 5.0, 0.0, 0.2),
    ]
    path = critical_path(layers, 6.3)
    assert steps(path) == [
        ("resolve", None),
        ("download", 1),
        ("download", 3),
        ("extract", 3),
    ]
    assert path.unreliable == ""


def test_small_layers_that_were_there_at_the_same_moment_lead_nowhere_in_circles():
    layers = [layer(index, 0.1, 0.5, None, 0.0, 0.1) for index in range(5)]
    assert critical_path(layers, 0.75).total_s(Step.QUEUE) == pytest.approx(0.5)


def test_with_no_more_layers_than_slots_a_late_download_waited_for_nobody():
    layers = [layer(0, 0.1, 0.0, 0.4, 0.0, 0.1), layer(1, 0.1, 1.0, 2.0, 0.0, 0.1)]
    assert steps(critical_path(layers, 3.2)) == [
        ("resolve", None),
        ("queue", 1),
        ("download", 1),
        ("extract", 1),
    ]


def test_layers_that_were_there_are_no_part_of_the_path():
    layers = [layer(0, 0.1, status="Already exists"), layer(1, 0.1, 0.1, 1.0, 0.0, 1.0)]
    assert steps(critical_path(layers, 2.2)) == [
        ("resolve", None),
        ("queue", 1),
        ("download", 1),
        ("extract", 1),
    ]


def test_what_the_engine_takes_to_begin_an_extraction_is_a_step_of_its_own():
    layers = [layer(0, 0.1, 0.0, 1.0, 0.3, 0.5), layer(1, 0.1, 0.0, 1.0, 1.0, 0.4)]
    path = critical_path(layers, 2.5)
    assert path.total_s(Step.HOLD) == pytest.approx(0.3 + 0.2)
    assert path.unreliable == ""


def test_extractions_side_by_side_make_it_unreliable():
    layers = [layer(0, 0.1, 0.0, 1.0, 0.0, 2.0), layer(1, 0.1, 0.0, 1.5, 0.0, 3.0)]
    path = critical_path(layers, 4.6)
    assert path.unexplained_s == pytest.approx(-1.5)
    assert path.unreliable == "its critical path adds up to 6.10 s, the pull took 4.60 s"


def test_much_after_the_last_word_on_a_layer_makes_it_unreliable():
    path = critical_path([layer(0, 0.1, 0.0, 1.0, 0.0, 0.9)], 3.0)
    assert path.unreliable == "its critical path adds up to 2.00 s, the pull took 3.00 s"


@pytest.mark.parametrize(("wall_s", "closes"), [(2.19, True), (2.21, False)])
def test_short_of_ten_seconds_200_ms_may_be_missing(wall_s, closes):
    path = critical_path([layer(0, 0.0, 0.0, 1.0, 0.0, 1.0)], wall_s)
    assert (path.unreliable == "") is closes


@pytest.mark.parametrize(("wall_s", "closes"), [(101.9, True), (102.2, False)])
def test_above_that_2_percent_may_be(wall_s, closes):
    path = critical_path([layer(0, 0.0, 0.0, 50.0, 0.0, 50.0)], wall_s)
    assert (path.unreliable == "") is closes


def test_a_journal_without_the_announcements_cannot_be_taken_apart():
    path = critical_path([layer(0, None, 0.0, 1.0, 0.0, 1.0)], 2.0)
    assert path.unreliable == "when each layer was announced is not recorded"


def test_swapped_lines_give_no_time_rather_than_a_negative_one():
    manifest, recorder = recorded("overlay2_cold")
    first = recorder.layers[manifest.layers[0].digest[7:19]]
    assert first.downloaded_ns is not None
    first.extracting_ns = first.downloaded_ns - 5
    one = Manifest(manifest.digest, manifest.config, manifest.layers[:1])
    (found,) = recorder.intervals(one.layers, ())
    assert found.hold_s is None
    assert "does not show the extraction" in critical_path([found], 1.0).unreliable


def test_overlapping_spans_are_covered_once():
    assert covered_s([(1.0, 3.0), (2.0, 4.0), (6.0, 7.0), (6.2, 6.5)]) == pytest.approx(4.0)
    assert covered_s([]) == 0

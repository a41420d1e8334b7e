"""The picture of pull and start over the size of the image."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from bench.report.plots.svg import svg_text
from bench.report.plots.weight import weight_curves, weight_words, weights
from bench.results.run import load_run
from tests.journals import GOOD, SHAPES, Build, write_journal


def run_of(folder, **sizes_mib: float):
    """A run with a case for each size."""
    shapes = {name: replace(GOOD, layers=(("COPY . /", size),)) for name, size in sizes_mib.items()}
    build = Build(
        cases=tuple(sizes_mib), troubles={}, shapes=SHAPES | shapes, need=False, cut=False
    )
    return load_run(write_journal(folder, build))


@pytest.fixture
def four(tmp_path):
    return run_of(tmp_path, heavy=400.0, light=2.0, middle=60.0, alike=63.0)


def test_cases_are_there_from_the_lightest_with_every_cold_trial(four):
    found = weights(four)
    assert [one.case for one in found] == ["light", "middle", "alike", "heavy"]
    assert {(len(one.pull_s), len(one.start_s)) for one in found} == {(6, 6)}


def test_two_sizes_show_nothing_of_how_something_goes_with_size(tmp_path):
    assert weights(run_of(tmp_path, one=10.0, other=200.0, alike=210.0)) == []


def test_cases_of_about_the_same_size_have_one_name_in_the_picture(four):
    svg = svg_text(weight_curves(four, weights(four)), "weight")
    words = {text.strip() for text in ET.fromstring(svg).itertext()}
    assert {"light", "middle and 1 more", "heavy", "pull", "start call"} <= words


def test_of_two_names_side_by_side_one_stands_above_and_one_below(tmp_path):
    run = run_of(tmp_path, light=2.0, middle=270.0, heavy=330.0)
    pull, _ = weight_curves(run, weights(run)).axes
    sides = {text.get_text(): text.get_verticalalignment() for text in pull.texts}
    assert sides == {"light": "bottom", "middle": "bottom", "heavy": "top"}


def test_in_words_each_case_has_its_size_and_medians(four):
    first, *_ = weight_words(weights(four)).split("; ")
    assert first.startswith("light: 2.00 MiB, pull ")
    assert ", start " in first

"""Finding figures in lines of output, and in an output that comes in pieces."""

from __future__ import annotations

import json

import pytest

from bench.analysis.workload import workload_metrics
from bench.core.clock import SystemClock
from bench.journal.facts.form import written
from bench.observe.figures import FigureSearch
from bench.observe.output import OutputWatch
from bench.scenario.figures import WorkloadMetric
from tests.facts import facts_of
from tests.fakes import FakeOutput


def by_pattern(pattern: str, take: str = "last") -> WorkloadMetric:
    return WorkloadMetric.model_validate(
        {"pattern": pattern, "unit": "s", "better": "lower", "take": take}
    )


def by_key(key: str, take: str = "last") -> WorkloadMetric:
    return WorkloadMetric.model_validate(
        {"json_key": key, "unit": "s", "better": "lower", "take": take}
    )


def figures(metric: WorkloadMetric, *lines: str) -> dict[str, float]:
    search = FigureSearch({"m": metric})
    for line in lines:
        search.take(line)
    return workload_metrics(facts_of(figures=json.loads(json.dumps(written(search.facts())))))


def test_the_group_of_a_pattern_is_the_number():
    assert figures(by_pattern(r"took ([0-9.]+) s"), "epoch 1 took 2.5 s") == {"m": 2.5}


def test_of_several_groups_the_one_called_value_is():
    pattern = r"(epoch|step) \d+: (?P<value>\S+)"
    assert figures(by_pattern(pattern), "epoch 1: 1e-3") == {"m": 0.001}


def test_every_match_of_a_line_counts():
    bar = "\r1/3 [0.5 s]\r2/3 [0.7 s]\r3/3 [0.6 s]"
    assert figures(by_pattern(r"\[([0-9.]+) s\]", "sum"), bar) == {"m": pytest.approx(1.8)}


def test_a_group_that_took_no_part_is_no_match():
    assert figures(by_pattern(r"a(?: (\d+))?"), "a", "a 3", "a") == {"m": 3.0}


@pytest.mark.parametrize(
    "line",
    [
        '{"m": 2.5}',
        '  {"other": "x", "m": 2.5}  ',
        '2026-01-01T00:00:00Z INFO {"m": 2.5, "more": {"m": 3}}',
    ],
)
def test_a_key_is_looked_up_in_the_json_object_that_a_line_ends_in(line: str):
    assert figures(by_key("m"), line) == {"m": 2.5}


def test_dots_lead_into_nested_objects():
    assert figures(by_key("a.b"), '{"a": {"b": 7}}', '{"a": 1}', '{"a": {"c": 1}}') == {"m": 7.0}


@pytest.mark.parametrize(
    "line",
    ['{"n": 1}', '{"m": null}', "[1, 2]", '{"m": 2.5', "m: 2.5", '{"m": 2.5} and more', ""],
)
def test_what_is_not_there_is_not_found(line: str):
    assert figures(by_key("m"), line) == {}


@pytest.mark.parametrize("text", ["NaN", "Infinity", '"fast"', "true", "[1]", "1e31", '"1 s"'])
def test_a_value_that_is_no_finite_number_takes_the_figure_away(text: str):
    assert figures(by_key("m"), '{"m": 1}', f'{{"m": {text}}}') == {}


def test_what_is_kept_of_such_a_value_is_short_and_without_secrets():
    search = FigureSearch({"m": by_pattern("m=(.*)")}, lambda text: text.replace("hunter2", "***"))
    search.take("m=hunter2 " + 100 * "x")
    assert search.facts()["m"].odd_text.startswith("*** xxx")
    assert len(search.facts()["m"].odd_text) == 40


def test_without_figures_there_is_nothing_to_look_for():
    assert not FigureSearch({})


def followed(*pieces: tuple[int, bytes], patterns: tuple[str, ...] = ()) -> FigureSearch:
    """A search over an output that came in these pieces of a stream each."""
    output, search = FakeOutput(), FigureSearch({"m": by_pattern(r"m=(\d+)", "sum")})
    watch = OutputWatch(output, SystemClock(), dict.fromkeys(patterns, 1), each_line=search.take)
    watch.start()
    for stream, data in pieces:
        output.write(data, stream)
    output.close()
    assert watch.wait_end(10)
    return search


def value(search: FigureSearch) -> float:
    return workload_metrics(facts_of(figures=search.facts()))["m"]


def test_a_line_that_comes_in_pieces_of_two_streams_is_one_line():
    search = followed((1, b"m=1"), (2, b"m=100\n"), (1, b"0\n"), (1, b"m=3"))
    assert value(search) == 113


def test_figures_are_found_long_after_everything_else_was_matched():
    search = followed((1, b"up\nm=1\n"), (1, 5000 * b"noise\n"), (1, b"m=2\n"), patterns=("up",))
    assert value(search) == 3


def test_figures_are_found_in_more_output_than_is_kept():
    search = followed((1, b"m=5\n"), *[(1, 2000 * b"0123456789abcdef\n")] * 20)
    assert value(search) == 5

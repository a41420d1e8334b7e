"""`metrics:` of a case: what may be written, and the metrics that they become."""

from __future__ import annotations

import pytest

from bench.core.metrics import METRICS, Better
from bench.scenario.figures import Take
from bench.scenario.loading.load import parse_scenario_text
from bench.scenario.model import Scenario, threshold_limit


def scenario(metrics: str, rest: str = "") -> Scenario:
    text = (
        "version: 1\nname: t\ncases:\n  a: {image: x, ready: {exit: true}, "
        f"metrics: {{{metrics}}}}}\n  b: {{image: x, ready: {{exit: true}}}}\n{rest}"
    )
    return parse_scenario_text(text, "s.yaml").scenario


def test_a_figure_becomes_a_metric_with_its_unit_and_direction():
    found = scenario("epoch_s: {pattern: '([0-9.]+) s', unit: s, better: lower}").own_metrics
    epoch = found["epoch_s"]
    assert (epoch.name, epoch.unit, epoch.title) == ("epoch_s", "s", "epoch")
    assert epoch.better is Better.LOWER
    assert epoch.is_time
    assert "([0-9.]+) s" in epoch.meaning
    assert "the last" in epoch.meaning
    assert "bench has not measured it" in epoch.misleads


@pytest.mark.parametrize(
    ("unit", "kept"),
    [("s", "s"), ("ms", "ms"), ("bytes", "bytes"), ("pct", "pct"), ("cores", "cores"),
     ("count", ""), ("rows/s", "rows/s"), ("tokens/s", "tokens/s"), ("dB", "dB")],
)  # fmt: skip
def test_a_unit_is_one_that_bench_knows_or_a_word(unit: str, kept: str):
    found = scenario(f"m: {{json_key: m, unit: {unit}, better: higher}}")
    assert found.own_metrics["m"].unit == kept


def test_of_several_matches_the_last_counts_unless_the_scenario_says_otherwise():
    found = scenario(
        "a: {json_key: a, unit: s, better: lower}, "
        "b: {json_key: b, unit: s, better: lower, take: mean}"
    ).cases["a"]
    assert [one.take for one in found.metrics.values()] == [Take.LAST, Take.MEAN]


def test_cases_may_find_the_same_metric_in_different_ways():
    text = (
        "version: 1\nname: t\ncases:\n"
        "  a: {image: x, ready: {exit: true}, metrics: "
        "{m: {json_key: m, unit: s, better: lower}}}\n"
        "  b: {image: x, ready: {exit: true}, metrics: "
        "{m: {pattern: 'm=(\\S+)', unit: s, better: lower, take: max}}}\n"
    )
    assert list(parse_scenario_text(text, "s.yaml").scenario.own_metrics) == ["m"]


def test_the_table_of_metrics_stays_as_it_is():
    before = dict(METRICS)
    found = scenario("m: {json_key: m, unit: s, better: lower}")
    assert "m" in found.own_metrics
    assert before == METRICS
    assert scenario("n: {json_key: n, unit: s, better: lower}").own_metrics.keys() == {"n"}


@pytest.mark.parametrize(
    ("unit", "limit", "value"),
    [("s", "<= 1m30s", 90), ("ms", "<= 1.5s", 1500), ("ms", "< 20ms", 20),
     ("bytes", "<= 1KiB", 1024), ("rows/s", ">= 40", 40), ("rows/s", ">= 40 rows/s", 40),
     ("count", "<= 3", 3), ("pct", "<= 5 %", 5)],
)  # fmt: skip
def test_a_threshold_on_it_is_in_its_unit(unit: str, limit: str, value: float):
    found = scenario(
        f"m: {{json_key: m, unit: {unit}, better: lower}}", f"thresholds: {{m: '{limit}'}}"
    )
    assert threshold_limit("m", found.thresholds["m"], found.own_metrics).value == value


def test_one_may_be_expected_to_fail():
    found = parse_scenario_text(
        "version: 1\nname: t\ncases: {a: {image: x, ready: {exit: true}, expect: {fail: [m]}, "
        "metrics: {m: {json_key: m, unit: s, better: lower}}}}\nthresholds: {m: '<= 3s'}",
        "s.yaml",
    )
    assert found.scenario.cases["a"].expect is not None

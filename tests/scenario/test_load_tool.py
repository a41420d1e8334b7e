"""`load:` of a case: what it may say, and what does not go with it."""

from __future__ import annotations

import pytest

from bench.scenario.loading.load import parse_scenario_text
from tests.scenario.marked import one_fault

HEAD = "version: 1\nname: t\n"
METRICS = "metrics: {late_ms: {json_key: late, unit: ms, better: lower}}"


def case(load: str = "image: tool, command: [http://case:80/]", more: str = "") -> str:
    ready = "" if "ready" in more else "ready: {tcp: {port: 80}}, "
    return f"{HEAD}cases: {{one: {{image: x, {ready}load: {{{load}}}{more}}}}}"


def test_its_figures_are_metrics_like_those_of_the_case():
    more = ", metrics: {rows: {pattern: 'rows (.*)', unit: count, better: higher}}"
    scenario = parse_scenario_text(case(f"image: tool, {METRICS}", more), "s.yaml").scenario
    assert set(scenario.own_metrics) == {"rows", "late_ms"}
    assert set(scenario.cases["one"].figures) == {"rows", "late_ms"}
    assert scenario.needs_engine


def test_a_threshold_may_be_set_on_them():
    text = case(f"image: tool, {METRICS}") + "\nthresholds: {late_ms: 'p95 <= 5ms'}"
    assert parse_scenario_text(text, "s.yaml").scenario.thresholds["late_ms"].limit == "<= 5ms"


def test_a_case_that_builds_its_tool_leaves_the_default_image_behind(tmp_path):
    (tmp_path / "Dockerfile").touch()
    text = (
        f"{HEAD}defaults: {{image: x, ready: {{log: x}}, load: {{image: t, command: a}}}}\n"
        "cases: {one: {load: {build: .}}, two: {load: null}}"
    )
    cases = parse_scenario_text(text, "s.yaml", folder=tmp_path).scenario.cases
    assert cases["one"].load is not None
    assert (cases["one"].load.image, cases["one"].load.command) == (None, "a")
    assert cases["two"].load is None


def test_values_of_its_environment_stay_as_they_are_written():
    scenario = parse_scenario_text(case("image: t, environment: {V: 1.10}"), "s.yaml").scenario
    assert scenario.cases["one"].load is not None
    assert scenario.cases["one"].load.environment == {"V": "1.10"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (case("image: t", ", «observe: 3s"), "observed until the tool has ended"),
        (case("image: t", ", ready: {«exit: true}"), "cannot be put under load"),
        (case("image: t", ", ready: {any: [{log: x}, {«exit: true}]}"), "cannot be put under load"),
        (case("image: t, «ready: {exit: true}"), "unknown key `ready`"),
        (case("image: t, timeout: «5"), "5 has no unit"),
        (case("image: t, build: «nowhere"), "no folder"),
        (case("image: t, env_file: «nowhere.env"), "there is no file"),
        (
            case(f"image: t, {METRICS.replace('late_ms', '«late_ms')}", f", {METRICS}"),
            "is a figure of the case already",
        ),
        (
            case(f"image: t, {METRICS.replace('late_ms', '«startup_s')}"),
            "bench has a metric 'startup_s' of its own",
        ),
        (case("image: t", ", ready: {log: x}, network_mode: «none"), "without a network"),
        (case("image: t, network_mode: «none"), "without a network"),
        (
            case("image: t") + "\nservices: {«case: {image: x, ready: {log: x}}}",
            "'case' is the name by which a load tool reaches the case",
        ),
    ],
)
def test_what_does_not_go_with_it_is_refused_where_it_stands(text, message):
    text = text.replace("image: t, build", "build")
    assert message in one_fault(text).message


def test_it_needs_an_image_of_its_own():
    text = f"{HEAD}cases: {{one: {{image: x, ready: {{log: x}}, «load: {{command: x}}}}}}"
    assert "needs either `image` or `build`" in one_fault(text).message

"""The JSON Schema for editors accepts what the loader accepts, and refuses clear mistakes."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

import bench.scenario
from bench.cli.schema import command
from bench.core.metrics import METRICS
from bench.scenario import schema
from bench.scenario.model import Case, Scenario
from bench.scenario.schema import scenario_schema
from bench.yamldoc.nodes import value_of
from bench.yamldoc.parse import parse_yaml
from bench.yamldoc.source import Source
from tests.scenario import test_faults
from tests.scenario.examples import EVERYTHING, QUICKSTART
from tests.scenario.marked import case, scenario, unmarked

SCHEMA = scenario_schema()
VALIDATOR = Draft202012Validator(SCHEMA)


def complaints(text: str) -> list[str]:
    node, faults = parse_yaml(Source("s.yaml", text))
    assert node
    assert not faults
    return [error.message for error in VALIDATOR.iter_errors(value_of(node))]


def test_it_is_a_schema():
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "$id" not in json.dumps(SCHEMA)


def test_the_committed_file_is_what_the_command_prints():
    result = CliRunner().invoke(command)
    assert result.exit_code == 0
    committed = Path(bench.scenario.__file__).with_name("scenario.v1.schema.json")
    assert committed.read_text(encoding="utf-8") == result.stdout, (
        "run: bench schema > bench/scenario/scenario.v1.schema.json"
    )


@pytest.mark.parametrize("text", [QUICKSTART, EVERYTHING], ids=["quickstart", "everything"])
def test_examples_are_valid(text):
    assert complaints(text) == []


@pytest.mark.parametrize(
    "text",
    [
        case("build: ."),
        case("ready: {log: done}"),
        case("ready: {exec: [a, b]}"),
        case("ready: {exec: a b}"),
        case("environment: {A: 1, B: x, C: true, D: 1.5, x-e: 3}"),
        case("environment: [A=1, B=]"),
        case("env_file: a"),
        case("env_file: [a, b]"),
        case("tmpfs: /run"),
        case("ulimits: {nofile: 9, core: {soft: 1, hard: 2}}"),
        case("user: 1000"),
        case("cache: warm"),
        case("cache: [cold, warm]"),
        case("observe: exit"),
        case("gpus: 2"),
        case("limits: {cpus: '4'}"),
        case("x-note: {any: [thing]}, limits: {x-why: 3}"),
        case('repeat: "${N}", cache: "${C}", observe: "${T}", ulimits: {nofile: "${N}"}'),
        scenario("x-a: 3\ncases: {x-b: 3, a: {image: x, ready: {exit: true}}}"),
        scenario("defaults: {ready: {http: {port: 80}}}\ncases: {a: {image: x, ready: "
                 "{http: {path: /x}}}, b: {image: x, command: null}}"),
        scenario("defaults: {build: .}\ncases: {a: {build: {dockerfile: x}}}"),
        scenario(rest="thresholds: {startup_s: '<= 3s', image_size_bytes: max<1 GiB}"),
        scenario(rest="thresholds: {layer_count: '<= 3', cpu_cores_peak: '<= 4 cores'}"),
        scenario(rest="thresholds: {startup_s: {limit: '<= 3s', x-why: y}}"),
        scenario(rest="checks: {CI-3: off, x-y: 3, CI-4: {severity: warn}}"),
    ],
)  # fmt: skip
def test_every_short_form_is_valid(text):
    assert complaints(text) == []


LOADER_S = {
    # what only the loader can know
    "top: no checklist of this name",
    "case: limits twice",
    "case: expect unknown",
    "case: expect twice",
    "case: cache twice",
    "case: cache base",
    "case: base of origin",
    "top: link too slow",
    "top: link to nowhere",
    "case: no time",
    "case: no memory",
    "case: huge size",
    "case: cpus nan",
    "case: environment twice",
    "case: nothing to run",
    "case: environment item",
    "rest: no limit",
    "rest: aggregate in long limit",
    "rest: long limit",
    "rest: cache that no case has",
    "rest: check without checklist",
    "rest: check of no row",
    "rest: contact's port",
    "rest: contact's address",
    "rest: waiver's date",
    "rest: baseline",
    "rest: candidate",
    "rest: candidate is baseline",
    # may come from the defaults
    "case: no ready",
    "case: no value",
    "case: variable without value",
    "ready: no port",
    # one probe of several is not expressed
    "ready: no probe",
    "ready: two probes",
    "ready: both lists",
    "ready: empty in all",
    "ready: two in any",
    "ready: tcp without network",
    "ready: http in all without network",
    "ready: grpc without network",
    "ready: name of a port",
    "ready: range of statuses",
    "ready: host twice",
    "ready: certificate without TLS",
    "ready: certificate of nobody",
    "ready: body of HEAD",
    "ready: socket and port",
    "ready: health check disabled",
    "case: replicas twice",
    "case: ports of all",
    "rest: metric",
    "rest: far metric",
    "metrics: name of bench's",
    "metrics: name of a column",
    "metrics: not a pattern",
    "metrics: begin of an excerpt",
    "metrics: no group",
    "metrics: two groups",
    "metrics: no source",
    "metrics: two sources",
    "metrics: misspelt unit",
    "metrics: unit of another size",
    "metrics: another unit in another case",
    "metrics: another direction in another case",
    "metrics: limit in another unit",
    "metrics: limit that is no number",
    "matrix: no path",
    "matrix: itself",
    "matrix: unknown key",
    "matrix: unknown key under a label",
    "matrix: value",
    "matrix: through a value",
    "matrix: same name twice",
    "matrix: long name",
    "matrix: too many",
    "matrix: name of another case",
    "matrix: compare with what was expanded",
    "ready: pattern",
    "ready: long pattern",
    "ready: pattern that never ends",
    "metrics: pattern that never ends",
}
"""Faults that the schema leaves to the loader."""

MISTAKES = {
    name: row[0]
    for name, row in test_faults.ALL.items()
    if not name.startswith(("yaml", "variables", "engine")) and name not in LOADER_S
}


@pytest.mark.parametrize("marked", MISTAKES.values(), ids=MISTAKES)
def test_clear_mistakes_are_not_valid(marked):
    assert complaints(unmarked(marked)[0])


def test_the_faults_left_to_the_loader_are_faults_still():
    assert set(test_faults.ALL) >= LOADER_S
    assert len(MISTAKES) > 60


def test_a_threshold_without_a_limit_is_not_valid():
    assert complaints(scenario(rest="thresholds: {startup_s: {over: max}}"))


def test_every_key_of_a_case_and_every_metric_is_described():
    case_schema = SCHEMA["$defs"]["Case"]["properties"]
    assert set(case_schema) == {*Case.model_fields, "matrix"}
    assert set(SCHEMA["properties"]) == {*Scenario.model_fields, "defaults"}
    assert set(SCHEMA["properties"]["thresholds"]["properties"]) == set(METRICS)
    undescribed = [
        f"{name}.{key}"
        for name, definition in _objects(SCHEMA)
        for key, value in definition.get("properties", {}).items()
        if not value.get("description")
    ]
    assert undescribed == []


def test_defaults_are_written_as_a_file_would_have_them():
    for name, definition in _objects(SCHEMA):
        for key, value in definition.get("properties", {}).items():
            if "default" in value:
                resolved = {**value, "$defs": SCHEMA["$defs"]}
                assert Draft202012Validator(resolved).is_valid(value["default"]), f"{name}.{key}"


def _objects(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    found = [("", schema)]
    for name, definition in schema["$defs"].items():
        found += [(name, one) for one in definition.get("anyOf", [definition])]
    return found


def test_what_it_adds_to_models_is_about_models_that_there_are():
    assert SCHEMA["$defs"].keys() >= schema._FROM_DEFAULTS | schema._SHORT_FORMS.keys()

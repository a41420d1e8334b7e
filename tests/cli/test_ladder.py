"""`bench ladder`: which cases it measures, and what it refuses."""

from __future__ import annotations

import pytest
from click.testing import CliRunner, Result

from bench.cli.ladder import command
from bench.cli.measuring import _reloaded
from bench.cli.run import narrowed
from bench.core.errors import ScenarioError, UsageError
from bench.scenario.loading.load import load_scenario
from bench.scenario.redact import redacted

SCENARIO = """
version: 1
name: steps
cases:
  bad: {build: web, ready: {log: up}, repeat: 2, observe: 0s}
  other: {image: x, ready: {log: up}}
ladder: {from: bad, rungs: {one: {args: {A: "1"}}, two: {args: {A: "2"}}}}
"""


@pytest.fixture
def file(tmp_path):
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "Dockerfile").write_text("FROM scratch\n")
    file = tmp_path / "s.yaml"
    file.write_text(SCENARIO)
    return file


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(command, [*map(str, arguments), "--dry-run"])


def test_only_the_rungs_are_planned(file):
    lines = invoke(file).output.splitlines()
    assert [line.split(":")[0].strip() for line in lines if line.startswith("  case")] == [
        "case bad",
        "case one",
        "case two",
    ]


def test_the_options_narrow_the_rungs_and_change_their_number(file):
    output = invoke(file, "--case", "bad", "--case", "two", "--repeat", "3").output
    assert "case one" not in output
    assert output.count("two cold") == 3


def test_a_value_is_changed_for_every_rung(file):
    assert invoke(file, "--set", "cases.bad.repeat=5").output.count("one cold") == 5


def test_a_scenario_without_a_ladder_is_refused(file):
    file.write_text(SCENARIO.partition("ladder:")[0])
    assert isinstance(invoke(file).exception, UsageError)


def test_a_ladder_with_a_fault_is_refused_before_anything_runs(file):
    file.write_text(SCENARIO.replace("from: bad", "from: bat"))
    assert isinstance(invoke(file).exception, ScenarioError)


@pytest.mark.parametrize("rungs", [(), ("bad", "two")])
def test_a_ladder_is_read_again_as_one_to_finish_its_run(file, rungs):
    climbed = narrowed(load_scenario(file).of_ladder(), rungs, 3)
    tree = redacted(climbed.tree)
    again = _reloaded(str(file), tree, ())
    assert redacted(again.tree) == tree
    assert again.scenario == climbed.scenario


def test_a_run_without_the_ladder_is_read_again_without_it(file):
    tree = redacted(load_scenario(file).tree)
    assert redacted(_reloaded(str(file), tree, ()).tree) == tree

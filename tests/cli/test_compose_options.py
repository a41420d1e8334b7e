"""`bench run --compose`: the scenario that it amounts to, and what does not go with it."""

from __future__ import annotations

import pytest
from click.testing import CliRunner, Result

from bench.cli.right_size import command as right_size
from bench.cli.run import command
from bench.cli.validate import command as validate
from bench.core.errors import ScenarioError, UsageError

COMPOSE = """
services:
  db: {image: postgres, annotations: {tier: data}}
  web: {image: nginx, depends_on: [db]}
  debug: {image: curl, profiles: [dev]}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    folder = tmp_path / "my shop"
    folder.mkdir()
    (folder / "compose.yaml").write_text(COMPOSE)
    monkeypatch.chdir(folder)
    return folder


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(one) for one in arguments])


def test_it_needs_no_scenario_and_prints_the_one_that_it_amounts_to():
    result = invoke("--compose", "compose.yaml", "--dry-run", "--timeout", "9s")
    assert result.exit_code == 0, result.output
    for line in ("name: my-shop", "checklist: cloud-native", "file: compose.yaml", "timeout: 9s"):
        assert line in result.output
    assert "case stack: compose.yaml: db, web" in result.output


def test_what_would_be_run_is_shown_with_what_to_know_of_it():
    result = invoke("--compose", "compose.yaml", "--dry-run")
    assert "compose.yaml:3:25: `annotations` is passed over" in result.output


def test_several_files_are_laid_over_one_another(folder):
    (folder / "more.yaml").write_text("services: {db: {scale: 0}}")
    result = invoke("--compose", "compose.yaml", "--compose", "more.yaml", "--dry-run")
    assert result.exit_code == 0, result.output
    assert "case stack: compose.yaml, more.yaml: web\n" in result.output


@pytest.mark.parametrize(
    "text",
    [
        "services: {web: {image: x}}",
        "version: '3.8'\nservices: {web: {image: x}}",
        "include: [other.yaml]",
        "name: shop\nservices: {web: {image: x, comand: y}}\nvolumes: {a: }",
    ],
)
def test_a_compose_file_is_no_scenario_and_how_it_is_measured_is_said(folder, text):
    (folder / "compose.yaml").write_text(text)
    for result in (CliRunner().invoke(validate, ["compose.yaml"]), invoke("compose.yaml")):
        said = result.output + str(result.exception)
        assert "this is a Compose file, not a scenario" in said
        assert "bench run --compose compose.yaml" in said


def test_one_service_with_what_it_depends_on():
    result = invoke("--compose", "compose.yaml", "--service", "db", "--dry-run")
    assert "case stack: compose.yaml: db\n" in result.output


def test_a_profile_is_active():
    result = invoke("--compose", "compose.yaml", "--profile", "dev", "--dry-run")
    assert "case stack: compose.yaml: db, web, debug" in result.output


@pytest.mark.parametrize(
    ("options", "subject"),
    [
        (["--compose", "compose.yaml", "--http", "80"], "--http"),
        (["--compose", "compose.yaml", "--limit-memory", "1g"], "--limit-memory"),
        (["--image", "x", "--exit", "--compose", "compose.yaml"], "--compose"),
        (["--image", "x", "--exit", "--service", "db"], "--service"),
        (["s.yaml", "--service", "db"], "--service"),
        (["s.yaml", "--compose", "compose.yaml"], "--compose"),
        (["s.yaml", "--timeout", "1s"], "--timeout"),
    ],
)
def test_what_does_not_go_together_is_refused(options, subject):
    error = invoke(*options).exception
    assert isinstance(error, UsageError)
    assert error.subject == subject


def test_faults_are_those_of_the_file(folder):
    (folder / "compose.yaml").write_text("services:\n  web: {image: x, comand: y}\n")
    error = invoke("--compose", "compose.yaml", "--dry-run").exception
    assert isinstance(error, ScenarioError)
    assert (error.diagnostics[0].file, error.diagnostics[0].line) == ("compose.yaml", 2)


def test_validating_a_scenario_says_what_is_passed_over(folder):
    text = "version: 1\nname: t\ncases: {shop: {compose: compose.yaml}}\n"
    (folder / "s.yaml").write_text(text)
    result = CliRunner().invoke(validate, ["s.yaml"])
    assert result.exit_code == 0
    assert "compose.yaml:3:25: `annotations` is passed over" in result.output


def test_the_size_of_a_stack_is_not_searched(folder):
    text = "version: 1\nname: t\ncases: {shop: {compose: compose.yaml}}\n"
    (folder / "s.yaml").write_text(text)
    error = CliRunner().invoke(right_size, ["s.yaml"]).exception
    assert isinstance(error, UsageError)
    assert "is a stack" in error.cause

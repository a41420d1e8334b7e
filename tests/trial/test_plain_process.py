"""Runs with plain processes: on the host, beside containers, and without any engine."""

from __future__ import annotations

import pytest

from bench.core.errors import EngineUnavailableError
from bench.results.run import load_run
from bench.runner.engine_choice import choose_engine
from bench.runner.plan import check_trials
from bench.runtimes.protocol import LABEL
from bench.runtimes.select import Choice
from bench.scenario.loading.load import parse_scenario_text
from bench.standard.checklist import load_checklist
from tests.fakes import Script
from tests.trial.runs import FakeMaker, events, trials

MIXED = """
version: 1
name: quick
defaults:
  repeat: 2
  cache: warm
  ready: {log: "^up$", interval: 1ms, timeout: 10s}
  observe: 0s
cases:
  boxed: {image: boxed}
  bare: {host: {command: [serve, "8080"]}, limits: {memory: 64m}, environment: {A: b}}
"""
ALONE = MIXED.replace("  boxed: {image: boxed}\n", "")


def test_each_case_runs_where_it_belongs_in_the_same_rounds(runs):
    folder = runs.start(MIXED).folder
    assert {status for _, status in trials(folder)} == {"ok"}
    cases = [one["key"]["case"] for one in events(folder, "trial_started")]
    assert cases.count("boxed") == cases.count("bare") == 2
    assert len(runs.host.made) == 2
    assert [one.spec.image for one in runs.measuring.made].count("") == 0


def test_it_is_made_of_its_command_its_limits_and_its_environment(runs):
    runs.start(MIXED)
    spec = runs.host.made[0].spec
    assert spec.command == ("serve", "8080")
    assert spec.environment == {"A": "b"}
    assert spec.memory_bytes == 64 * 2**20
    assert spec.working_dir is not None
    assert spec.working_dir.startswith("/")
    assert LABEL in spec.labels


def test_nothing_is_pulled_or_built_for_it(runs):
    folder = runs.start(MIXED).folder
    assert "bare" not in FakeMaker.made
    phases = {one["phase"] for one in events(folder, "phase")}
    assert "pull" not in phases
    (ready,) = [one for one in events(folder, "image_ready") if one["case"] == "bare"]
    assert (ready["source"], ready["size_bytes"], ready["reference"]) == ("host", None, "")
    assert runs.host.pulls_of == []


def test_processes_alone_need_no_images_at_all(runs, monkeypatch):
    monkeypatch.setattr(FakeMaker, "make_calibration", lambda _: pytest.fail("made an image"))
    folder = runs.start(ALONE).folder
    assert {one["key"]["case"] for one in events(folder, "trial_started")} == {"bare"}
    assert runs.measuring.made == []
    assert load_run(folder).exit_code == 0


def test_one_whose_setup_fails_is_not_run_and_the_others_are(runs):
    text = MIXED.replace('command: [serve, "8080"]', "command: [serve], setup: [[sh, -c, exit 2]]")
    folder = runs.start(text, keep_going=True).folder
    run = load_run(folder)
    assert "ended with code 2" in run.failed_images["bare"]
    assert {one.key.case for one in run.results} == {"boxed", "calibration"}


def test_one_that_crashes_fails_as_a_container_does(runs):
    runs.host.script = Script(output=(b"oh\n",), life_s=0, exit_code=3)
    folder = runs.start(ALONE).folder
    assert {status for _, status in trials(folder)} == {"failed"}
    reasons = {one["reason"] for one in events(folder, "trial_ended")}
    assert reasons == {"exited with code 3 before it was ready"}


def test_what_a_run_made_is_removed(runs):
    runs.start(MIXED)
    assert runs.host.leftovers == []


def test_checks_that_need_a_network_or_replicas_of_its_own_are_not_planned():
    text = MIXED.replace("defaults:", "checklist: cloud-native\ndefaults:", 1)
    loaded = parse_scenario_text(text, "quick.yaml")
    checks = check_trials(loaded.scenario, load_checklist("cloud-native", loaded.folder))
    assert list(checks.cut) == ["boxed"]
    assert checks.replicas["bare"] == ()
    assert set(checks.need) == {"boxed", "bare"}


@pytest.fixture
def scenario_of(monkeypatch):
    for name in ("BENCH_ENGINE", "DOCKER_HOST"):
        monkeypatch.delenv(name, raising=False)
    return lambda text: parse_scenario_text(text, "quick.yaml").scenario


def test_processes_alone_are_run_without_an_engine_unless_one_is_named(scenario_of, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "tcp://host:2376")
    assert not choose_engine(scenario_of(ALONE), None).runs_images
    assert not choose_engine(scenario_of(ALONE), "host").runs_images
    assert choose_engine(scenario_of(ALONE), "private").is_private
    assert choose_engine(scenario_of(MIXED), None).address == "tcp://host:2376"


@pytest.mark.parametrize("by", ["--engine", "BENCH_ENGINE"])
def test_the_bare_host_is_refused_where_a_case_has_an_image(scenario_of, monkeypatch, by):
    monkeypatch.setenv("BENCH_ENGINE", "host" if by == "BENCH_ENGINE" else "private")
    with pytest.raises(EngineUnavailableError, match="case boxed has an image") as caught:
        choose_engine(scenario_of(MIXED), "host" if by == "--engine" else None)
    assert caught.value.exit_code == 3
    assert caught.value.subject == f"{by} host"
    assert "--case" in caught.value.remedy


def test_the_choice_says_where_it_came_from(scenario_of):
    assert choose_engine(scenario_of(ALONE), "host") == Choice("host", True, "--engine")

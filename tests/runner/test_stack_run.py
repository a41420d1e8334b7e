"""A whole run of a stack over fakes, from its scenario to its reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.analysis.stack_totals import chain_of, starts_of
from bench.judge.model import Outcome
from bench.report.caveats import warnings
from bench.report.formats import write_reports
from bench.results.run import load_run
from bench.runner.request import RunRequest
from bench.runner.run import start_run
from bench.scenario.loading.load import parse_scenario_text
from tests.fakes import Script
from tests.pulls import manifest_of

if TYPE_CHECKING:
    from bench.judge.model import Verdict
    from bench.results.run import Run

SCENARIO = """
version: 1
name: quick
checklist: cloud-native
cases:
  shop: {compose: {file: compose.yaml, timeout: 10s}, repeat: 2, observe: 0s}
"""
COMPOSE = """
services:
  init: {image: seed}
  db: {image: postgres, healthcheck: {test: x, start_interval: 200ms, start_period: 9s}}
  front:
    image: web
    depends_on:
      init: {condition: service_completed_successfully}
      db: {condition: service_healthy}
"""


@pytest.fixture
def run(runs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    scripts = {
        "init": Script(life_s=0),
        "db": Script(health=("starting", "healthy"), health_interval_s=0.001),
        "front": Script(output=(b"up\n",)),
    }
    for name, script in scripts.items():
        digest = manifest_of(f"shop-{name}").digest
        runs.measuring.scripts[f"127.0.0.1:5000/quick/shop-{name}@{digest}"] = script
    loaded = parse_scenario_text(SCENARIO, "quick.yaml", folder=tmp_path, environ={})
    request = RunRequest(loaded, runs.out, 1)
    return load_run(start_run(request, runs.session, runs.watcher, runs.clock).folder)


def verdicts(run: Run) -> dict[str, Verdict]:
    return {one.id: one for one in run.verdicts}


def test_there_is_a_row_for_the_whole_and_one_for_each_service(run):
    trials = run.trials[run.trials["case"] == "shop"]
    whole = trials[trials["service"] == ""]
    assert list(whole["arm"]) == ["fit", "fit", "need", "need"]
    assert set(whole["status"]) == {"ok"}
    assert set(trials["service"]) == {"", "init", "db", "front"}
    assert whole["startup_s"].notna().all()
    assert trials[trials["service"] == "front"]["waited_s"].notna().all()


def test_the_last_answer_is_explained_by_whom_it_waited_for(run):
    start = starts_of(run.results)[0]
    assert [one.service for one in start.members] == ["init", "db", "front"]
    chain = chain_of(start)
    assert chain[-1].service == "front"
    assert chain[-1].after == chain[0].service
    assert chain[0].after == ""
    assert chain[0].ready_s <= chain[-1].started_s


def test_a_start_interval_that_the_engine_ignores_is_said_of_a_service_too(run):
    said = [one for one in warnings(run) if "ignores `start_interval`" in one]
    assert [one.startswith("shop: db: the engine") for one in said] == [True], warnings(run)


def test_the_sizes_of_all_images_are_judged_together(run):
    found = verdicts(run)["CI-4"]
    assert found.verdict is Outcome.PASS
    assert found.actual == 30_000
    assert "init 9.77 KiB, db 9.77 KiB, front 9.77 KiB" in found.reason


def test_what_says_nothing_of_a_stack_keeps_it_from_nothing(run):
    for row in ("CI-3", "RS-3.1"):
        found = verdicts(run)[row]
        assert (found.verdict, found.required) == (Outcome.NOT_MEASURED, False)
        assert "a stack" in found.reason


def test_the_whole_start_is_judged(run):
    found = verdicts(run)["CI-5"]
    assert (found.verdict, found.n) == (Outcome.PASS, 2)


@pytest.mark.slow
def test_every_report_can_be_made(run):
    written = {path.name for path in write_reports(run)}
    assert {"index.html", "summary.md", "stack-shop-cold.svg"} <= written
    text = (run.folder / "summary.md").read_text()
    assert "init (completed), db (healthy)" in text
    assert "the slowest chain" in text
    assert "front: ready once started" in text

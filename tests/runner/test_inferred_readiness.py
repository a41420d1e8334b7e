"""Runs of cases that leave their readiness to the image: what is taken, and that it is said."""

from __future__ import annotations

from typing import Any

import pytest

from bench.core.errors import ScenarioError
from bench.report.caveats import warnings
from bench.results.run import load_run
from bench.runner.stack_images import make_stack
from bench.scenario.loading.compose_file import load_stack
from bench.scenario.model import Case
from tests.fakes import Script
from tests.trial.runs import FakeMaker, events
from tests.trial.stacks import Maker

HEAD = "version: 1\nname: quick\ndefaults: {repeat: 1, observe: 0s}\n"
WEB = HEAD + "cases:\n  web: {image: web}\n"
CHECK = {"Healthcheck": {"Test": ["CMD", "true"]}, "ExposedPorts": {"80/tcp": {}}}


def test_the_health_check_of_an_image_is_run_as_a_probe_and_that_is_said_everywhere(runs):
    FakeMaker.configs["web"] = CHECK
    runs.measuring.script = Script(life_s=None, exec_results=(1, 0))
    folder = runs.start(WEB).folder
    words = (
        "web: no probe named in `ready`: the command of the health check is run as an exec probe"
    )
    assert words in runs.watcher.said()
    assert {"event": "note", "text": words}.items() <= events(folder, "note")[0].items()
    run = load_run(folder)
    assert run.scenario.cases["web"].ready.named() == ["exec"]
    assert words in warnings(run)
    assert runs.measuring.arguments_of("execute")[0][1] == ("true",)


def test_an_image_that_does_not_say_it_is_an_error_at_its_place_before_any_trial(runs):
    FakeMaker.configs["web"] = {"ExposedPorts": {"80/tcp": {}, "443/tcp": {}}}
    with pytest.raises(ScenarioError) as error:
        runs.start(WEB)
    (fault,) = error.value.diagnostics
    assert (fault.file, fault.line) == ("quick.yaml", 5)
    assert fault.message.startswith("web: `ready` names no probe, and the image exposes several")
    assert runs.measuring.arguments_of("create") == []


def test_an_incomplete_ready_is_named_where_it_stands(runs):
    text = HEAD + "cases:\n  web:\n    image: web\n    ready: {http: {path: /healthz}}\n"
    with pytest.raises(ScenarioError) as error:
        runs.start(text)
    (fault,) = error.value.diagnostics
    assert fault.line == 7
    assert fault.message == "web: `ready` names no port, and the image exposes none"


def test_a_service_may_leave_it_to_its_image_too(runs):
    FakeMaker.configs |= {"service-db": CHECK}
    runs.measuring.script = runs.building.script = Script(life_s=None, exec_results=(0,))
    text = WEB.replace("image: web", "image: web, ready: {exec: x}")
    runs.start(f"{text}services:\n  db: {{image: db}}\n")
    assert any(one.startswith("db: no probe named") for one in runs.watcher.said())


def test_a_start_interval_that_the_engine_ignores_is_said(runs):
    script = Script(life_s=None, health=("healthy",), health_interval_s=1)
    runs.measuring.script = script
    check = "healthcheck: {test: x, start_interval: 200ms, start_period: 9s}"
    folder = runs.start(
        WEB.replace("image: web", f"image: web, ready: {{healthcheck: true}}, {check}")
    )
    (text,) = [one["text"] for one in events(folder.folder, "note")]
    assert text.startswith("web: the engine (20.10.24, API 1.41) ignores `start_interval`")
    assert text in warnings(load_run(folder.folder))


def test_a_health_check_that_nobody_waits_for_says_nothing_of_it(runs):
    FakeMaker.configs["web"] = {"Healthcheck": {"Test": ["CMD", "x"], "StartInterval": 1}}
    folder = runs.start(WEB.replace("image: web", "image: web, ready: {exec: x}")).folder
    assert events(folder, "note") == []


COMPOSE = """
services:
  web:
    image: web
    ports: [{name: http, target: 8080}, {name: admin, target: 9, protocol: udp}]
"""


def test_ports_of_a_stack_have_the_names_of_its_compose_file(tmp_path):
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    use = {"file": "compose.yaml", "ready": {"web": {"tcp": {"port": "http"}}}}
    case = Case.model_validate({"compose": use})
    stack = load_stack(tmp_path / "compose.yaml", environ={})
    seen = []

    def taken(path, part, config, names):
        seen.append((path, names))
        return part

    maker: Any = Maker()
    assert case.compose is not None
    make_stack(maker, "shop", case, case.compose, stack, str, taken)
    assert seen == [("cases.shop.compose.ready.web", {"http": 8080})]

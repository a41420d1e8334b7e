"""A case under load: the tool beside it, its figures, its failures, and what is left of it."""

from __future__ import annotations

import fcntl
import socket

import pytest

from bench.results.run import load_run
from tests.fakes import Script
from tests.trial.runs import FakeMaker, events, reference_of, trials

SCENARIO = """
version: 1
name: quick
defaults:
  repeat: 2
  cache: warm
  ready: {log: "^up$", interval: 1ms, timeout: 10s}
  load:
    image: tool
    command: [http://case/]
    timeout: 5s
    metrics: {p95_ms: {json_key: p95, unit: ms, better: lower}}
cases:
  web: {image: web, metrics: {n: {pattern: "n=(.*)", unit: count, better: higher}}}
"""
REPORT = b'{"p95": 12.5}\n'
TOOL = Script(output=(REPORT,), life_s=0)


@pytest.fixture
def loaded(runs):
    """Runs whose building engine has a load tool that reports and ends."""
    runs.building.script = TOOL
    runs.measuring.script = Script(output=(b"n=3\n", b"up\n"), address="10.0.0.7")
    return runs


def figures(folder) -> list[dict[str, float | None]]:
    found = [one for one in load_run(folder).results if one.key.case == "web"]
    return [{name: one.metrics.get(name) for name in ("n", "p95_ms")} for one in found]


def test_the_figures_of_tool_and_case_stand_side_by_side(loaded):
    folder = loaded.start(SCENARIO).folder
    assert figures(folder) == [{"n": 3.0, "p95_ms": 12.5}] * 2


def test_the_tool_finds_the_case_by_its_name(loaded):
    loaded.start(SCENARIO)
    specs = [one.spec for one in loaded.building.made]
    assert [one.extra_hosts for one in specs] == [{"case": "10.0.0.7"}] * 2
    assert specs[0].image == reference_of("load-web")
    assert specs[0].command == ("http://case/",)


def test_its_image_is_made_once_for_all_cases_that_have_the_same(loaded):
    loaded.start(SCENARIO + "  other: {image: web}\n")
    assert [name for name in FakeMaker.made if name.startswith("load-")] == ["load-web"]


def test_its_image_is_not_taken_for_that_of_the_case(loaded):
    folder = loaded.start(SCENARIO).folder
    assert load_run(folder).images["web"].reference == reference_of("web")


def test_a_tool_that_fails_makes_the_trial_an_error_with_its_last_words(loaded):
    loaded.building.script = Script(output=(b"cannot connect\n",), life_s=0, exit_code=2)
    folder = loaded.start(SCENARIO).folder
    (ended, *_) = [one for one in events(folder, "trial_ended") if one["status"] == "error"]
    assert "the load tool ended with code 2" in ended["reason"]
    assert "cannot connect" in ended["reason"]


def test_a_tool_that_does_not_end_is_given_up(loaded):
    loaded.building.script = Script(output=(b"waiting\n",))
    folder = loaded.start(SCENARIO.replace("timeout: 5s", "timeout: 10ms")).folder
    reasons = [one["reason"] for one in events(folder, "trial_ended")]
    assert any("was not done within its time of 0.01 s" in one for one in reasons)
    assert loaded.building.leftovers == []


def test_a_case_that_ends_under_load_has_failed_and_not_the_tool(loaded):
    loaded.building.script = Script(output=(b"hard at work\n",))  # until it is removed
    loaded.measuring.script = Script(output=(b"up\n",), life_s=0.2, exit_code=9, address="10.0.0.7")
    folder = loaded.start(SCENARIO).folder
    ended = [one for one in events(folder, "trial_ended") if one["status"] != "ok"]
    assert {one["status"] for one in ended} == {"failed"}
    assert {one["reason"] for one in ended} == {"exited with code 9 under load"}


def test_nothing_of_it_is_left_and_its_output_is_kept(loaded):
    folder = loaded.start(SCENARIO).folder
    assert loaded.building.leftovers == []
    logs = sorted(one.name for one in (folder / "logs").glob("web-load-*"))
    assert len(logs) == 2
    assert (folder / "logs" / logs[0]).read_text() == REPORT.decode()


def test_only_trials_whose_way_is_open_are_put_under_load(loaded):
    text = SCENARIO.replace("image: web,", "image: web, replicas: 2,")
    folder = loaded.start(text).folder
    assert len(trials(folder)) > 3
    assert len(loaded.building.made) == 2


def test_a_plain_process_is_reached_at_the_gateway(loaded, monkeypatch):
    answer = bytes(20) + socket.inet_aton("10.213.1.1") + bytes(8)
    monkeypatch.setattr(fcntl, "ioctl", lambda *_: answer)
    loaded.host.script = Script(output=(b"up\n",), address="127.0.0.1")
    loaded.start(SCENARIO.replace("{image: web, ", "{host: {command: [serve]}, "))
    assert [one.spec.extra_hosts for one in loaded.building.made] == [{"case": "10.213.1.1"}] * 2


def test_a_host_without_an_address_on_the_bridge_says_so(loaded, monkeypatch):
    def refuse(*_: object) -> bytes:
        raise OSError

    monkeypatch.setattr(fcntl, "ioctl", refuse)
    loaded.host.script = Script(output=(b"up\n",), address="127.0.0.1")
    folder = loaded.start(SCENARIO.replace("{image: web, ", "{host: {command: [serve]}, ")).folder
    reasons = {one["reason"] for one in events(folder, "trial_ended")}
    assert any("no address on the engine's bridge" in one for one in reasons)

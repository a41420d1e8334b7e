"""Good scenarios: what they mean, where it stands, and that the tree says the same."""

import datetime as dt
import json
from pathlib import Path

import pytest

import bench
from bench.compose.build_keys import BuildSecret
from bench.core.domain import Arm, CacheState, Severity
from bench.core.errors import ScenarioError
from bench.scenario.loading.load import (
    LoadedScenario,
    load_scenario,
    load_scenarios,
    parse_scenario_text,
    scenario_from_tree,
)
from bench.scenario.model import CheckSetting, Scenario
from bench.standard.thresholds import Aggregate
from tests.scenario.examples import EVERYTHING, QUICKSTART, prepare
from tests.scenario.marked import case


@pytest.fixture
def scenarios(tmp_path: Path) -> Path:
    return prepare(tmp_path)


def load(folder: Path, text: str) -> LoadedScenario:
    path = folder / "s.yaml"
    path.write_text(text, encoding="utf-8")
    return load_scenario(path, environ={})


def test_the_design_s_example_means_what_it_says(scenarios):
    loaded = load(scenarios, QUICKSTART)
    scenario = loaded.scenario
    assert (loaded.path, loaded.folder) == (scenarios / "s.yaml", scenarios)
    assert (scenario.name, scenario.checklist) == ("quickstart", "cloud-native")
    assert list(scenario.cases) == ["bad", "good"]
    good = scenario.cases["good"]
    assert (good.repeat, good.warmup, good.cache) == (6, 0, [CacheState.COLD])
    assert good.build
    assert (good.build.context, good.build.dockerfile) == ("../images/web", "good.Dockerfile")
    assert good.effective_limits.model_dump() == {"cpus": 4.0, "memory": 8 * 2**30, "pids": 512}
    assert good.ready.http
    assert (good.ready.http.port, good.ready.http.path, good.ready.http.status) == (
        8080,
        "/healthz",
        200,
    )
    assert (good.ready.timeout, good.ready.interval, good.observe) == (60.0, 0.005, 1.0)
    assert (good.sample.interval, good.stop_grace_period) == (0.02, 3.0)
    assert scenario.cases["bad"].expect
    assert scenario.cases["bad"].expect.fail == ["CI-3", "CI-4"]
    assert scenario.thresholds["startup_s"].over is Aggregate.MAX
    waived = scenario.checks["RS-3.1"]
    assert isinstance(waived, CheckSetting)
    assert waived.severity is Severity.WARN
    assert waived.waive
    assert waived.waive.until == dt.date(2027, 1, 1)


def test_every_key_is_read(scenarios):
    scenario = load(scenarios, EVERYTHING).scenario
    long, short, job, either = scenario.cases.values()
    assert long.cache == [CacheState.COLD, CacheState.IMAGE, CacheState.WARM]
    assert long.environment == {"MORE": "1", "VERSION": "1.10", "EMPTY": ""}
    assert (long.entrypoint, long.tmpfs, long.user) == ("", ["/run"], "1000")
    assert long.ports == ["8080:80", "127.0.0.1:9000-9010:9000-9010/udp", "7000"]
    assert (long.shm_size, long.stop_grace_period, long.observe) == (64 * 2**20, 0.0, "exit")
    assert (long.ulimits["nofile"].soft, long.ulimits["nofile"].hard) == (1024, 1024)
    assert long.ulimits["core"].hard == -1
    assert long.effective_limits.model_dump() == {"cpus": 0.5, "memory": 2**29, "pids": 100}
    assert [probe.chosen() for probe in long.ready.probes()] == [["http"], ["log"], ["exec"]]
    assert long.ready.uses("exec")
    assert not long.ready.uses("tcp")
    assert long.ready.timeout == 90.0
    assert short.build
    assert short.build.context == "web"
    assert short.ready.probes() == [short.ready]
    assert job.build
    assert job.build.args == {"V": "1.0"}
    assert (job.ready.exit, job.network_mode, either.gpus) == (True, "none", 2)
    db = scenario.services["db"]
    assert db.environment == {"POSTGRES_PASSWORD": "x", "PORT": "5432"}
    assert (db.healthcheck and db.healthcheck.retries, db.ready.timeout) == (9, 120.0)
    threshold = scenario.thresholds["startup_s"]
    assert (threshold.over, threshold.cache, threshold.arm, threshold.required) == (
        Aggregate.P95,
        CacheState.WARM,
        Arm.NEED,
        False,
    )
    assert scenario.thresholds["pull_s"].over is Aggregate.MEDIAN
    assert scenario.checks["CI-3"] == "off"


@pytest.mark.parametrize("text", [QUICKSTART, EVERYTHING], ids=["quickstart", "everything"])
def test_the_tree_is_the_scenario_in_the_file_s_own_form(scenarios, text):
    loaded = load(scenarios, text)
    assert Scenario.model_validate(loaded.tree) == loaded.scenario
    assert Scenario.model_validate(json.loads(json.dumps(loaded.tree))) == loaded.scenario
    assert "defaults" not in loaded.tree
    assert not any(key.startswith("x-") for key in loaded.tree)
    again = scenario_from_tree(loaded.tree, "again", folder=loaded.folder)
    assert (again.tree, again.scenario) == (loaded.tree, loaded.scenario)


def test_the_tree_keeps_units(scenarios):
    tree = load(scenarios, QUICKSTART).tree
    good = tree["cases"]["good"]
    assert good["limits"]["memory"] == "8g"
    assert (good["observe"], good["sample"]) == ("1s", {"interval": "20ms"})
    assert tree["thresholds"]["startup_s"] == "max <= 30s"


def test_positions_are_those_of_the_keys_wherever_the_value_came_from(scenarios):
    path = scenarios / "s.yaml"
    path.write_text(QUICKSTART)
    loaded = load_scenario(path, overrides=["cases.good.warmup=1"])

    def at(dotted: str) -> tuple[str, int, int, str]:
        place = loaded.position(dotted)
        assert place
        line = place.source.lines[place.line - 1]
        key = line[place.col - 1 :].split(":")[0].split("=")[0]
        return Path(place.source.name).name, place.line, place.col, key

    assert at("thresholds.startup_s") == ("s.yaml", 23, 3, "startup_s")
    assert at("cases.bad.expect.fail") == ("s.yaml", 19, 14, "fail")
    assert at("cases.good.ready.timeout") == ("s.yaml", 12, 60, "timeout")
    assert at("cases.bad.ready.timeout") == ("s.yaml", 12, 60, "timeout")
    assert at("checks.RS-3.1.waive.until")[1:3] == (27, 77)
    assert at("compare.candidates.0")[1:3] == (28, 39)
    assert at("cases.good.warmup") == ("--set", 1, 12, "warmup")
    for nowhere in ("cases.god", "cases.good.ready.timeout.x", "", "compare.candidates.1"):
        assert loaded.position(nowhere) is None


def test_a_byte_order_mark_and_windows_line_ends_are_no_fault(tmp_path):
    path = tmp_path / "s.yaml"
    text = case("command: x").replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert load_scenario(path).scenario.name == "t"


def test_the_faults_of_several_files_come_together(tmp_path):
    for name, text in {"a": "version: 1\n", "b": case("command: x"), "c": "x: [\n"}.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ScenarioError) as caught:
        load_scenarios([tmp_path / name for name in ("a", "b", "c", "d")])
    assert {Path(one.file).name for one in caught.value.diagnostics} == {"a", "c", "d"}
    assert [one.scenario.name for one in load_scenarios([tmp_path / "b"])] == ["t"]


def test_it_is_part_of_the_public_interface():
    assert bench.load_scenario is load_scenario


def test_variables_come_from_the_process_where_nothing_else_is_said(monkeypatch):
    monkeypatch.setenv("BENCH_TEST_IMAGE", "mine")
    text = case('image: "${BENCH_TEST_IMAGE}"')
    assert parse_scenario_text(text, "s.yaml").scenario.cases["one"].image == "mine"
    with pytest.raises(ScenarioError):
        parse_scenario_text(text, "s.yaml", environ={})


def test_the_name_of_the_calibration_is_not_free():
    text = "version: 1\nname: x\ncases:\n  calibration: {image: a, ready: {exit: true}}\n"
    with pytest.raises(ScenarioError) as raised:
        parse_scenario_text(text, "s.yaml")
    assert "s.yaml:4:3" in str(raised.value)
    assert "do-nothing" in str(raised.value)


def test_a_build_takes_the_keys_of_a_compose_file_s(tmp_path):
    (tmp_path / "token").write_text("t")
    text = """
version: 1
name: b
cases:
  one:
    ready: {exit: true}
    build:
      context: .
      dockerfile_inline: |
        FROM debian
        RUN true
      additional_contexts: [shared=., base=docker-image://debian]
      secrets: [{id: token, file: token}, {id: key, environment: KEY}]
      ssh: default
      cache_from: [a, "type=local,src=c"]
      cache_to: "type=inline"
      platforms: [linux/amd64]
      no_cache: true
      pull: true
      network: none
      labels: {version: 1.10}
"""
    build = parse_scenario_text(text, "s.yaml", folder=tmp_path).scenario.cases["one"].build
    assert build is not None
    assert build.dockerfile_inline == "FROM debian\nRUN true\n"
    assert build.additional_contexts == {"shared": ".", "base": "docker-image://debian"}
    assert build.secrets == (
        BuildSecret(id="token", file="token"),
        BuildSecret(id="key", environment="KEY"),
    )
    assert (build.ssh, build.cache_to) == (("default",), ("type=inline",))
    assert build.cache_from == ("a", "type=local,src=c")
    assert (build.platforms, build.network) == (("linux/amd64",), "none")
    assert build.no_cache
    assert build.pull
    assert build.labels == {"version": "1.10"}


def test_an_inline_dockerfile_of_a_case_leaves_the_default_dockerfile_behind(tmp_path):
    text = (
        "version: 1\nname: b\ndefaults: {ready: {exit: true}, build: {context: ., dockerfile: D}}\n"
        "cases: {one: {build: {dockerfile_inline: FROM a}}}"
    )
    build = parse_scenario_text(text, "s.yaml", folder=tmp_path).scenario.cases["one"].build
    assert build is not None
    assert build.dockerfile_inline == "FROM a"

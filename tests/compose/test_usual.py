"""A Compose file in the idiom of its kind is read as it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bench.compose.model import Condition
from bench.core.errors import ScenarioError
from bench.scenario.compose_service import as_case
from bench.scenario.loading.compose_file import load_stack
from bench.scenario.model import Case
from tests.compose.files import write

GIB = 2**30


@pytest.fixture
def path(tmp_path):
    write(tmp_path, "FROM scratch\n", "docker/web.Dockerfile")
    write(tmp_path, "POSTGRES_PASSWORD=pw\nAPP_VERSION=1.10\n", ".env")
    write(tmp_path, "key", "session-key.txt")
    (tmp_path / "initdb").mkdir()
    return Path(shutil.copy(Path(__file__).parent / "usual.yaml", tmp_path / "compose.yaml"))


def test_its_services_and_what_they_wait_for(path):
    stack = load_stack(path, environ={})
    assert [one.name for one in stack.members] == ["model-init", "postgres", "llm", "web"]
    assert stack.waited_for("model-init", Condition.COMPLETED)
    assert [one.condition for one in stack.member("web").waits] == [Condition.HEALTHY] * 2
    assert list(stack.volumes) == ["models", "pgdata"]


def test_its_variables_are_replaced(path):
    stack = load_stack(path, environ={"WEB_PORT": "3001"})
    web, llm = stack.member("web"), stack.member("llm")
    assert web.environment["DATABASE_URL"] == "postgresql://chat:pw@postgres:5432/chat"
    assert web.service.build is not None
    assert web.service.build.args == {"APP_VERSION": "1.10"}
    assert web.service.ports[0].text == "3001:3000/tcp"
    assert "--ctx-size 2048" in str(llm.service.command)
    assert "${MODEL_FILE}" in str(stack.member("model-init").service.command)
    assert stack.member("postgres").environment["POSTGRES_DB"] == "chat"


def test_it_becomes_containers(path):
    stack = load_stack(path, environ={})
    outer = Case.model_validate({"compose": "compose.yaml"})
    cases = {one.name: as_case(one, outer, outer.ready) for one in stack.members}
    llm = cases["llm"]
    assert (llm.effective_limits.cpus, llm.effective_limits.memory) == (4.0, 6 * GIB)
    reservations = llm.deploy.resources.reservations
    assert reservations is not None
    assert (reservations.memory, reservations.devices[0].count) == (2 * GIB, 1)
    assert (llm.ulimits["memlock"].hard, llm.ulimits["nofile"].soft) == (-1, 65536)
    postgres = cases["postgres"]
    assert postgres.shm_size == 256 * 2**20
    assert postgres.healthcheck is not None
    assert (postgres.healthcheck.interval, postgres.healthcheck.start_period) == (5.0, 10.0)
    assert cases["model-init"].entrypoint == ["/bin/sh", "-c"]


def test_what_is_passed_over_is_said_and_nothing_else(path):
    said = {one.message.split("`")[1] for one in load_stack(path, environ={}).warnings}
    assert said == {"version", "logging", "expose", "name"}


def test_what_it_asks_for_must_be_given(path):
    (path.parent / ".env").write_text("")
    with pytest.raises(ScenarioError) as raised:
        load_stack(path, environ={})
    assert "set POSTGRES_PASSWORD in .env" in raised.value.diagnostics[0].message
    assert raised.value.diagnostics[0].line == 17


def test_the_profile_adds_its_service(path):
    assert len(load_stack(path, environ={}, profiles=["debug"]).members) == 5

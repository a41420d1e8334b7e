"""The services of a scenario: started in turn, reachable by name, and removed."""

from __future__ import annotations

import time
from typing import Any

import pytest

from bench.core.clock import SystemClock
from bench.core.errors import EngineError
from bench.runner.services import RunningServices
from bench.scenario.model import SupportingService
from tests.fakes import FakeRuntime, Script
from tests.servers import FakeServer, closed_port

UP = Script(output=(b"up\n",), address="10.0.0.2")


def service(**changes: Any) -> SupportingService:
    return SupportingService.model_validate(
        {"image": "x", "ready": {"log": "^up$", "timeout": "10s"}} | changes
    )


@pytest.fixture
def engine():
    engine = FakeRuntime(UP)
    yield engine
    engine.end_all()


@pytest.fixture
def services(engine, tmp_path):
    said: list[str] = []
    services = RunningServices(engine, SystemClock(), "run", tmp_path, said.append)
    yield services
    services.stop()


def test_each_is_ready_before_the_next_begins_and_knows_those_before_it(engine, services):
    engine.scripts["db@1"] = Script(output=(b"up\n",), address="10.0.0.7")
    services.start({"db": service(), "web": service()}, {"db": "db@1", "web": "web@1"})
    specs = [spec for (spec,) in engine.arguments_of("create")]
    assert [spec.image for spec in specs] == ["db@1", "web@1"]
    assert [dict(spec.extra_hosts) for spec in specs] == [{}, {"db": "10.0.0.7"}]
    assert services.addresses == {"db": "10.0.0.7", "web": "10.0.0.2"}
    assert engine.order == ["create", "attach", "start", "state"] * 2


def test_they_carry_the_label_of_the_run(engine, services):
    services.start({"db": service(volumes=["data:/d"])}, {"db": "db@1"})
    (spec,) = engine.arguments_of("create")[0]
    assert spec.labels == {"org.container-bench": "run"}
    assert spec.name == "cbench-run-service-db"
    assert engine.volume_labels == {"cbench-run-service-db-data": {"org.container-bench": "run"}}


def test_one_that_ends_is_noticed_but_not_a_job_that_is_done(engine, services):
    engine.scripts["seed@1"] = Script(life_s=0, exit_code=0)
    job = SupportingService.model_validate({"image": "x", "ready": {"exit": True}})
    services.start({"seed": job, "db": service()}, {"seed": "seed@1", "db": "db@1"})
    assert services.dead() == ""
    engine.made[1].end(137)
    deadline_s = time.monotonic() + 5
    while not services.dead() and time.monotonic() < deadline_s:
        time.sleep(0.005)
    assert services.dead() == "service db has ended, with code 137"


def test_stopping_removes_containers_and_volumes_the_last_first(engine, services):
    named = service(volumes=["data:/d"])
    services.start({"db": named, "web": named}, {"db": "db@1", "web": "web@1"})
    made = [one.container_id for one in engine.made]
    services.stop()
    assert engine.leftovers == []
    assert [arguments[0] for arguments in engine.arguments_of("remove")] == made[::-1]


def test_a_service_is_asked_at_its_own_address(engine, services):
    engine.script = Script(address="127.0.0.1")
    with FakeServer(503, 200) as server:
        asked = service(ready={"http": {"port": server.port}, "interval": "1ms"})
        services.start({"db": asked}, {"db": "db@1"})
        assert len(server.requests) == 2


def test_one_that_ends_says_so_with_its_last_lines(engine, services):
    engine.script = Script(output=(b"reading\n", b"no config\n"), life_s=0, exit_code=1)
    with pytest.raises(EngineError) as caught:
        services.start({"db": service()}, {"db": "db@1"})
    assert caught.value.subject == "service db"
    assert "it exited before it was ready" in caught.value.cause
    assert "no config" in caught.value.cause
    services.stop()
    assert engine.leftovers == []


def test_one_that_does_not_get_ready_in_time_ends_the_run(engine, services):
    engine.script = Script(address="127.0.0.1")
    late = service(ready={"tcp": {"port": closed_port()}, "timeout": "50ms"})
    with pytest.raises(EngineError, match=r"not ready within 0\.05 s"):
        services.start({"db": late}, {"db": "db@1"})

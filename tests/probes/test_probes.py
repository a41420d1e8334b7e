"""The probes, against real listeners on loopback and a fake engine."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from bench.core.capability import Capability
from bench.core.clock import SystemClock
from bench.core.errors import (
    CommandTimeoutError,
    EngineError,
    EngineRefusedError,
    EngineUnavailableError,
)
from bench.observe.output import ExitWatch, OutputWatch
from bench.probes.attempt import NotReadyError, Probe
from bench.probes.dial import Endpoint
from bench.probes.exec import ExecProbe
from bench.probes.exit import ExitProbe
from bench.probes.grpc import GrpcProbe
from bench.probes.healthcheck import HealthProbe
from bench.probes.http import HttpProbe
from bench.probes.log import LogProbe
from bench.probes.make import make_probe
from bench.probes.readiness import Readiness
from bench.probes.target import ProbeTarget
from bench.probes.tcp import TcpProbe
from bench.scenario.probes import HttpProbeSpec as HttpModel
from bench.scenario.probes import LogProbeSpec as LogModel
from bench.scenario.probes import ProbeChoice
from tests.fakes import FakeClock, FakeOutput, FakeRuntime, Script
from tests.servers import FakeServer, closed_port

CLOCK = SystemClock()


def http(port: int, path: str = "/", status: int | None = None, address: str = "127.0.0.1"):
    model = HttpModel(port=port, path=path, status=status)
    return HttpProbe(model, Endpoint(address, port), CLOCK)


def tcp(port: int, address: str = "127.0.0.1"):
    return TcpProbe(Endpoint(address, port), CLOCK)


def running(script: Script | None = None) -> tuple[FakeRuntime, str]:
    """An engine and a container that runs in it."""
    from bench.runtimes.specs import WorkloadSpec

    engine = FakeRuntime(script)
    container_id = engine.create(WorkloadSpec("x", "c", {})).id
    engine.workload(container_id).start()
    return engine, container_id


# http


def test_a_2xx_is_ready_and_the_request_names_the_path_and_asks_for_no_more():
    with FakeServer(204) as server:
        attempt = http(server.port, "/healthz?deep=1").attempt(5.0)
    assert attempt.ok
    assert attempt.sent_ns < attempt.answered_ns
    assert server.requests[0].startswith(b"GET /healthz?deep=1 HTTP/1.1\r\n")
    assert b"Connection: close" in server.requests[0]


@pytest.mark.parametrize("status", [301, 401, 404, 500, 503])
def test_any_other_status_is_a_refusal_that_says_so(status):
    with FakeServer(status) as server:
        attempt = http(server.port).attempt(5.0)
    assert (attempt.ok, attempt.detail) == (False, f"status {status}")


@pytest.mark.parametrize(("expected", "answered", "ok"), [(401, 401, True), (401, 200, False)])
def test_where_a_status_is_named_it_alone_will_do(expected, answered, ok):
    with FakeServer(answered) as server:
        assert http(server.port, status=expected).attempt(5.0).ok is ok


def test_a_port_that_nobody_listens_on_refuses():
    attempt = http(closed_port()).attempt(5.0)
    assert (attempt.ok, attempt.detail) == (False, "Connection refused")


@pytest.mark.parametrize("answer", ["close", "garbage"])
def test_a_connection_without_an_http_answer_is_a_refusal(answer):
    with FakeServer(answer) as server:
        attempt = http(server.port).attempt(5.0)
    assert not attempt.ok
    assert attempt.detail


def test_a_container_without_an_address_is_not_asked_for_on_this_host():
    with FakeServer(200) as server:
        attempt = http(server.port, address="").attempt(5.0)
        beside = tcp(server.port, "").attempt(5.0)
    assert not attempt.ok
    assert not beside.ok
    assert server.requests == []


def test_a_server_that_never_answers_is_waited_for_as_long_as_was_said_and_no_longer():
    with FakeServer("hang") as server:
        begun = time.monotonic()
        attempt = http(server.port).attempt(0.1)
        took_s = time.monotonic() - begun
    assert (attempt.ok, attempt.detail) == (False, "no answer within 0.1 s")
    assert 0.09 <= took_s < 2


def test_an_abort_ends_an_attempt_that_hangs():
    with FakeServer("hang") as server:
        probe = http(server.port)
        threading.Thread(target=lambda: (server.asked.wait(5), probe.abort())).start()
        begun = time.monotonic()
        attempt = probe.attempt(30.0)
        assert not attempt.ok
        assert time.monotonic() - begun < 5


def test_an_abort_that_comes_before_the_connection_holds_for_it_too():
    with FakeServer("hang") as server:
        probe = http(server.port)
        probe.abort()
        begun = time.monotonic()
        assert not probe.attempt(30.0).ok
        assert time.monotonic() - begun < 5


def test_a_connection_that_is_not_answered_well_is_told_as_one_all_the_same():
    with FakeServer(503) as server:
        attempt = http(server.port).attempt(5.0)
    assert not attempt.ok
    assert attempt.connected_ns is not None
    assert attempt.sent_ns <= attempt.connected_ns <= attempt.answered_ns


def test_where_nobody_listens_there_is_no_connection():
    assert http(closed_port()).attempt(5.0).connected_ns is None


# tcp


def test_a_port_that_accepts_is_ready_when_the_connection_stands():
    with FakeServer("close") as server:
        attempt = tcp(server.port).attempt(5.0)
    assert attempt.ok
    assert attempt.connected_ns == attempt.answered_ns


def test_a_connection_that_the_kernel_joins_to_itself_is_none(monkeypatch):
    """A port out of the range that outgoing connections are given: asked often, it is hit."""
    port = closed_port()
    connect = socket.socket.connect

    def from_that_very_port(self: socket.socket, target: tuple[str, int]) -> None:
        self.bind(target)
        connect(self, target)

    monkeypatch.setattr(socket.socket, "connect", from_that_very_port)
    attempt = tcp(port).attempt(5.0)
    assert (attempt.ok, attempt.connected_ns) == (False, None)
    assert attempt.detail == "Connection refused"


@pytest.fixture
def deaf_port():
    """A port whose backlog is full: the kernel answers nothing to whoever connects."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        others = [socket.socket() for _ in range(2)]
        for one in others:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        yield port
        for one in others:
            one.close()


@pytest.mark.parametrize("kind", ["http", "tcp"])
def test_an_abort_ends_a_connection_that_does_not_come(deaf_port, kind):
    probe = http(deaf_port) if kind == "http" else tcp(deaf_port)
    timer = threading.Timer(0.1, probe.abort)
    timer.start()
    begun = time.monotonic()
    assert not probe.attempt(30.0).ok
    assert time.monotonic() - begun < 0.9  # sooner than by itself
    timer.join()


def test_a_port_that_does_not_accept_is_not():
    attempt = tcp(closed_port()).attempt(5.0)
    assert (attempt.ok, attempt.detail) == (False, "Connection refused")


def test_a_full_backlog_is_waited_for_no_longer_than_was_said(deaf_port):
    begun = time.monotonic()
    assert not tcp(deaf_port).attempt(0.1).ok
    assert time.monotonic() - begun < 0.9


# log


def log_probe(pattern: str, output: FakeOutput, clock: FakeClock) -> tuple[LogProbe, OutputWatch]:
    watch = OutputWatch(output, clock, {pattern: 1})
    ending = ExitWatch(FakeRuntime().workload("c"), clock)
    return LogProbe(LogModel(pattern=pattern), watch, ending, clock), watch


def test_a_line_that_matched_is_ready_at_the_moment_that_it_came():
    clock, output = FakeClock(), FakeOutput()
    probe, watch = log_probe("listening on .*$", output, clock)
    assert not probe.attempt(1.0).ok
    at_ns = clock.now_ns
    output.write(b"starting\nlistening on :80\n")
    output.close()
    watch.start()
    assert watch.wait_end(5.0)
    clock.advance(3.0)
    attempt = probe.attempt(1.0)
    assert (attempt.ok, attempt.sent_ns, attempt.answered_ns) == (True, at_ns, at_ns)
    assert attempt.resolution_ns == 1_000_000


def test_of_a_line_that_comes_several_times_the_one_that_was_named_counts():
    clock, output = FakeClock(tick_ns=1), FakeOutput()
    watch = OutputWatch(output, clock, {"ready": 2})
    model = LogModel(pattern="ready", times=2)
    probe = LogProbe(model, watch, ExitWatch(FakeRuntime().workload("c"), clock), clock)
    output.write(b"ready to accept connections\n")
    output.close()
    watch.start()
    assert watch.wait_end(5.0)
    attempt = probe.attempt(1.0)
    assert (attempt.ok, attempt.detail) == (False, "matched 1 of 2 times")
    again = FakeOutput()
    watch = OutputWatch(again, clock, {"ready": 2})
    probe = LogProbe(model, watch, ExitWatch(FakeRuntime().workload("c"), clock), clock)
    for _ in range(3):
        again.write(b"ready to accept connections\n")
    again.close()
    watch.start()
    assert watch.wait_end(5.0)
    assert probe.attempt(1.0).answered_ns == watch.matched_ns["ready"][1]


def test_a_line_that_is_still_on_its_way_when_the_process_ends_is_waited_for():
    clock, output, matched = FakeClock(), FakeOutput(), threading.Event()
    engine = FakeRuntime()
    watch, ending = (
        OutputWatch(output, clock, {"done": 1}),
        ExitWatch(engine.workload("c"), clock),
    )
    watch.on_match(matched.set)
    probe = LogProbe(LogModel(pattern="done"), watch, ending, clock)
    watch.start()
    ending.start(0, clock.now_ns)

    def late() -> None:
        output.write(b"done\n")
        output.close()

    threading.Timer(0.05, late).start()
    assert probe.attempt(5.0).ok
    assert matched.is_set()


# exec


def test_a_command_that_exits_with_0_is_ready():
    engine, container_id = running()
    attempt = ExecProbe(["test", "-f", "/ready"], engine.workload(container_id), CLOCK).attempt(2.5)
    assert attempt.ok
    assert engine.arguments_of("execute") == [(container_id, ("test", "-f", "/ready"), 2.5)]


@pytest.mark.parametrize(
    ("result", "detail"),
    [
        (1, "exit code 1"),
        (127, "exit code 127"),
        (EngineRefusedError("c", "container is restarting", status=409), "container is restarting"),
        (CommandTimeoutError("c", "a command has not ended"), "still running after 1 s"),
    ],
)
def test_a_command_that_fails_or_cannot_be_run_is_a_refusal(result, detail):
    engine, container_id = running(Script(exec_results=(result,)))
    attempt = ExecProbe(["true"], engine.workload(container_id), CLOCK).attempt(1.0)
    assert (attempt.ok, attempt.detail) == (False, detail)


def test_a_command_that_hangs_is_given_up_and_may_take_longer_the_next_time():
    hung = CommandTimeoutError("c", "a command has not ended")
    engine, container_id = running(Script(exec_results=(hung, 0)))
    probe = ExecProbe(["true"], engine.workload(container_id), CLOCK)
    fact = readiness_of(probe, watch=ExitWatch(engine.workload(container_id), CLOCK)).wait(
        CLOCK.monotonic_ns()
    )
    assert fact.attempts == 2
    assert [one[2] for one in engine.arguments_of("execute")] == [1.0, 2.0]


def test_a_dead_engine_is_no_refusal_but_an_error():
    engine, container_id = running()
    engine.is_dead = True
    with pytest.raises(EngineUnavailableError):
        ExecProbe(["true"], engine.workload(container_id), CLOCK).attempt(1.0)


# healthcheck


def test_what_the_engine_calls_healthy_is_ready_and_nothing_else():
    engine, container_id = running(
        Script(health=("", "starting", "unhealthy", "healthy"), health_interval_s=1)
    )
    probe = HealthProbe(engine.workload(container_id), CLOCK)
    attempts = [probe.attempt(1.0) for _ in range(4)]
    assert [attempt.ok for attempt in attempts] == [False, False, False, True]
    assert [attempt.detail for attempt in attempts[:3]] == [
        "no check was made yet",
        "starting",
        "unhealthy",
    ]
    assert probe.least_interval_s >= 0.01


def test_a_health_check_is_as_fine_as_its_interval_and_bench_asks_in_between():
    engine, container_id = running(Script(health=("starting", "healthy"), health_interval_s=0.5))
    probe = HealthProbe(engine.workload(container_id), CLOCK)
    probe.attempt(1.0)
    attempt = probe.attempt(1.0)
    assert attempt.ok
    assert attempt.floor_ns == 500_000_000
    assert attempt.resolution_ns is not None
    assert attempt.resolution_ns >= attempt.floor_ns + probe.least_interval_s * 1e9


def test_a_container_without_a_health_check_is_not_waited_for():
    engine, container_id = running(Script(health=("",)))
    with pytest.raises(NotReadyError, match="neither the image nor the case has one"):
        HealthProbe(engine.workload(container_id), CLOCK).attempt(1.0)


# exit


@pytest.mark.parametrize(("code", "ok"), [(0, True), (1, False), (137, False)])
def test_a_batch_job_is_ready_when_it_ends_with_0(code, ok):
    clock = FakeClock()
    engine, container_id = running(Script(life_s=0, exit_code=code))
    watch = ExitWatch(engine.workload(container_id), clock)
    probe = ExitProbe(watch, clock)
    assert probe.attempt(1.0).detail == "still running"
    watch.start(0, clock.now_ns - 40_000_000)
    ended_ns = clock.now_ns
    clock.advance(1.0)
    attempt = probe.attempt(1.0)
    assert (attempt.ok, attempt.answered_ns) == (ok, ended_ns)
    assert attempt.detail == f"exit code {code}"
    assert attempt.resolution_ns == 40_000_000


# all of them, from the words of a scenario


@pytest.mark.parametrize(
    ("choice", "kind", "name"),
    [
        ({"http": {"port": 80, "path": "/x"}}, HttpProbe, "http 80/x"),
        ({"http": {"port": 443, "scheme": "https"}}, HttpProbe, "https 443/"),
        ({"http": {"socket": "/run/x"}}, HttpProbe, "http unix:/run/x/"),
        ({"tcp": {"port": 80}}, TcpProbe, "tcp 80"),
        ({"tcp": {"socket": "/run/x"}}, TcpProbe, "tcp unix:/run/x"),
        ({"grpc": {"port": 80, "service": "a.B"}}, GrpcProbe, "grpc 80 a.B"),
        ({"log": "up"}, LogProbe, "log 'up'"),
        ({"log": {"pattern": "up", "times": 2}}, LogProbe, "log 'up' 2 times"),
        ({"exec": ["true"]}, ExecProbe, "exec true"),
        ({"healthcheck": True}, HealthProbe, "healthcheck"),
        ({"exit": True}, ExitProbe, "exit"),
    ],
)
def test_each_word_of_a_scenario_has_its_probe(choice, kind, name):
    clock = FakeClock()
    engine, container_id = running()
    output = OutputWatch(FakeOutput(), clock, {"up": 1})
    watch = ExitWatch(engine.workload(container_id), clock)
    target = ProbeTarget(engine.workload(container_id), "127.0.0.1", output, watch, clock)
    probe = make_probe(ProbeChoice.model_validate(choice), target)
    assert isinstance(probe, kind)
    assert probe.name == name


def test_a_health_check_that_the_engine_never_makes_is_not_waited_for():
    engine, container_id = running()
    engine.lacking[Capability.HEALTH_CHECKS] = "nobody makes them"
    watch = ExitWatch(engine.workload(container_id), CLOCK)
    target = ProbeTarget(
        engine.workload(container_id),
        "",
        OutputWatch(FakeOutput(), CLOCK, {}),
        watch,
        CLOCK,
    )
    with pytest.raises(EngineError, match="healthcheck: nobody makes them"):
        make_probe(ProbeChoice(healthcheck=True), target)


def test_a_command_as_text_is_run_by_the_containers_shell():
    clock = FakeClock()
    engine, container_id = running()
    output = OutputWatch(FakeOutput(), clock, {})
    watch = ExitWatch(engine.workload(container_id), clock)
    target = ProbeTarget(engine.workload(container_id), "127.0.0.1", output, watch, clock)
    make_probe(ProbeChoice.model_validate({"exec": "test -f /x && true"}), target).attempt(1.0, 1.0)
    assert engine.arguments_of("execute")[0][1] == ("/bin/sh", "-c", "test -f /x && true")


# with the waiting around them, on real sockets


def readiness_of(*probes: Probe, watch: ExitWatch, timeout_s: float = 20.0):
    readiness = Readiness(
        probes,
        any_of=False,
        interval_s=0.001,
        timeout_s=timeout_s,
        clock=CLOCK,
        exit_watch=watch,
        wake=threading.Event(),
    )
    watch.on_end(readiness.abort)
    return readiness


def test_a_server_that_answers_503_for_a_while_is_ready_when_it_answers_200():
    with FakeServer(503, 503, 503, 200) as server:
        watch = ExitWatch(FakeRuntime().workload("c"), CLOCK)
        fact = readiness_of(http(server.port), watch=watch).wait(CLOCK.monotonic_ns())
    assert fact.attempts == 4
    assert len(server.requests) == 4


def test_a_server_that_hangs_its_first_client_is_ready_for_the_second():
    with FakeServer("hang", 200) as server:
        watch = ExitWatch(FakeRuntime().workload("c"), CLOCK)
        readiness = Readiness(
            [http(server.port)],
            any_of=False,
            interval_s=0.001,
            timeout_s=60.0,
            attempt_timeout_s=0.1,
            clock=CLOCK,
            exit_watch=watch,
            wake=threading.Event(),
        )
        begun = time.monotonic()
        assert readiness.wait(CLOCK.monotonic_ns()).attempts == 2
        assert time.monotonic() - begun < 20


def test_a_server_that_only_accepts_is_not_ready_for_http():
    with FakeServer("close") as server:
        watch = ExitWatch(FakeRuntime().workload("c"), CLOCK)
        with pytest.raises(NotReadyError, match=rf"last http {server.port}/: "):
            readiness_of(http(server.port), watch=watch, timeout_s=0.1).wait(CLOCK.monotonic_ns())


def test_a_process_that_ends_while_an_attempt_hangs_is_not_ready_at_once():
    with FakeServer("hang") as server:
        watch = ExitWatch(FakeRuntime().workload("c"), CLOCK)
        readiness = readiness_of(http(server.port), watch=watch, timeout_s=60.0)

        def ends() -> None:
            server.asked.wait(5)
            watch.start(0, CLOCK.monotonic_ns())

        threading.Thread(target=ends).start()
        begun = time.monotonic()
        with pytest.raises(NotReadyError, match="it exited before it was ready"):
            readiness.wait(CLOCK.monotonic_ns())
        assert time.monotonic() - begun < 5
        assert len(server.requests) == 1


def test_a_process_that_ends_while_the_engine_runs_a_command_in_it_is_not_ready():
    """The engine ends the command with the container, and refuses the next."""
    engine, container_id = running()
    watch = ExitWatch(engine.workload(container_id), CLOCK)

    def ends() -> None:
        engine.present[container_id].end(3)
        watch.start(0, CLOCK.monotonic_ns())

    engine.trouble("execute", ends)
    probe = ExecProbe(["true"], engine.workload(container_id), CLOCK)
    with pytest.raises(NotReadyError, match="it exited before it was ready"):
        readiness_of(probe, watch=watch, timeout_s=60.0).wait(CLOCK.monotonic_ns())


def test_a_process_that_ends_before_its_first_health_check_is_not_waited_for():
    engine, container_id = running(Script(health=("starting",), health_interval_s=30.0))
    watch = ExitWatch(engine.workload(container_id), CLOCK)
    threading.Timer(0.05, watch.start, [0, CLOCK.monotonic_ns()]).start()
    probe, begun = HealthProbe(engine.workload(container_id), CLOCK), time.monotonic()
    with pytest.raises(NotReadyError, match="it exited before it was ready"):
        readiness_of(probe, watch=watch, timeout_s=60.0).wait(CLOCK.monotonic_ns())
    assert time.monotonic() - begun < 5


def test_a_process_that_ends_while_its_port_does_not_answer_is_not_waited_for(deaf_port):
    watch = ExitWatch(FakeRuntime().workload("c"), CLOCK)
    threading.Timer(0.05, watch.start, [0, CLOCK.monotonic_ns()]).start()
    probe, begun = tcp(deaf_port), time.monotonic()
    with pytest.raises(NotReadyError, match="it exited before it was ready"):
        readiness_of(probe, watch=watch, timeout_s=60.0).wait(CLOCK.monotonic_ns())
    assert time.monotonic() - begun < 0.9

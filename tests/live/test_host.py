"""Plain processes on this host and its cgroups: no container engine takes part."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.cgroup.mounts import PARENT_NAME, find_mounts

SERVER = """\
import http.server, os, signal, subprocess, sys
child = subprocess.Popen(["sleep", "600"])
print("child", child.pid, flush=True)
if "--deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler
).serve_forever()
"""

SCENARIO = """
version: 1
name: bare
checklist: cloud-native
defaults:
  repeat: 1
  limits: {{cpus: 0.5, memory: 64m, pids: 20}}
  observe: 200ms
  stop_grace_period: 1s
  ready: {{http: {{port: 18321}}, timeout: 15s}}
cases:
  serves: {{host: {{command: [{python}, server.py, "18321"]}}, cache: [image, warm], repeat: 2}}
  deaf: {{host: {{command: [{python}, server.py, "18321", --deaf]}}}}
  late:
    host: {{command: [sh, -c, "sleep 1; exec {python} server.py 18321"]}}
  set-up:
    host:
      command: [sh, -c, "cat made; sleep 60"]
      setup: [[sh, -c, "echo ready now > made"], [sleep, "0.3"]]
    ready: {{log: "ready now", timeout: 15s}}
  not-set-up:
    host: {{command: ["true"], setup: [[sh, -c, "echo no luck; exit 9"]]}}
  crashes: {{host: {{command: [sh, -c, "echo last words; exit 3"]}}}}
  starves:
    host: {{command: [{python}, -c, "kept = bytearray(200 << 20)"]}}
  crowded:
    host: {{command: [sh, -c, "for i in 1 2 3 4 5 6 7 8 9; do sleep 60 & done; exit 4"]}}
    limits: {{pids: 5}}
  missing: {{host: {{command: [no-such-program]}}}}
  silent:
    host: {{command: [sleep, "60"]}}
    ready: {{http: {{port: 18321}}, timeout: 1s}}
  job:
    host: {{command: [sh, -c, "sleep 0.3; echo rows=42"]}}
    ready: {{exit: true, timeout: 15s}}
    metrics: {{rows: {{pattern: "rows=([0-9]+)", unit: count, better: higher}}}}
  busy:
    host: {{command: [sh, -c, "i=0; while [ $$i -lt 600000 ]; do i=$$((i+1)); done"]}}
    ready: {{exit: true, timeout: 15s}}
  asked:
    host: {{command: [sh, -c, "sleep 0.3; touch here; exec sleep 60"]}}
    ready: {{exec: [test, -f, here], timeout: 15s}}
thresholds: {{ready_s: "<= 10s"}}
"""


def own_cgroups() -> list[str]:
    """The cgroups of plain processes that are there now."""
    mounts = find_mounts()
    assert mounts is not None
    return [str(one) for one in mounts.path("memory", PARENT_NAME).glob("*/host-*")]


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    from tests.live.conftest import Bench

    bench = Bench(tmp_path_factory.mktemp("bare"))
    (bench.folder / "server.py").write_text(SERVER)
    path = bench.scenario(SCENARIO.format(python=sys.executable))
    done = bench("run", path, "--keep-going", "--progress", "quiet", "--engine", "host")
    assert done.returncode != 2, done.stderr
    return done, bench.latest()


def only(run, case: str, arm: str = "fit"):
    found = [one for one in run.results if one.key.case == case and one.key.arm == arm]
    return found[0]


def test_a_run_without_containers_is_judged_as_far_as_it_can_be(outcome):
    done, run = outcome
    assert done.returncode == 3, done.stderr  # one could not be set up
    assert "Traceback" not in done.stderr + done.stdout
    assert run.header.engine["kind"] == "host"
    assert {one.key.case for one in run.results}.isdisjoint({"calibration"})
    verdicts = {(one.case, one.id): one for one in run.verdicts}
    for row in ("CI-3", "CI-4", "CI-5", "RS-3.1"):
        assert verdicts["serves", row].verdict == "not-measured"
        assert not verdicts["serves", row].required
    for row in ("CI-7", "CI-8", "ready_s"):
        assert verdicts["serves", row].verdict == "pass"


def test_a_server_gets_ready_and_its_resources_are_counted(outcome):
    trials = [one for one in outcome[1].results if one.key.case == "serves"]
    assert [one.status for one in trials] == ["ok"] * len(trials)
    for one in trials:
        assert 0 < one.metrics["ready_s"] < 10
        assert one.metrics["memory_peak_bytes"] > 2**20
        assert one.metrics["cpu_to_ready_s"] > 0.01
        assert one.metrics["processes_peak"] >= 2
        assert "pull_s" not in one.metrics
        assert "net_rx_bytes" not in one.metrics


def test_limits_are_held_by_the_kernel_and_not_in_the_need_arm(outcome):
    limits = only(outcome[1], "serves").facts.limits
    assert limits.applied.memory_bytes == 64 * 2**20
    assert limits.applied.cpus == 0.5
    assert limits.applied.pids == 20
    busy = only(outcome[1], "busy").metrics
    assert busy["cpu_throttled_s"] > 0.1
    assert busy["cpu_s"] < 0.8 * busy["run_s"]
    need = only(outcome[1], "serves", "need").facts.limits
    assert need.applied.memory_bytes is None
    assert need.applied.cpus is None


def test_ready_is_not_before_the_server_listens(outcome):
    assert only(outcome[1], "late").metrics["ready_s"] >= 1.0


def test_the_setup_is_run_once_and_timed(outcome):
    run = outcome[1]
    assert only(run, "set-up").status == "ok"
    assert 0.3 <= run.images["set-up"].metric_values()["build_s"] < 10


def test_a_setup_that_fails_shows_what_it_said(outcome):
    done, run = outcome
    assert "ended with code 9" in run.failed_images["not-set-up"]
    assert "no luck" in run.failed_images["not-set-up"]
    assert "not-set-up" in done.stdout


def test_a_crash_has_a_reason_and_its_last_words(outcome):
    trial = only(outcome[1], "crashes")
    assert trial.status == "failed"
    assert trial.reason == "exited with code 3 before it was ready"
    assert trial.log_tail[-1] == "last words"


def test_a_kill_for_memory_is_called_that(outcome):
    trial = only(outcome[1], "starves")
    assert trial.status == "failed"
    assert "killed for memory" in trial.reason
    assert trial.metrics["oom_kills"] >= 1
    assert only(outcome[1], "starves", "need").reason.startswith("exited with code 0")


def test_the_limit_of_processes_is_kept(outcome):
    trial = only(outcome[1], "crowded")
    assert trial.metrics["processes_peak"] <= 5


def test_a_program_that_is_not_there_is_the_cases_fault(outcome):
    trial = only(outcome[1], "missing")
    assert trial.status == "failed"
    assert "could not be started" in trial.reason


def test_what_never_answers_is_a_failure_after_its_time(outcome):
    assert only(outcome[1], "silent").reason.startswith("not ready within 1 s")


def test_a_job_is_ready_when_it_has_ended_well(outcome):
    trial = only(outcome[1], "job")
    assert trial.status == "ok"
    assert trial.metrics["run_s"] >= 0.3
    assert trial.metrics["rows"] == 42


def test_a_command_may_say_that_it_is_ready(outcome):
    trial = only(outcome[1], "asked")
    assert trial.status == "ok"
    assert trial.metrics["ready_s"] >= 0.3


def test_it_is_asked_to_stop_and_killed_where_it_does_not_listen(outcome):
    polite, deaf = only(outcome[1], "serves"), only(outcome[1], "deaf")
    assert polite.metrics["exit_code"] == 143
    assert polite.facts.stop.killed is False
    assert deaf.metrics["exit_code"] == 137
    assert deaf.metrics["stop_s"] >= 1
    assert deaf.facts.stop.killed is True


def test_nothing_that_it_started_is_left(outcome):
    children = [
        int(line.split()[1])
        for log in (outcome[1].folder / "logs").glob("*.log")
        for line in log.read_text().splitlines()
        if line.startswith("child ")
    ]
    assert len(children) >= 5
    assert not [pid for pid in children if is_alive(pid)]
    run_id = outcome[1].run_id
    assert not [one for one in own_cgroups() if run_id in one]


LONG = """
version: 1
name: long
cases:
  one:
    host: {command: [sh, -c, "sleep 300 & echo up; wait"]}
    repeat: 2
    ready: {log: up, timeout: 15s}
    observe: 60s
thresholds: {ready_s: "<= 10s"}
"""


@pytest.fixture
def begun(tmp_path):
    from tests.live.conftest import Bench

    bench = Bench(tmp_path)
    process = bench.begin("run", bench.scenario(LONG))
    bench.wait_for('"phase":"ready"', process)
    yield bench, process
    if process.poll() is None:
        process.kill()
    process.communicate()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_with_all_that_it_started(begun, number, code):
    bench, process = begun
    members = _members(bench.latest().run_id)
    assert len(members) == 2
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code, errors
    assert "Traceback" not in errors
    assert not [pid for pid in members if is_alive(pid)]
    assert _members(bench.latest().run_id) == []


def test_what_a_killed_run_left_is_ended_by_clean_and_nothing_else_is(begun):
    bench, process = begun
    run_id = bench.latest().run_id
    members = _members(run_id)
    assert "removed 0 things" in bench("clean", "--engine", "host").stdout  # it runs
    assert all(is_alive(pid) for pid in members)
    process.kill()
    process.communicate(timeout=60)
    assert all(is_alive(pid) for pid in members)
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        swept = bench("clean", "--engine", "host")
        assert "removed 1 thing" in swept.stdout
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()
    deadline = time.monotonic() + 30
    while any(is_alive(pid) for pid in members) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not [pid for pid in members if is_alive(pid)]
    assert not [one for one in own_cgroups() if run_id in one]


def _members(run_id: str) -> list[int]:
    return [
        int(pid)
        for one in own_cgroups()
        if run_id in one
        for pid in (Path(one) / "cgroup.procs").read_text().split()
    ]


def test_a_case_with_an_image_is_refused_before_anything_is_run(tmp_path):
    from tests.live.conftest import Bench

    bench = Bench(tmp_path)
    text = LONG.replace("cases:", "cases:\n  two: {image: x, ready: {log: up}}")
    done = bench("run", bench.scenario(text), "--engine", "host")
    assert done.returncode == 3
    assert "case two has an image" in done.stderr
    assert not (tmp_path / "reports").exists()

"""How trials end on a real engine: one run with every way in which a case can fare."""

from __future__ import annotations

import pytest

from bench.core.capability import Capability
from tests.live.engines import PATIENCE, is_private

SCENARIO = """
version: 1
name: outcomes
checklist: cloud-native
checks: {{CI-3: off, CI-7: off, CI-8: off, RS-3.1: off}}
defaults:
  repeat: 1
  image: {image}
  cache: {cache}
  limits: {{cpus: 1, memory: 64m, pids: 50}}
  observe: 200ms
  stop_grace_period: 0s
  ready: {{http: {{port: 8080, path: /healthz, status: 200}}, timeout: {patience_s}s}}
cases:
  serves: {{}}
  warm: {{cache: [image, warm], repeat: 2}}
  late:
    command: [sh, -c, "sleep 1; exec httpd -f -p 8080 -h /www"]
  crashes:
    command: [sh, -c, "echo first; echo last words; exit 3"]
  starves:
    command: [sh, -c, "exec dd if=/dev/zero of=/dev/null bs=200M count=1"]
  silent:
    command: [sleep, "60"]
    ready: {{http: {{port: 8080}}, timeout: 1s}}
  refuses:
    ready: {{http: {{port: 8080, path: /nothing-here}}, timeout: 1s}}
  missing: {{command: [no-such-program]}}
  absent: {{image: "{registry}/bench-test/absent:1"}}
  job:
    command: [sh, -c, "sleep 0.3; echo done"]
    ready: {{exit: true, timeout: {patience_s}s}}
  fails-later:
    command: [sh, -c, "httpd -p 8080 -h /www; sleep 1; exit 7"]
    observe: 5s
  logs:
    command: [sh, -c, "sleep 0.2; echo now serving; sleep 60"]
    ready: {{log: "now s.rving", timeout: {patience_s}s}}
  ports: {{ready: {{tcp: {{port: 8080}}, timeout: {patience_s}s}}}}
  asked: {{ready: {{exec: [cat, /www/healthz], timeout: {patience_s}s}}}}
  both:
    command: [sh, -c, "echo up; exec httpd -f -p 8080 -h /www"]
    ready: {{all: [{{log: up}}, {{tcp: {{port: 8080}}}}], timeout: {patience_s}s}}
  either:
    ready: {{any: [{{log: never}}, {{tcp: {{port: 8080}}}}], timeout: {patience_s}s}}
  healthy:
    healthcheck: {{test: [CMD, cat, /www/healthz], interval: 500ms}}
    ready: {{healthcheck: true, timeout: {patience_s}s}}
"""


@pytest.fixture(scope="module")
def outcome(private, chosen, busybox, tmp_path_factory):
    from tests.live.conftest import Bench

    bench = Bench(tmp_path_factory.mktemp("outcomes"), chosen)
    text = SCENARIO.format(
        image=busybox,
        registry=private.registry_address(),
        cache="cold" if is_private() else "image",
        patience_s=15 * PATIENCE,
    )
    done = bench("run", bench.scenario(text), "--keep-going", "--progress", "quiet")
    return done, bench.latest()


def only(run, case: str):
    found = [one for one in run.results if one.key.case == case]
    assert len(found) == 1, [one.reason for one in found]
    return found[0]


def test_the_run_cannot_be_judged_where_an_image_cannot_be_had(outcome):
    done, run = outcome
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert "absent" in run.failed_images
    assert not [one for one in run.results if one.key.case == "absent"]


@pytest.mark.private
def test_a_server_gets_ready_after_a_provably_cold_pull(outcome):
    trial = only(outcome[1], "serves")
    assert trial.status == "ok", trial.reason
    image = outcome[1].images["serves"]
    layers = sum(layer.transfer_bytes for layer in image.layers)
    assert trial.metrics["downloaded_bytes"] == layers
    # the second, of an Engine before 28 with the containerd store: it hides the extraction
    assert {layer.status for layer in trial.layers} <= {"Pull complete", "Download complete"}
    assert {v.case: v.verdict for v in outcome[1].verdicts if v.id == "CI-5"}["serves"] == "pass"


@pytest.mark.private
@pytest.mark.times
def test_its_phases_are_all_of_its_start(outcome):
    trial = only(outcome[1], "serves")
    parts = [trial.metrics[f"{name}_s"] for name in ("pull", "create", "start", "ready")]
    assert trial.metrics["startup_s"] == pytest.approx(sum(parts), rel=0.1, abs=0.15)


def test_a_pull_is_part_of_cold_trials_only(outcome):
    trials = [one for one in outcome[1].results if one.key.case == "warm"]
    assert [one.key.cache for one in trials] == ["image", "warm"] * 2
    assert all(one.status == "ok" and "pull_s" not in one.metrics for one in trials)


def test_ready_is_not_before_the_server_listens(outcome):
    trial = only(outcome[1], "late")
    assert trial.metrics["ready_s"] + trial.metrics["start_s"] >= 1.0
    assert 0 < trial.metrics["ready_resolution_s"] < trial.metrics["ready_s"]


def test_a_crash_has_a_reason_and_its_last_words_and_no_time(outcome):
    trial = only(outcome[1], "crashes")
    assert trial.status == "failed"
    assert trial.reason == "exited with code 3 before it was ready"
    assert trial.log_tail[-1] == "last words"
    assert not {"ready_s", "startup_s"} & set(trial.metrics)


def test_a_kill_for_memory_is_called_that(outcome):
    trial = only(outcome[1], "starves")
    assert trial.status == "failed"
    assert "killed for memory" in trial.reason
    assert trial.metrics["oom_kills"] >= 1


@pytest.mark.parametrize("case", ["silent", "refuses"])
def test_what_never_answers_as_expected_is_a_failure_after_its_time(outcome, case):
    trial = only(outcome[1], case)
    assert trial.status == "failed"
    assert trial.reason.startswith("not ready within 1 s")


def test_a_program_that_is_not_there_is_the_images_fault(outcome):
    trial = only(outcome[1], "missing")
    assert trial.status == "failed"
    assert "could not be started" in trial.reason


def test_a_job_is_ready_when_it_has_ended_well(outcome):
    trial = only(outcome[1], "job")
    assert trial.status == "ok"
    assert trial.metrics["exit_code"] == 0
    assert trial.metrics["run_s"] > 0  # less than it ran: it counts from the start call's return
    assert "stop_s" not in trial.metrics


def test_an_end_after_ready_is_a_failure_too(outcome):
    trial = only(outcome[1], "fails-later")
    assert trial.status == "failed"
    assert "exited with code 7" in trial.reason


def test_a_health_check_is_ready_where_the_engine_makes_any(outcome, measuring):
    trial = only(outcome[1], "healthy")
    impossible = measuring.capabilities.why_not(Capability.HEALTH_CHECKS)
    if impossible:
        assert (trial.status, trial.reason) == ("error", f"healthcheck: {impossible}")
    else:
        assert trial.status == "ok", trial.reason
        assert trial.metrics["ready_resolution_s"] > 0


@pytest.mark.parametrize("case", ["logs", "ports", "asked", "both", "either"])
def test_every_kind_of_probe_finds_its_container_ready(outcome, case):
    trial = only(outcome[1], case)
    assert trial.status == "ok", trial.reason
    assert trial.metrics["ready_resolution_s"] > 0


def test_a_failed_trial_fails_every_time_threshold(outcome):
    verdicts = {v.case: v for v in outcome[1].verdicts if v.id == "CI-5"}
    assert verdicts["crashes"].verdict == "fail"
    assert verdicts["crashes"].actual is None
    assert verdicts["absent"].verdict == "error"


def test_nothing_is_left_behind(outcome, measuring, building, private):
    run_id = outcome[1].run_id
    for engine in (measuring, building):
        kinds = {item.kind for item in engine.owned("org.container-bench") if item.run_id == run_id}
        assert not kinds - {"image"}

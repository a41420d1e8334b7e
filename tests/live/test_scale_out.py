"""Containers started at once on a real engine: how they stop, what they write, who works."""

from __future__ import annotations

import signal

import pytest

from bench.analysis.behaviour import behaviour
from bench.analysis.replica_groups import replica_evidence

SCENARIO = """
version: 1
name: scale-out
checklist: cloud-native
checks: {{CI-3: off, CI-4: off, CI-5: off, CI-7: off, CI-8: off}}
defaults:
  repeat: 1
  image: {image}
  cache: warm
  observe: 100ms
  stop_grace_period: 1s
  ready: {{http: {{port: 8080, path: /healthz, status: 200}}, timeout: 20s}}
cases:
  fine: {{init: true, replicas: [2, 3]}}
  handles:
    command: [sh, -c, "trap 'exit 0' TERM; echo up; while true; do sleep 0.1; done"]
    ready: {{log: "^up$", timeout: 20s}}
  fronted: {{command: [sh, -c, "httpd -f -p 8080 -h /www; true"]}}
  ignores: {{command: [sh, -c, "trap '' TERM; httpd -f -p 8080 -h /www; true"]}}
  leaves: {{command: [sh, -c, "trap 'exit 0' TERM; httpd -f -p 8080 -h /www & wait"]}}
  unreaped:
    command: [sh, -c, "sleep 0.1 & echo up; exec sleep 1000"]
    ready: {{log: "^up$", timeout: 20s}}
  writes:
    init: true
    volumes: ["data:/data"]
    tmpfs: [/scratch]
    command:
      - sh
      - -c
      - "mkdir -p /state/__pycache__ && echo x >/state/a && echo x >/state/__pycache__/b
        && echo x >/tmp/c && echo x >/data/d && echo x >/scratch/e && busybox rm /bin/true
        && exec httpd -f -p 8080 -h /www"
  burns:
    init: true
    limits: {{cpus: 0.5}}
    command: [sh, -c, "while true; do :; done & while true; do :; done & exec httpd -f -p 8080 -h /www"]
  once:
    init: true
    volumes: ["data:/data"]
    command: [sh, -c, "mkdir /lock && exec httpd -f -p 8080 -h /www"]
"""  # noqa: E501 - a command


@pytest.fixture(scope="module")
def found(chosen, busybox, tmp_path_factory):
    from tests.live.conftest import Bench

    bench = Bench(tmp_path_factory.mktemp("scale-out"), chosen)
    done = bench("run", bench.scenario(SCENARIO.format(image=busybox)), "--progress", "quiet")
    assert "Traceback" not in done.stderr, done.stderr
    return bench.latest()


def group(run, case: str):
    groups = replica_evidence(run.results, case).groups
    assert groups, [(one.trial_id, one.reason) for one in run.results if one.key.case == case]
    return groups[-1]


def acted(run, case: str):
    """How the first of the case's replicas behaved."""
    return behaviour(group(run, case).trials[0])


def verdict(run, case: str):
    (found,) = [one for one in run.verdicts if (one.case, one.id) == (case, "RS-3.1")]
    return found


def test_three_at_once_get_ready_each_with_figures_of_its_own(found):
    three = group(found, "fine")
    assert three.replicas == 3
    assert len(three.ready) == 3
    assert 0 < three.first_s <= three.median_s <= three.last_s
    assert three.per_second == pytest.approx(3 / three.last_s)
    peaks = [one.metrics["memory_peak_bytes"] for one in three.trials]
    assert all(0 < peak < 64 * 2**20 for peak in peaks)
    assert len({one.facts.zero_ns for one in three.trials}) == 1
    sent_ns = [one.facts.start_sent_ns for one in three.trials]
    spread_s = (max(sent_ns) - min(sent_ns)) / 1e9
    assert spread_s < three.first_s  # made one by one, the first would be ready before the last
    assert verdict(found, "fine").verdict == "pass", verdict(found, "fine").reason


def test_a_handler_ends_it_in_good_order(found):
    how = acted(found, "handles")
    assert how.standing.disposition == "handler"
    assert how.exit_code == 0
    assert not how.stop.killed


def test_a_shell_without_a_handler_is_killed_at_the_end_of_its_grace(found):
    how = acted(found, "fronted")
    assert how.standing.chain == ("sh", "httpd")
    assert how.standing.shell
    assert how.standing.disposition == "default"
    assert how.stop.killed
    assert 0.9 < how.stop.ended_s < 8.0  # and not the ten seconds that an engine gives by itself
    assert "`sh` is process 1 and wraps `httpd`" in verdict(found, "fronted").reason


def test_a_shell_that_ignores_the_signal_is_told_from_one_that_does_not_handle_it(found):
    assert acted(found, "ignores").standing.disposition == "ignored"
    assert "and ignores SIGTERM" in verdict(found, "ignores").reason


def test_a_child_that_process_1_leaves_behind_was_not_reached(found):
    how = acted(found, "leaves")
    assert not how.stop.killed
    assert how.exit_code == 0
    if how.stop.killed_below is None:
        pytest.skip("this kernel does not tell how a process ended")
    assert [one.name for one in how.stop.killed_below] == ["httpd"]
    assert verdict(found, "leaves").verdict == "fail"
    assert "the signal did not reach `httpd`" in verdict(found, "leaves").reason


def test_a_child_that_nobody_waits_for_is_a_zombie(found):
    assert acted(found, "unreaped").standing.zombies == 1


def test_plain_trials_tell_how_they_stop_too(found):
    (trial,) = [one for one in found.results if one.key.case == "fronted" and not one.key.replicas]
    how = behaviour(trial)
    assert how.standing
    assert how.standing.chain == ("sh", "httpd")
    assert how.stop
    assert how.stop.killed
    assert how.writes is None


def test_writes_outside_of_volumes_are_found_and_no_others(found):
    writes = acted(found, "writes").writes
    assert [(one.path, one.kind) for one in writes.paths] == [
        ("/bin/true", "deleted"),
        ("/state/a", "added"),
    ]
    assert verdict(found, "writes").verdict == "fail"
    assert acted(found, "fine").writes.count == 0


def test_two_that_use_the_cores_are_two_workers(found):
    assert "2 worker processes in one container" in verdict(found, "burns").reason


def test_what_it_wrote_keeps_it_from_starting_again(found):
    first = group(found, "once").trials[0]
    assert first.status == "failed"
    assert first.reason == "started again after its stop, it exited with code 1"
    assert "restart_s" not in first.metrics


def test_a_restart_is_timed(found):
    trial = group(found, "fine").trials[0]
    assert trial.metrics["restart_s"] > trial.metrics["stop_s"] > 0


def kinds_left(measuring, run_id: str) -> set[str]:
    """The kinds of things that the engine still holds of a run."""
    return {item.kind for item in measuring.owned("org.container-bench") if item.run_id == run_id}


def test_nothing_is_left_behind(found, measuring):
    assert kinds_left(measuring, found.run_id) <= {"image"}


INTERRUPTED = """
version: 1
name: cut-short
defaults:
  repeat: 1
  image: {image}
  cache: warm
  observe: 20s
  stop_grace_period: 1s
  volumes: ["data:/data"]
  replicas: 3
  ready: {{http: {{port: 8080, path: /healthz}}, timeout: 15s}}
cases:
  web: {{}}
"""


@pytest.mark.parametrize(
    "moment", ['"trial_id":"t0002-r3","phase":"arm"', '"trial_id":"t0002-r3","phase":"ready"']
)
def test_an_interruption_in_the_middle_of_a_group_leaves_nothing(bench, busybox, measuring, moment):
    text = INTERRUPTED.format(image=busybox)
    scenario = bench.scenario(text.replace("observe: 20s", "observe: 2s"))
    process = bench.begin("run", scenario)
    bench.wait_for(moment, process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    run = bench.latest()
    together = [one for one in run.results if one.key.replicas]
    assert [one.status for one in together] == ["interrupted"] * 3
    assert kinds_left(measuring, run.run_id) <= {"image"}
    assert run.outcome == "interrupted"

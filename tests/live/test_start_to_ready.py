"""What the time to ready went by with, and what no probe waits for, on a real engine."""

from __future__ import annotations

from datetime import datetime
from statistics import median

import pytest

from bench.journal.lines import Lines
from bench.journal.writer import FILE_NAME
from tests.live.engines import PATIENCE

SCENARIO = """
version: 1
name: to-ready
defaults:
  repeat: 1
  image: {image}
  cache: warm
  observe: 200ms
  stop_grace_period: 1s
  limits: {{memory: 64m}}
  ready: {{log: "^up$", timeout: {patience_s}s}}
cases:
  sleeps: {{command: [sh, -c, "sleep 1; echo up; sleep 60"]}}
  spins:
    command: [sh, -c, "i=0; while [ $$i -lt {turns} ]; do i=$$((i+1)); done; echo up; sleep 60"]
  throttled:
    command: [sh, -c, "(while :; do :; done) & sleep 2; echo up; sleep 60"]
    limits: {{cpus: 0.1, memory: 64m}}
  pinned:
    command: [sh, -c, "(while :; do :; done) & (while :; do :; done) & sleep 2; echo up; sleep 60"]
    cpuset: "0"
  reads:
    command:
      - sh
      - -c
      - >-
        dd if=/dev/zero of=/data/f bs=1M count=8 oflag=direct;
        i=0; while [ $$i -lt 60 ]; do
        dd if=/data/f of=/dev/null bs=64k iflag=direct; i=$$((i+1)); done;
        echo up; sleep 60
    volumes: ["data:/data"]
  opens-early:
    command: [sh, -c, "nc -l -p 8080 & sleep 1; kill $$!; exec httpd -f -p 8080 -h /www"]
    ready: {{http: {{port: 8080, path: /healthz, status: 200}}, timeout: {patience_s}s}}
  dies-in-a-request:
    command: [sh, -c, "nc -l -p 8080 & sleep 1; exit 3"]
    ready: {{http: {{port: 8080}}, timeout: {patience_s}s}}
  dies-in-a-command:
    command: [sh, -c, "sleep 1; exit 3"]
    ready: {{exec: [sleep, "60"], timeout: {patience_s}s}}
  dies-before-its-first-check:
    command: [sh, -c, "sleep 1; exit 3"]
    healthcheck: {{test: [CMD, "true"], interval: 25s}}
    ready: {{healthcheck: true, timeout: {patience_s}s}}
  healthy:
    healthcheck: {{test: [CMD, "true"], interval: 1s}}
    ready: {{healthcheck: true, timeout: {patience_s}s}}
  loses-a-child:
    command: [sh, -c, "dd if=/dev/zero of=/dev/null bs=200M count=1; echo up; sleep 60"]
  is-killed:
    command: [sh, -c, "exec dd if=/dev/zero of=/dev/null bs=200M count=1"]
"""

_TRIES = 4


@pytest.fixture(scope="module")
def measure(chosen, busybox, tmp_path_factory):
    """Runs the scenario, with options."""
    from tests.live.conftest import Bench

    bench = Bench(tmp_path_factory.mktemp("to-ready"), chosen)
    turns, patience_s = int(500_000 / PATIENCE), 30 * PATIENCE
    path = bench.scenario(SCENARIO.format(image=busybox, turns=turns, patience_s=patience_s))

    def run(*options: str):
        done = bench("run", path, "--progress", "quiet", *options)
        assert "Traceback" not in done.stderr
        return bench.latest()

    return run


@pytest.fixture(scope="module")
def measured(measure):
    return measure()


def only(run, case: str):
    (found,) = [one for one in run.results if one.key.case == case]
    return found


def seconds_taken(run, trial) -> float:
    """From the beginning of a trial to that of the next, or to the end of the run."""
    begun = [event for event in Lines(run.folder / FILE_NAME).events() if "at" in event]
    begun = [event for event in begun if event["event"] in ("trial_started", "run_ended")]
    index = next(
        number for number, event in enumerate(begun) if event.get("trial_id") == trial.trial_id
    )
    one, after = (datetime.fromisoformat(event["at"]) for event in begun[index : index + 2])
    return (after - one).total_seconds()


@pytest.fixture(scope="module")
def shares(measure, measured):
    """What the time to ready of a case went by with, in per cent.

    Where the host keeps the threads from being looked at there is none: the trial is made again.
    """

    def of(case: str) -> dict[str, float]:
        trial = only(measured, case)
        for _ in range(_TRIES):
            assert trial.status == "ok", trial.reason
            found = {
                name.removesuffix("_share_pct"): value
                for name, value in trial.metrics.items()
                if name.endswith("_share_pct")
            }
            if found:
                break
            trial = only(measure("--case", case), case)
        assert sum(found.values()) == pytest.approx(100)
        return found

    return of


@pytest.mark.times
def test_one_that_sleeps_was_idle(shares):
    assert shares("sleeps")["idle"] > 90


@pytest.mark.times  # of an emulated start, some is in neither
def test_one_that_computes_was_running_or_kept_from_it_by_others_on_the_host(shares):
    found = shares("spins")
    assert found["running"] + found["core_wait"] > 85
    assert found["throttled"] == 0


def test_under_a_quota_it_was_throttled(measured, shares):
    """A tenth of a core is less than what others on a busy host leave it."""
    found = shares("throttled")
    assert found["throttled"] > 30
    assert found["idle"] < 15
    assert only(measured, "throttled").metrics["cpu_throttled_periods_pct"] > 50


@pytest.mark.times  # of an emulated start, some is in neither
def test_two_that_compute_on_one_core_waited_for_it_in_turn(measured, shares):
    found = shares("pinned")
    assert found["core_wait"] > 35  # a half; others on a busy host add to it
    assert found["running"] > 5
    assert found["running"] + found["core_wait"] > 85
    assert "cpu_throttled_periods_pct" not in only(measured, "pinned").metrics


def test_one_that_reads_past_the_cache_waited_for_the_disk(shares):
    found = shares("reads")
    assert found["disk_wait"] > 10
    assert found["disk_wait"] > 5 * shares("spins")["disk_wait"]


@pytest.mark.times
def test_a_port_that_opens_before_the_answer_has_a_time_of_its_own(measured):
    trial = only(measured, "opens-early")
    assert trial.status == "ok", trial.reason
    assert trial.metrics["ready_s"] - trial.metrics["port_open_s"] > 0.3


@pytest.mark.times
@pytest.mark.parametrize("case", ["dies-in-a-request", "dies-in-a-command"])
def test_no_probe_waits_for_a_container_that_is_dead(measured, case):
    assert_not_waited_for(measured, only(measured, case))


@pytest.mark.times
@pytest.mark.usefixtures("health_checks")
def test_nor_does_a_health_check(measured):
    assert_not_waited_for(measured, only(measured, "dies-before-its-first-check"))


def assert_not_waited_for(run, trial) -> None:
    assert trial.status == "failed"
    assert trial.reason == "exited with code 3 before it was ready"
    assert seconds_taken(run, trial) < 15  # and not the half minute that it has
    assert not {"ready_s", "idle_share_pct"} & set(trial.metrics)


@pytest.mark.usefixtures("health_checks")
def test_a_health_check_puts_its_interval_under_the_figure(measured):
    trial = only(measured, "healthy")
    assert trial.status == "ok", trial.reason
    assert 0.9e9 < trial.facts.ready.floor_ns < 5e9
    assert trial.metrics["ready_resolution_s"] > 1
    assert trial.metrics["ready_s"] + trial.metrics["start_s"] > 0.9


def test_a_child_that_is_killed_for_memory_is_counted_though_its_parent_lives_on(measured):
    trial = only(measured, "loses-a-child")
    assert trial.status == "ok", trial.reason
    assert trial.metrics["oom_kills"] == 1
    assert trial.facts.memory_kill.kernel_kills == 1


def test_a_kill_for_memory_has_three_witnesses(measured):
    trial = only(measured, "is-killed")
    assert trial.status == "failed"
    assert trial.reason.startswith("killed for memory before it was ready (exit code 137; ")
    kill = trial.facts.memory_kill
    assert kill.kernel_kills >= 1
    assert kill.exit_code == 137
    if PATIENCE == 1:  # on a machine that is emulated the engine may hear of it after the end
        assert kill.engine_flag
    assert trial.metrics["oom_kills"] >= 1


def test_memory_that_is_limited_is_not_swapped_out(measured):
    for trial in measured.results:
        if trial.key.case != "calibration" and trial.status == "ok":
            limits = trial.facts.limits
            assert limits.applied.swap_bytes in (None, 0)


def assert_add_up(measured, parts_and_total) -> None:
    """The parts of a trial are its total, less what bench did in between: up to a hundredth.

    Half the trials say so: any one may have lost its core between two phases.
    """
    between = []
    for trial in measured.results:
        found = parts_and_total(trial)
        if found:
            parts_s, total_s = found
            assert parts_s <= total_s + 1e-9, trial.trial_id
            between.append((total_s - parts_s) / total_s)
    assert len(between) >= 8
    assert median(between) < 0.01
    assert max(between) < 0.5


@pytest.mark.times
def test_the_phases_of_every_start_add_up_to_its_total_within_a_hundredth(measured):
    def parts_and_total(trial):
        if "startup_s" not in trial.metrics:
            return None
        to_ready = ("pull", "create", "arm", "start", "ready")
        parts_s = sum(one.duration_s for one in trial.phases if one.phase in to_ready)
        return parts_s, trial.metrics["startup_s"]

    assert_add_up(measured, parts_and_total)


@pytest.mark.times
def test_all_phases_add_up_to_the_whole_trial_within_a_hundredth(measured):
    def parts_and_total(trial):
        if trial.status != "ok":
            return None
        after_zero = [one for one in trial.phases if one.start_s >= 0]
        return sum(one.duration_s for one in after_zero), after_zero[-1].end_s

    assert_add_up(measured, parts_and_total)

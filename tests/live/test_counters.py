"""Counters, limits and their read-back against containers of known behaviour."""

from __future__ import annotations

import pytest

from tests.live.engines import PATIENCE

MIB = 2**20

SCENARIO = """
version: 1
name: counters
checklist: cloud-native
checks: {{CI-3: off, RS-3.1: off}}
defaults:
  repeat: 1
  image: {image}
  cache: warm
  observe: exit
  ready: {{exit: true, timeout: {patience_s}s}}
cases:
  spike:
    command: [sh, -c, "dd if=/dev/zero of=/dev/null bs=300M count=1; sleep 0.3"]
    limits: {{memory: 1g}}
  spin:
    command: [sh, -c, "i=0; while [ $$i -lt {turns} ]; do i=$$((i+1)); done"]
    limits: {{cpus: 0.2}}  # less than a busy host leaves it
  limits:
    command: [sh, -c, "sleep 0.5"]
    limits: {{cpus: 4, memory: 64m, pids: 20}}
    cpuset: "0"
    shm_size: 16m
    read_only: true
    ulimits: {{nofile: 512, nproc: 4096}}
"""


@pytest.fixture(scope="module")
def counted(chosen, busybox, tmp_path_factory):
    from tests.live.conftest import Bench

    bench = Bench(tmp_path_factory.mktemp("counters"), chosen)
    turns = int(400_000 / PATIENCE)
    text = SCENARIO.format(image=busybox, patience_s=30 * PATIENCE, turns=turns)
    done = bench("run", bench.scenario(text), "--progress", "quiet")
    assert "Traceback" not in done.stderr
    return bench.latest()


def first(run, case: str, arm: str = "fit"):
    return next(one for one in run.results if one.key.case == case and one.key.arm == arm)


def test_a_spike_between_two_samples_is_in_the_high_water_mark(counted):
    peak = first(counted, "spike").metrics["memory_peak_bytes"]
    assert 300 * MIB <= peak <= 330 * MIB


def test_a_quota_throttles_and_the_need_arm_does_not(counted):
    capped, free = first(counted, "spin"), first(counted, "spin", "need")
    assert capped.metrics["cpu_throttled_s"] > 0
    assert free.metrics.get("cpu_throttled_s", 0) == 0


@pytest.mark.times  # the runtime's start is charged too: a second of a core in an emulated machine
def test_under_a_quota_no_more_is_used(counted):
    assert first(counted, "spin").metrics["cpu_cores_peak"] <= 0.3


def test_demand_is_measured_where_no_limit_is_set(counted):
    assert "cpu_demand_cores_peak" in first(counted, "spin", "need").metrics
    assert "cpu_demand_cores_peak" not in first(counted, "spin").metrics


def test_limits_are_read_back_from_the_kernel(counted):
    trial = first(counted, "limits")
    assert trial.status == "ok", trial.reason
    assert trial.method in ("cgroup-v1", "cgroup-v2")


def test_the_calibration_shows_what_the_runtime_costs(counted):
    trials = [one for one in counted.results if one.key.case == "calibration"]
    assert trials
    assert all(one.status == "ok" for one in trials)
    assert all(0 < one.metrics["memory_peak_bytes"] < 64 * MIB for one in trials)


def test_no_cgroup_of_a_trial_is_left(counted):
    from bench.cgroup.mounts import PARENT_NAME, find_mounts

    mounts = find_mounts()
    assert mounts is not None
    base = mounts.path("memory", PARENT_NAME)
    left = [one.name for one in base.iterdir() if one.is_dir()] if base.exists() else []
    assert not [name for name in left if name.startswith(counted.run_id)]

"""`bench run` killed with SIGKILL in every phase: what is left of it spoils nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from bench.results.run import load_run
from tests.faults.checks import TIMES_TO_READY, left, of

if TYPE_CHECKING:
    from tests.live.conftest import Bench

pytestmark = pytest.mark.engine

PHASES = ("prepare", "pull", "create", "start", "ready", "observe", "stop", "remove")

SCENARIO = """
version: 1
name: {name}
{checks}
defaults:
  repeat: 2
  image: {image}
  cache: cold
  observe: 200ms
  stop_grace_period: 1s
  volumes: ["data:/data"]
  ready: {{http: {{port: 8080, path: /healthz}}, timeout: 15s}}
cases:
  web: {{}}
thresholds: {{startup_s: "<= 60s"}}
"""

CUT = """checklist: cloud-native
checks: {CI-4: off, CI-5: off, CI-7: off, CI-8: off, RS-3.1: off}
services: {store: {image: IMAGE, ready: {tcp: {port: 8080}}}}"""


def scenario(bench: Bench, image: str, *, name: str = "killed", checks: str = "") -> str:
    return str(bench.scenario(SCENARIO.format(image=image, name=name, checks=checks)))


def kill(bench: Bench, path: str, trial: str, phase: str) -> bytes:
    """Run until that phase of that trial, and return the journal that is left."""
    killed = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.faults.broken_bench",
            f"dies-in:{trial}:{phase}",
            "run",
            path,
        ],
        cwd=bench.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    return (bench.folder / "reports/latest/events.jsonl").read_bytes()


@pytest.mark.parametrize("phase", PHASES)
def test_a_killed_run_is_finished_without_losing_anything_but_the_trial_in_flight(
    bench, busybox, measuring, building, phase
):
    journal = kill(bench, scenario(bench, busybox), "web:open:2", phase)
    before = bench.latest()
    assert before.outcome == "cut off"
    assert [one.status for one in of(before, "web")] == ["ok", "interrupted"]

    resumed = bench("run", "--resume", "latest", "--progress", "quiet")
    assert resumed.returncode == 0, resumed.stderr
    after = bench.latest()
    assert after.outcome == "complete"
    assert (after.folder / "events.jsonl").read_bytes().startswith(journal)
    assert [one.status for one in of(after, "web")] == ["ok", "interrupted", "ok"]
    in_flight = of(after, "web")[1]
    if phase in PHASES[: PHASES.index("observe")]:
        assert not TIMES_TO_READY & set(in_flight.metrics)
    (verdict,) = [one for one in after.verdicts if one.id == "startup_s"]
    assert (str(verdict.verdict), verdict.n) == ("pass", 2)
    assert left(after.run_id, measuring, building) == []


@pytest.mark.parametrize("phase", PHASES)
def test_what_it_left_is_removed_by_bench_clean(bench, busybox, measuring, building, phase):
    kill(bench, scenario(bench, busybox), "web:open:1", phase)
    run_id = bench.latest().run_id
    there = left(run_id, measuring, building)
    assert any(one.startswith("volume ") for one in there)
    assert any(one.startswith("container ") for one in there) is (
        phase not in ("prepare", "pull", "remove")
    )
    cleaned = bench("clean")
    assert cleaned.returncode == 0, cleaned.stderr
    assert left(run_id, measuring, building) == []


@pytest.mark.parametrize("phase", ["prepare", "observe"])
def test_a_service_and_the_holder_of_a_cut_network_do_not_spoil_the_next_run(
    bench, busybox, measuring, building, phase
):
    path = scenario(bench, busybox, checks=CUT.replace("IMAGE", busybox))
    kill(bench, path, "web:cut:1", phase)
    killed = bench.latest()
    for engine in (measuring, building):
        assert any(one.startswith("container ") for one in left(killed.run_id, engine))

    done = bench("run", scenario(bench, busybox, name="next"), "--progress", "plain")
    assert done.returncode == 0, done.stderr
    assert f"of {killed.run_id}" in done.stderr
    after = bench.latest()
    assert {one.status for one in of(after, "web")} == {"ok"}
    for run_id in (killed.run_id, after.run_id):
        assert left(run_id, measuring, building) == []


def test_a_run_that_is_still_going_on_is_not_resumed_beside_itself(bench, busybox):
    path = scenario(bench, busybox)
    process = bench.begin("run", path, "--set", "defaults.observe=5s")
    bench.wait_for_phase("web", "ready", process)
    second = bench("run", "--resume", "latest")
    assert second.returncode == 2, second.stderr
    assert "another process" in second.stderr
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    run = load_run(bench.folder / "reports" / "latest")
    assert [one.status for one in of(run, "web")] == ["ok", "ok"]

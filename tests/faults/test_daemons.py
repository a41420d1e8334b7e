"""Daemons that die, and a way that is cut, under a trial: an error, and the next one is well."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.faults.checks import left, of, times

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.live.conftest import Bench

pytestmark = pytest.mark.engine

SCENARIO = """
version: 1
name: dies
link: {link}
defaults:
  repeat: 2
  image: {image}
  cache: cold
  observe: 2s
  stop_grace_period: 1s
  volumes: ["data:/data"]
  ready: {{http: {{port: 8080, path: /healthz}}, timeout: 15s}}
cases:
  web: {{}}
thresholds: {{startup_s: "<= 60s"}}
"""
SLOW = "2mbit"
CARD = Path("/sys/class/net/cbenchl0/statistics/rx_bytes")
IN_MID_LAYER_BYTES = 100_000


def wait_until(true: Callable[[], bool], process: subprocess.Popen[str], what: str) -> None:
    deadline = time.monotonic() + 90
    while not true():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            pytest.fail(f"{what} never came; stderr: {process.communicate()[1][-2000:]}")
        time.sleep(0.002)


def has_ended(bench: Bench, phase: str) -> Callable[[], bool]:
    """Whether the first trial of the case is past that phase."""
    journal = bench.folder / "reports" / "latest" / "events.jsonl"

    def answer() -> bool:
        try:
            text = journal.read_text(errors="replace")
        except OSError:
            return False
        _, web, rest = text.partition('"key":{"case":"web"')
        return bool(web) and f'"phase":"{phase}"' in rest

    return answer


def is_in_mid_layer(bench: Bench) -> Callable[[], bool]:
    """Whether the first trial of the case has a part of its layer."""
    is_prepared = has_ended(bench, "prepare")
    begun: list[int] = []

    def answer() -> bool:
        if not CARD.exists() or not is_prepared():
            return False
        begun.append(int(CARD.read_text()))
        return begun[-1] - begun[0] > IN_MID_LAYER_BYTES

    return answer


def ended(process: subprocess.Popen[str]) -> str:
    """What it said, once it has ended as a run that could not be judged ends."""
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 3, errors
    assert "Traceback" not in errors
    assert "bench itself failed" not in errors
    return errors


def is_an_error_and_the_next_is_well(run, may_have: set[str]) -> None:
    """What was under way as it happened may still be served to the next, which is repeated then."""
    first, *others = of(run, "web")
    assert first.status == "error"
    assert times(first) <= may_have, first.reason
    assert [one.status for one in others if one.status != "invalid"] == ["ok"]
    (verdict,) = [one for one in run.verdicts if one.id == "startup_s"]
    assert verdict.verdict == "error"
    assert run.exit_code == 3


@pytest.mark.parametrize(
    ("moment", "link", "may_have"),
    [
        ("prepare", SLOW, set()),
        ("arm", "1gbit", {"pull_s", "create_s"}),
        ("check", "1gbit", {"pull_s", "create_s", "start_s", "ready_s", "startup_s",
                            "ready_resolution_s", "first_output_s"}),
    ],
    ids=["pull", "start", "observe"],
)  # fmt: skip
def test_a_measuring_daemon_that_is_killed(
    bench, busybox, private, measuring, building, moment, link, may_have
):
    path = bench.scenario(SCENARIO.format(image=busybox, link=link))
    process = bench.begin("run", path, "--progress", "plain")
    is_time = is_in_mid_layer(bench) if moment == "prepare" else has_ended(bench, moment)
    wait_until(is_time, process, moment)
    os.kill(private.own_pids()["measuring"], signal.SIGKILL)
    assert "the engine does not answer; starting it again" in ended(process)
    run = bench.latest()
    is_an_error_and_the_next_is_well(run, may_have)
    assert "does not answer" in of(run, "web")[0].reason
    assert private.is_up()
    assert left(run.run_id, measuring, building) == []


def test_a_registry_that_dies_in_mid_layer(bench, busybox, private, measuring, building):
    path = bench.scenario(SCENARIO.format(image=busybox, link=SLOW))
    process = bench.begin("run", path, "--progress", "plain")
    wait_until(is_in_mid_layer(bench), process, "a layer")
    pid = private.link().registry.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert "the registry does not answer; starting it again" in ended(process)
    run = bench.latest()
    is_an_error_and_the_next_is_well(run, set())
    assert "the pull failed" in of(run, "web")[0].reason
    assert left(run.run_id, measuring, building) == []


def test_a_way_to_the_registry_that_is_cut_without_a_word(bench, busybox, measuring, building):
    path = bench.scenario(SCENARIO.format(image=busybox, link=SLOW))
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.broken_bench", "silent-pull:4", "run", path],
        cwd=bench.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(is_in_mid_layer(bench), process, "a layer")
    subprocess.run(["ip", "link", "set", "cbenchl0", "down"], check=True)
    bench.wait_for('"status":"error"', process)
    subprocess.run(["ip", "link", "set", "cbenchl0", "up"], check=True)
    ended(process)
    run = bench.latest()
    is_an_error_and_the_next_is_well(run, set())
    assert of(run, "web")[0].reason.endswith("the engine did not answer in time")
    assert left(run.run_id, measuring, building) == []

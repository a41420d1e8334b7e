"""Containers and images that ask too much of whoever watches them, in one run of few open files."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from bench.journal.facts.pull import COPY_STATUS
from tests.faults.checks import TIMES_TO_READY, left, of
from tests.live.conftest import Bench

pytestmark = pytest.mark.engine

PROCESSES = 10_000
FLOOD_MIB = 1000
LINE_BYTES = 16_000
"""The engine writes a line of JSON for each line or 16 KiB: short ones cost it more a byte."""
LEAST_BYTES_S = 25e6
"""It writes as fast as it may; what it may is what the engine takes."""

OPEN_FILES = 1024
"""What most hosts allow a process."""

SCENARIO = """
version: 1
name: too-much
defaults:
  repeat: 1
  image: {deep}
  cache: warm
  observe: 500ms
  stop_grace_period: 5s
  ready: {{http: {{port: 8080, path: /healthz}}, timeout: 120s}}
cases:
  deep: {{cache: cold}}
  floods:
    observe: exit
    ready: {{http: {{port: 8080, path: /healthz}}, timeout: 30s}}
    command:
      - sh
      - -c
      - >-
        httpd -p 8080 -h /www; line=$$(printf %0{line_bytes}d 0);
        yes $$line | dd iflag=fullblock bs=1M count={mib}; sleep 1
  floods-on:
    command: [sh, -c, "yes '{line}' & exec httpd -f -p 8080 -h /www"]
    observe: 3s
  crowd:
    command:
      - sh
      - -c
      - >-
        i=0; while [ $$i -lt {processes} ]; do sleep 1000 & i=$$((i+1)); done;
        exec httpd -f -p 8080 -h /www
  too-many:
    limits: {{pids: 100}}
    command:
      - sh
      - -c
      - >-
        i=0; while [ $$i -lt {processes} ]; do sleep 1000 & i=$$((i+1)); done;
        exec httpd -f -p 8080 -h /www
  closes-its-output:
    command: [sh, -c, "exec >&- 2>&-; exec sleep 1000"]
    ready: {{log: never, timeout: 3s}}
  serves-without-output: {{command: [sh, -c, "exec httpd -f -p 8080 -h /www >&- 2>&-"]}}
thresholds: {{ready_s: {{limit: "<= 120s", cache: warm, required: false}}}}
"""


@pytest.fixture(scope="module")
def outcome(private, busybox, deep_image, tmp_path_factory):
    """The run, what it exited with, and the most memory that bench itself took."""
    bench = Bench(tmp_path_factory.mktemp("too-much"))
    text = SCENARIO.format(
        deep=deep_image,
        line="x" * 119,
        line_bytes=LINE_BYTES,
        mib=FLOOD_MIB,
        processes=PROCESSES,
    )
    log = bench.folder / "stderr"
    with log.open("w") as errors:
        process = subprocess.Popen(
            ["prlimit", f"--nofile={OPEN_FILES}", sys.executable, "-m", "bench", "run",
             bench.scenario(text), "--progress", "plain"],
            cwd=bench.folder,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    said = log.read_text()
    assert "Traceback" not in said
    assert "bench itself failed" not in said
    return bench.latest(), process.returncode, usage.ru_maxrss * 1024


def only(run, case: str):
    (found,) = of(run, case)
    return found


def test_each_case_is_judged_by_itself(outcome):
    run, code, _ = outcome
    assert code == 1
    statuses = {one.key.case: str(one.status) for one in run.results}
    statuses.pop("calibration")
    assert statuses == {
        "deep": "ok",
        "floods": "ok",
        "floods-on": "ok",
        "crowd": "ok",
        "too-many": "failed",
        "closes-its-output": "failed",
        "serves-without-output": "ok",
    }, [(one.key.case, one.reason) for one in run.results]
    failed = {one.case for one in run.verdicts if one.verdict == "fail"}
    assert failed == {"too-many", "closes-its-output"}


def test_an_image_of_120_layers_is_pulled_layer_by_layer_and_proved_cold(outcome):
    run, _, _ = outcome
    trial = only(run, "deep")
    assert len(trial.layers) == 120
    assert run.images["deep"].layers[0].transfer_bytes > 100_000
    copies = [one.index for one in trial.layers if one.status.startswith(COPY_STATUS)]
    assert copies == [117]
    distinct = {one.digest: one.transfer_bytes for one in trial.layers}
    assert trial.metrics["downloaded_bytes"] == sum(distinct.values())
    assert trial.facts.served.requests == len(distinct) + 1


def test_a_flood_of_output_does_not_hide_the_answer(outcome):
    run, _, _ = outcome
    trial = only(run, "floods")
    flood_s = trial.metrics["run_s"] - 1.0  # it sleeps at its end
    assert FLOOD_MIB * 2**20 / flood_s > LEAST_BYTES_S
    assert trial.metrics["ready_s"] < 30
    assert sum(one.stat().st_size for one in (run.folder / "logs").iterdir()) < 2**20


def test_bench_stays_small_whatever_it_is_told(outcome):
    assert outcome[2] < 600 * 2**20


def test_ten_thousand_processes_are_counted_and_stopped(outcome):
    run, _, _ = outcome
    trial = only(run, "crowd")
    assert trial.metrics["processes_peak"] >= PROCESSES
    assert trial.facts.process.chain == ("httpd",)
    assert trial.metrics["stop_s"] < 30


@pytest.mark.parametrize("case", ["too-many", "closes-its-output"])
def test_what_does_not_get_ready_has_no_time(outcome, case):
    trial = only(outcome[0], case)
    assert not TIMES_TO_READY & set(trial.metrics)


def test_output_that_is_closed_ends_at_the_deadline_and_not_in_a_busy_loop(outcome):
    trial = only(outcome[0], "closes-its-output")
    assert trial.reason.startswith("not ready within 3 s")
    assert trial.facts.host.cpu_s["bench"] < 2.0


def test_nothing_of_it_is_left(outcome, measuring, building):
    assert left(outcome[0].run_id, measuring, building) == []

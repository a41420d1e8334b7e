"""Interruptions: whatever ends a run, nothing stays behind and nothing of the journal is lost."""

from __future__ import annotations

import os
import signal

import pytest

from bench.runtimes.protocol import LABEL, OwnedKind

SCENARIO = """
version: 1
name: interrupted
defaults:
  repeat: 2
  image: {image}
  cache: warm
  observe: 20s
  stop_grace_period: 1s
  volumes: ["data:/data"]
  ready: {{http: {{port: 8080, path: /healthz}}, timeout: 15s}}
cases:
  web: {{}}
thresholds: {{ready_s: "<= 10s"}}
"""


def _left(engine, run_id: str) -> list[str]:
    kinds = (OwnedKind.CONTAINER, OwnedKind.VOLUME)
    return [
        item.name for item in engine.owned(LABEL) if item.run_id == run_id and item.kind in kinds
    ]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_run_after_clean_up(bench, busybox, measuring, number, code):
    process = bench.begin("run", bench.scenario(SCENARIO.format(image=busybox)))
    bench.wait_for('"key":{"case":"web"', process)  # the calibration may come before it
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code, errors
    assert "Traceback" not in errors
    run = bench.latest()
    assert run.outcome == "interrupted"
    assert [one.status for one in run.results][-1] == "interrupted"
    assert _left(measuring, run.run_id) == []
    assert (run.folder / "index.html").exists()


def test_a_killed_run_is_swept_and_resumed(bench, busybox, measuring):
    scenario = bench.scenario(SCENARIO.format(image=busybox).replace("20s", "2s"))
    process = bench.begin("run", scenario)
    bench.wait_for('"status":"ok"', process)  # the calibration or the first trial is done
    bench.wait_for('"phase":"ready"', process)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)

    before = bench.latest()
    assert before.outcome == "cut off"
    swept = bench("clean")
    assert swept.returncode == 0, swept.stderr
    assert _left(measuring, before.run_id) == []

    resumed = bench("run", "--resume", "latest", "--progress", "quiet")
    assert resumed.returncode == 0, resumed.stderr
    after = bench.latest()
    assert after.run_id == before.run_id
    assert after.outcome == "complete"
    done = [one for one in after.results if one.key.case == "web" and one.status == "ok"]
    assert len(done) == 2
    kept = {one.trial_id for one in before.results if one.status == "ok"}
    assert kept <= {one.trial_id for one in after.results if one.status == "ok"}

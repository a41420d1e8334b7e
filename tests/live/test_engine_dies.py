"""An engine that dies in the middle: that trial is an error, the run goes on, nothing is left."""

from __future__ import annotations

import os
import signal

SCENARIO = """
version: 1
name: dies
defaults:
  repeat: 2
  image: {image}
  cache: warm
  observe: 3s
  stop_grace_period: 1s
  ready: {{http: {{port: 8080, path: /healthz}}, timeout: 15s}}
cases:
  web: {{}}
thresholds: {{ready_s: "<= 10s"}}
"""


def test_a_daemon_killed_in_mid_trial_is_no_verdict_on_the_image(bench, busybox, private):
    process = bench.begin("run", bench.scenario(SCENARIO.format(image=busybox)))
    bench.wait_for_phase("web", "ready", process)
    os.kill(private.own_pids()["measuring"], signal.SIGKILL)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 3, errors
    assert "Traceback" not in errors
    run = bench.latest()
    statuses = [one.status.value for one in run.results]
    assert "error" in statuses
    assert statuses[-1] == "ok"
    assert private.is_up()
    assert {verdict.verdict.value for verdict in run.verdicts} == {"error"}

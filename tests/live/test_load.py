"""Cases under load on a real engine: a container and a plain process, a tool that fails."""

from __future__ import annotations

import sys

import pytest

SCENARIO = """
version: 1
name: load
defaults:
  repeat: 1
  cache: warm
  ready: {{http: {{port: 18322, path: /healthz}}, timeout: 15s}}
  stop_grace_period: 0s
  load:
    image: {image}
    command:
      - sh
      - -c
      - |
        n=0
        while [ $$n -lt 20 ]; do
          wget -q -O /dev/null http://case:18322/healthz || exit 1
          n=$$((n+1))
        done
        echo "answered=$$n"
    timeout: 30s
    metrics: {{answered: {{pattern: "answered=([0-9]+)", unit: count, better: higher}}}}
cases:
  boxed: {{image: {image}, command: [httpd, -f, -p, "18322", -h, /www]}}
  bare: {{host: {{command: [{python}, -m, http.server, "18322"]}}}}
  broken:
    image: {image}
    command: [httpd, -f, -p, "18322", -h, /www]
    load: {{command: [sh, -c, "echo no target; exit 2"]}}
  slow:
    image: {image}
    command: [httpd, -f, -p, "18322", -h, /www]
    load: {{command: [sleep, "60"], timeout: 1s}}
  fragile:
    image: {image}
    command: [sh, -c, "httpd -p 18322 -h /www; sleep 2; exit 7"]
    load: {{command: [sleep, "20"]}}
thresholds: {{answered: {{limit: ">= 20", required: false}}}}
"""


@pytest.fixture(scope="module")
def outcome(private, busybox, tmp_path_factory):
    from tests.live.conftest import Bench

    bench = Bench(tmp_path_factory.mktemp("load"))
    text = SCENARIO.format(image=busybox, python=sys.executable)
    (bench.folder / "healthz").write_text("ok\n")  # as in the image
    done = bench("run", bench.scenario(text), "--progress", "quiet")
    assert "Traceback" not in done.stderr + done.stdout
    return done, bench.latest()


def only(run, case: str):
    (found,) = [one for one in run.results if one.key.case == case and one.attempt == 0]
    return found


@pytest.mark.parametrize("case", ["boxed", "bare"])
def test_the_tool_reaches_the_case_by_name_and_its_figures_are_metrics(outcome, case):
    trial = only(outcome[1], case)
    assert trial.status == "ok", trial.reason
    assert trial.metrics["answered"] == 20
    log = outcome[1].folder / "logs" / f"{case}-load-{trial.trial_id}.log"
    assert "answered=20" in log.read_text()


def test_a_tool_that_fails_is_an_error_of_the_trial(outcome):
    trial = only(outcome[1], "broken")
    assert trial.status == "error"
    assert "the load tool ended with code 2" in trial.reason
    assert "no target" in trial.reason


def test_a_tool_that_is_not_done_in_its_time_is_one_too(outcome):
    trial = only(outcome[1], "slow")
    assert trial.status == "error"
    assert "was not done within its time of 1 s" in trial.reason


def test_a_case_that_ends_under_load_has_failed(outcome):
    trial = only(outcome[1], "fragile")
    assert trial.status == "failed"
    assert trial.reason == "exited with code 7 under load"


def test_nothing_of_the_tools_is_left(outcome, building, measuring):
    run_id = outcome[1].run_id
    for engine in (building, measuring):
        assert run_id not in [
            item.run_id for item in engine.owned("org.container-bench") if item.kind == "container"
        ]

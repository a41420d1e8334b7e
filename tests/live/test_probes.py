"""Probes of containers that hang, prompt and listen elsewhere, on a real engine."""

from __future__ import annotations

import pytest

from bench.report.caveats import warnings
from tests.live.engines import PATIENCE

SCENARIO = """
version: 1
name: probes
defaults:
  repeat: 1
  image: {image}
  cache: warm
  observe: 0s
  stop_grace_period: 1s
  ready: {{timeout: {patience_s}s}}
cases:
  hangs-its-first-client:
    command:
      - sh
      - -c
      - >-
        mkfifo /tmp/f; sleep 60 > /tmp/f & nc -l -p 8080 < /tmp/f;
        exec httpd -f -p 8080 -h /www
    ready: {{http: {{port: 8080, path: /healthz, status: [200, 204]}}}}
  hangs-its-first-command:
    command: [sleep, "60"]
    ready:
      exec: >-
        [ -e /tmp/asked ] && [ -z "$$(pidof tail)" ] || {{ touch /tmp/asked; tail -f /dev/null; }}
  says-it-twice:
    command: [sh, -c, "echo ready; sleep 0.3; echo ready; sleep 60"]
    ready: {{log: {{pattern: '^ready$', times: 2}}}}
  ends-lines-with-crlf:
    command: [sh, -c, 'printf "10%%\\r50%%\\rready\\r\\n"; sleep 60']
    ready: {{log: '^ready$'}}
  prompts:
    command: [sh, -c, 'printf "loaded\\nready> "; sleep 60']
    ready: {{log: '^ready>'}}
  listens-on-loopback:
    command: [httpd, -f, -p, "127.0.0.1:8080", -h, /www]
    ready: {{http: {{port: 8080}}, timeout: 500ms}}
  never-says-it:
    command: [httpd, -f, -p, "8080", -h, /www]
    ready: {{log: never, timeout: 500ms}}
  has-no-check:
    command: [sleep, "60"]
    ready: {{healthcheck: true}}
  is-checked-often:
    command: [sleep, "60"]
    healthcheck:
      {{test: [CMD, "true"], interval: 500ms, start_interval: 100ms, start_period: 10s}}
    ready: {{healthcheck: true}}
"""


@pytest.fixture(scope="module")
def measured(chosen, busybox, tmp_path_factory):
    from tests.live.conftest import Bench

    bench = Bench(tmp_path_factory.mktemp("probes"), chosen)
    text = SCENARIO.format(image=busybox, patience_s=30 * PATIENCE)
    done = bench("run", bench.scenario(text), "--progress", "quiet")
    assert "Traceback" not in done.stderr
    return bench.latest()


def only(run, case: str):
    (found,) = [one for one in run.results if one.key.case == case]
    return found


@pytest.mark.parametrize("case", ["hangs-its-first-client", "hangs-its-first-command"])
def test_what_hangs_once_is_asked_again_after_a_second(measured, case):
    trial = only(measured, case)
    assert trial.status == "ok", trial.reason
    assert trial.facts.ready.attempts >= 2
    assert 1 <= trial.metrics["ready_s"] < 10 * PATIENCE


def test_of_what_hung_nothing_is_known_from_its_sending_on(measured):
    trial = only(measured, "hangs-its-first-command")
    assert trial.metrics["ready_resolution_s"] >= 1


def test_the_second_of_two_lines_counts(measured):
    trial = only(measured, "says-it-twice")
    assert trial.status == "ok", trial.reason
    assert trial.metrics["ready_s"] >= 0.25


@pytest.mark.parametrize("case", ["ends-lines-with-crlf", "prompts"])
def test_lines_end_as_programs_end_them(measured, case):
    trial = only(measured, case)
    assert trial.status == "ok", trial.reason
    assert trial.metrics["ready_resolution_s"] < 0.1


def test_a_listener_on_loopback_alone_is_named(measured):
    reason = only(measured, "listens-on-loopback").reason
    assert reason.endswith(
        "httpd listens on 127.0.0.1:8080 only, which is not reached from outside the container"
    )


def test_what_listens_is_named_whatever_was_waited_for(measured):
    assert only(measured, "never-says-it").reason.endswith("; httpd listens on 8080")


def test_a_container_without_a_health_check_fails_at_once(measured):
    trial = only(measured, "has-no-check")
    assert trial.status == "failed"
    assert "neither the image nor the case has one" in trial.reason


def test_an_engine_that_ignores_the_start_interval_is_said_to(measured):
    trial = only(measured, "is-checked-often")
    assert trial.status == "ok", trial.reason
    said = [one for one in warnings(measured) if one.startswith("is-checked-often: ")]
    engine = measured.header.engine
    is_old = tuple(map(int, engine["api_version"].split("."))) < (1, 44)
    assert bool(said) == is_old

"""Figures that a container prints, and cases that a matrix makes, on a real engine."""

from __future__ import annotations

import pytest

SCENARIO = """
version: 1
name: workload
defaults:
  repeat: 1
  cache: warm
  ready: {{exit: true, timeout: 60s}}
  observe: exit
  metrics:
    step_ms: {{json_key: step.ms, unit: ms, better: lower, take: sum}}
    last_rows: {{pattern: "last=([0-9]+) rows", unit: count, better: higher}}
    never_s: {{json_key: nothing, unit: s, better: lower}}
    loss: {{pattern: "loss (\\\\S+)", unit: count, better: lower}}
cases:
  job:
    image: {image}
    # A figure at the very beginning, then 20 MB, then more at the very end.
    command:
      - sh
      - -c
      - >-
        echo 'log: {{"step": {{"ms": 2}}}}' >&2; echo loss 3; echo loss nan;
        dd if=/dev/zero bs=1M count=20 status=none;
        echo; echo '{{"step": {{"ms": 40}}}}'; echo "last=$$N rows"
    matrix: {{environment.N: [1, 30], limits.memory: [null, 64m]}}
thresholds:
  last_rows: ">= 10"
  step_ms: "<= 50ms"
"""


@pytest.fixture(scope="module")
def outcome(chosen, busybox, tmp_path_factory):
    from tests.live.conftest import Bench

    bench = Bench(tmp_path_factory.mktemp("workload"), chosen)
    path = bench.scenario(SCENARIO.format(image=busybox))
    done = bench("run", path, "--progress", "quiet")
    assert done.returncode in (0, 1, 3), done.stderr
    return done, bench.latest()


def test_every_combination_was_run_under_its_own_name(outcome):
    _, run = outcome
    assert set(run.scenario.cases) == {
        f"job.N-{number}.memory-{memory}" for number in (1, 30) for memory in ("none", "64m")
    }
    limits = {one.key.case: one.facts.limits for one in run.results if "job" in one.key.case}
    assert limits["job.N-1.memory-64m"].requested.memory_bytes == 64 * 2**20
    assert limits["job.N-1.memory-none"].requested.memory_bytes is None


def test_figures_of_the_beginning_and_of_the_end_of_a_long_output_are_found(outcome):
    _, run = outcome
    found = run.trials.query("case != 'calibration'")
    assert len(found) == 4
    assert set(found["status"]) == {"ok"}
    assert set(found["step_ms"]) == {42.0}
    by_case = dict(zip(found["case"], found["last_rows"], strict=True))
    assert by_case["job.N-30.memory-none"] == 30
    assert by_case["job.N-1.memory-64m"] == 1


def test_what_was_not_printed_or_was_no_number_is_absent_and_said(outcome):
    done, run = outcome
    assert run.trials["never_s"].isna().all()
    assert run.trials["loss"].isna().all()
    said = " ".join(done.stdout.split())
    assert "never_s did not appear in the output of job.N-1.memory-none" in said
    assert "loss of job.N-1.memory-none was not a number" in said


def test_they_are_judged_like_any_other_metric(outcome):
    done, run = outcome
    verdicts = {(one.case, one.id): str(one.verdict) for one in run.verdicts}
    assert verdicts["job.N-30.memory-none", "last_rows"] == "pass"
    assert verdicts["job.N-1.memory-none", "last_rows"] == "fail"
    assert {one for (_, row), one in verdicts.items() if row == "step_ms"} == {"pass"}
    assert done.returncode == 1

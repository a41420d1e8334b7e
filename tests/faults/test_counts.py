"""As many failures are reported as there were: no more, no fewer, and none of them has a time."""

from __future__ import annotations

import random

import pytest

from bench.core.domain import TrialStatus
from bench.core.errors import EngineError
from bench.results.run import load_run
from tests.fakes import Script
from tests.faults.checks import TIMES_TO_READY
from tests.trial.lab import UP
from tests.trial.runs import Runs

TRIALS = 12
SCENARIO = """
version: 1
name: quick
defaults:
  repeat: 12
  ready: {log: "^up$", interval: 1ms, timeout: 10s}
  observe: 0s
cases:
  web: {image: web}
thresholds: {ready_s: {over: max, limit: "<= 60s", cache: cold}}
"""
CRASH = Script(output=(b"no config\n",), life_s=0, exit_code=1)


@pytest.mark.parametrize("seed", range(20))
def test_what_was_injected_is_what_is_reported(tmp_path, monkeypatch, seed):
    rng = random.Random(seed)
    kinds = [rng.choice(("ok", "ok", "failed", "error")) for _ in range(TRIALS)]
    waiting = list(kinds)
    runs = Runs(tmp_path / "reports")
    runs.patch(monkeypatch)
    monkeypatch.setattr("tests.trial.runs.FakeMaker.can_calibrate", False)

    def behave(call: str) -> None:
        if call == "create":
            kind = waiting.pop(0)
            runs.measuring.script = CRASH if kind == "failed" else UP
            if kind == "error":
                raise EngineError("engine", "no space left on device")

    runs.measuring.on_call = behave
    run = load_run(runs.start(SCENARIO, keep_going=True).folder)
    runs.measuring.end_all()
    assert [one.status for one in run.results] == [TrialStatus(kind) for kind in kinds]
    for trial in run.results:
        assert bool(TIMES_TO_READY & set(trial.metrics)) is (trial.status is TrialStatus.OK)
    (verdict,) = [one for one in run.verdicts if one.id != "READY"]
    (ready,) = [one for one in run.verdicts if one.id == "READY"]
    if not {"error", "failed"} & set(kinds):
        assert ready.verdict == "pass"
    if "error" in kinds:
        assert (verdict.verdict, run.exit_code) == ("error", 3)
    elif "failed" in kinds:
        assert (verdict.verdict, run.exit_code) == ("fail", 1)
        assert str(kinds.count("failed")) in verdict.reason
    else:
        assert (verdict.verdict, run.exit_code) == ("pass", 0)

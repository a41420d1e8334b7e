"""The wall clock set back in the middle of a run: labels go back, durations and verdicts do not."""

from __future__ import annotations

import dataclasses
import time
from datetime import UTC, datetime, timedelta

import pytest

from bench.core.clock import SystemClock
from bench.host.load import read_load
from bench.journal.lines import Lines
from bench.journal.writer import FILE_NAME
from bench.results.run import load_run
from bench.runtimes.workload import WorkloadState
from bench.trial.context import TrialContext
from tests.fakes import FakeRuntime
from tests.trial.lab import UP
from tests.trial.runs import SCENARIO, Runs

STEP_S = -3600.0


class SteppingClock(SystemClock):
    """A clock whose wall time is an hour behind from a certain moment on."""

    def __init__(self) -> None:
        self.step_s = 0.0

    def utc_now(self) -> datetime:
        return datetime(2026, 11, 22, 8, 31, tzinfo=UTC) + timedelta(seconds=self.step_s)


@pytest.fixture
def stepped(tmp_path, monkeypatch):
    """A run of four trials of cases, during the first of which the wall clock is set back."""
    clock = SteppingClock()
    really = time.time
    runs = Runs(tmp_path / "reports", measuring=FakeRuntime(UP), clock=clock)
    runs.patch(monkeypatch)
    monkeypatch.setattr(
        "bench.runner.execution.TrialContext", TrialContext
    )  # with the load of this host
    monkeypatch.setattr(time, "time", lambda: really() + clock.step_s)

    def set_back() -> None:
        clock.step_s = STEP_S

    runs.measuring.trouble("stop", set_back)
    however_busy = SCENARIO.replace("name:", "max_other_load: any\nmax_steal: any\nname:")
    result = runs.start(however_busy)
    runs.measuring.end_all()
    return result.folder


def test_the_trial_in_which_it_happened_is_invalid_and_repeated(stepped):
    run = load_run(stepped)
    spoilt = [one for one in run.results if one.status == "invalid"]
    assert [one.reason for one in spoilt] == ["the wall clock jumped by -3600.0 s"]
    again = [one for one in run.results if one.trial_id == f"{spoilt[0].trial_id}.1"]
    assert [one.status for one in again] == ["ok"]
    assert run.outcome == "complete"


def test_durations_are_none_the_worse(stepped):
    run = load_run(stepped)
    labels = [event["at"] for event in Lines(stepped / FILE_NAME).events() if "at" in event]
    assert max(labels) > labels[-1]
    for trial in run.results:
        for phase in trial.phases:
            assert 0 <= phase.duration_s < 60
            assert phase.clock == "monotonic"
        assert all(0 <= trial.metrics[name] < 60 for name in trial.metrics if name.endswith("_s"))


def test_the_load_of_this_host_shows_the_step(monkeypatch):
    before = read_load({})
    really = time.time
    monkeypatch.setattr(time, "time", lambda: really() + STEP_S)
    after = read_load({})
    step_s = after.wall_minus_monotonic_s - before.wall_minus_monotonic_s
    assert step_s == pytest.approx(STEP_S, abs=0.1)


def test_no_time_of_the_engine_gets_past_its_boundary():
    names = {field.name for field in dataclasses.fields(WorkloadState)}
    assert not [name for name in names if "started" in name or "finished" in name or "_at" in name]

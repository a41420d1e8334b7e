"""trace.json: phases, layers and samples, where Perfetto's viewer expects them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from bench.report.text.trace import trace_text
from bench.results.run import load_run
from tests.journals import CRASHED, Build, events, write_events

if TYPE_CHECKING:
    from bench.results.run import Run


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    return load_run(write_events(tmp_path_factory.mktemp("run"), events(Build(rounds=2))))


@pytest.fixture(scope="module")
def trace(run: Run) -> list[dict[str, Any]]:
    document = json.loads(trace_text(run))
    assert document["displayTimeUnit"] == "ms"
    found: list[dict[str, Any]] = document["traceEvents"]
    return found


def test_every_event_has_what_its_kind_needs(trace):
    needs = {"X": {"name", "pid", "tid", "ts", "dur"}, "C": {"name", "pid", "ts", "args"}}
    needs["M"] = {"name", "pid", "args"}
    for event in trace:
        assert needs[event["ph"]] <= set(event)
        assert event.get("ts", 0) >= 0
        assert event.get("dur", 0) >= 0


def test_each_trial_is_a_process_with_its_phases(run, trace):
    names = {it["pid"]: it["args"]["name"] for it in trace if it["name"] == "process_name"}
    assert len(names) == len(run.results)
    for number, trial in enumerate(run.results, 1):
        assert names[number].startswith(f"{trial.trial_id} {trial.key.case}")
        spans = [it for it in trace if it["ph"] == "X" and (it["pid"], it["tid"]) == (number, 1)]
        assert [it["name"] for it in spans] == [phase.phase for phase in trial.phases]
        for span, phase in zip(spans, trial.phases, strict=True):
            assert span["dur"] == pytest.approx(phase.duration_s * 1e6, abs=1e-3)


def test_a_layer_is_downloaded_within_the_pull(run, trace):
    number, trial = next(
        (number, trial) for number, trial in enumerate(run.results, 1) if trial.layers
    )
    (pull,) = [it for it in trace if it["name"] == "pull" and it["pid"] == number]
    downloads = [it for it in trace if it["name"] == "download" and it["pid"] == number]
    assert len(downloads) == sum(bool(layer.download_s) for layer in trial.layers)
    for event in downloads:
        assert event["ts"] >= pull["ts"]
        assert event["ts"] + event["dur"] <= pull["ts"] + pull["dur"] + 1


def test_samples_are_counters_at_their_times(run, trace):
    columns = run.sample_columns[0]
    values = [it for it in trace if (it["ph"], it["name"], it["pid"]) == ("C", "cpu_ns", 1)]
    assert values
    assert values[-1]["args"]["value"] == max(columns["cpu_ns"])
    (start,) = [it for it in trace if (it["name"], it["pid"], it["ph"]) == ("start", 1, "X")]
    assert values[0]["ts"] >= start["ts"] - 1e6


def test_a_run_of_crashes_and_one_without_trials_are_traces_too(tmp_path):
    crashed = load_run(write_events(tmp_path / "a", events(Build(rounds=1, troubles=CRASHED))))
    assert any("failed" in it["args"]["name"] for it in traced(crashed) if it["ph"] == "M"
               and it["name"] == "process_name")  # fmt: skip
    none = [
        event for event in events() if "trial_id" not in event and event["event"] != "run_ended"
    ]
    assert traced(load_run(write_events(tmp_path / "b", none))) == []


def traced(run: Run) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(trace_text(run))["traceEvents"]
    return found

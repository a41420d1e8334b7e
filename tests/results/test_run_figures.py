"""What of a run its history keeps."""

from __future__ import annotations

import json

import pytest

from bench.results.run import load_run
from bench.results.run_figures import Gap, RecordedRun, Sample, record
from tests.histories import at, run_name, write_run
from tests.journals import Build, Trouble, write_journal


def ready(samples: list[Sample]) -> Sample:
    (found,) = [one for one in samples if (one.metric, one.arm) == ("ready_s", "fit")]
    return found


def test_each_metric_has_the_values_of_the_successful_trials(tmp_path):
    run = load_run(write_run(tmp_path, 0))
    recorded, samples = record(run)
    assert (recorded.folder, recorded.at, recorded.name) == (run_name(0), at(0), "shop")
    assert ready(samples).values == tuple(trial.metrics["ready_s"] for trial in run.results)
    assert (ready(samples).case, ready(samples).cache) == ("good", "cold")
    assert recorded.gaps == ()


def test_values_of_the_image_have_no_state(tmp_path):
    _, samples = record(load_run(write_run(tmp_path, 0)))
    (size,) = [one for one in samples if one.metric == "image_size_bytes"]
    assert (size.cache, size.arm, len(size.values)) == ("", "", 1)


def test_a_failed_trial_is_counted_and_gives_no_value(tmp_path):
    recorded, samples = record(load_run(write_run(tmp_path, 0, crashed=2)))
    assert (len(ready(samples).values), ready(samples).failed) == (4, 2)
    assert recorded.gaps == ()


@pytest.mark.parametrize("crashed", [3, 6])
def test_where_half_of_the_trials_failed_there_is_a_gap_and_no_fast_point(tmp_path, crashed):
    recorded, samples = record(load_run(write_run(tmp_path, 0, crashed=crashed)))
    assert [one for one in samples if one.arm] == []
    assert recorded.gaps == (Gap("good", "cold", "fit", f"{crashed} of 6 trials failed"),)


@pytest.mark.parametrize("status", ["invalid", "error"])
def test_what_says_nothing_of_the_image_is_neither_a_value_nor_a_failure(tmp_path, status):
    troubles = {("good", 0, number): Trouble(status, "not a cold pull") for number in range(3)}
    recorded, samples = record(load_run(write_run(tmp_path, 0, troubles=troubles)))
    assert (len(ready(samples).values), ready(samples).failed) == (5, 0)
    assert recorded.gaps == ()


def test_warm_ups_replicas_and_cut_networks_give_none(tmp_path):
    case = {
        "image": "app:1",
        "repeat": 6,
        "warmup": 2,
        "ready": {"http": {"port": 8080}, "timeout": "60s"},
    }
    build = Build(cases=("good",), samples_each=2, troubles={}, scenario={"cases": {"good": case}})
    _, samples = record(load_run(write_journal(tmp_path / "run", build)))
    assert len(ready(samples).values) == 6
    assert {one.arm for one in samples} == {"", "fit", "need"}
    assert "calibration" not in {one.case for one in samples}


def test_a_run_that_was_cut_off_has_what_was_measured(tmp_path):
    folder = write_run(tmp_path, 0, outcome=None)
    journal = folder / "events.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[: len(lines) // 2]))
    _, samples = record(load_run(folder))
    assert 0 < len(ready(samples).values) < 6


def test_a_case_without_an_image_is_a_gap_in_every_state(tmp_path):
    run = load_run(write_run(tmp_path, 0))
    run.failed_images["good"] = "the build failed"
    recorded, _ = record(run)
    assert Gap("good", "", "", "no image") in recorded.gaps


def test_a_recorded_run_is_read_back_as_it_was(tmp_path):
    case = {
        "image": "app:1",
        "ready": {"http": {"port": 8080}},
        "metrics": {"loss": {"pattern": r"loss (\d+)", "unit": "nats", "better": "lower"}},
    }
    noise = {
        "measured_at": "2026-01-01T00:00:00+00:00",
        "floors": {"ready_s": {"share": 0.2, "median": 1.0, "n": 12}},
    }
    folder = write_run(
        tmp_path, 0, scenario={"cases": {"good": case}}, header={"noise": noise}, crashed=6
    )
    recorded, _ = record(load_run(folder))
    data = json.loads(json.dumps(recorded.as_data()))
    again = RecordedRun.from_data(recorded.folder, data)
    assert again.as_data() == recorded.as_data()
    assert again.own["loss"].unit == "nats"
    assert again.noise == noise
    assert again.gaps == recorded.gaps

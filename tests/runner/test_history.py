"""What a cut-off run had done already, and finishing it."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import pytest

from bench.core.errors import BuildError, StoreError, UsageError
from bench.journal.writer import FILE_NAME
from bench.results.run import load_run
from bench.runner.history import read_history
from bench.runner.request import RunRequest, RunResult
from bench.runner.run import resume_run
from tests.journals import rewrite, write_events
from tests.trial.runs import FakeMaker, Runs, events, loaded, own_label, trials

if TYPE_CHECKING:
    from pathlib import Path


def cut_off(folder: Path, *, after: str, inclusive: bool = True) -> None:
    """Let the journal end with the first event that has `after` in it."""
    lines = (folder / FILE_NAME).read_text().splitlines()
    index = next(number for number, line in enumerate(lines) if after in line)
    (folder / FILE_NAME).write_text("".join(f"{one}\n" for one in lines[: index + inclusive]))


def resumed(runs: Runs, folder: Path) -> RunResult:
    request = RunRequest(loaded(), runs.out)
    return resume_run(request, read_history(folder), runs.session, runs.watcher, runs.clock)


def ending(trial_id: str) -> str:
    return f'"trial_ended","trial_id":"{trial_id}"'


def test_a_complete_run_has_nothing_left_to_do(runs):
    history = read_history(runs.start().folder)
    assert history.is_complete
    assert history.scenario_file == "quick.yaml"
    assert [key.case for key in history.plan] == [
        one["key"]["case"] for one in events(history.folder, "trial_started")
    ]


def test_a_run_that_was_cut_off_in_its_clean_up_is_cleaned_up_and_ended(runs):
    folder = runs.start().folder
    cut_off(folder, after='"run_ended"', inclusive=False)
    runs.measuring.volumes.create("left", own_label(folder))
    assert not read_history(folder).is_complete
    before = trials(folder)
    resumed(runs, folder)
    assert trials(folder) == before
    assert runs.measuring.leftovers == []
    assert read_history(folder).is_complete
    assert load_run(folder).outcome == "complete"


def test_trials_that_are_done_are_not_repeated_and_the_others_are_run(runs):
    folder = runs.start().folder
    cut_off(folder, after=ending("t0002"))
    assert read_history(folder).done == {0: -1, 1: -1, 2: -1}
    resumed(runs, folder)
    assert trials(folder) == [(f"t000{number}", "ok") for number in range(6)]
    assert read_history(folder).is_complete


def test_a_trial_that_was_cut_off_is_another_attempt(runs):
    folder = runs.start().folder
    cut_off(folder, after='"phase","trial_id":"t0003"')
    assert read_history(folder).done == {0: -1, 1: -1, 2: -1, 3: 1}
    resumed(runs, folder)
    started = [one["trial_id"] for one in events(folder, "trial_started")]
    assert started == ["t0000", "t0001", "t0002", "t0003", "t0003.1", "t0004", "t0005"]
    assert events(folder, "trial_started")[4]["attempt"] == 1


def test_attempts_go_on_counting_over_several_cuts(runs):
    folder = runs.start().folder
    cut_off(folder, after='"phase","trial_id":"t0003"')
    resumed(runs, folder)
    cut_off(folder, after='"phase","trial_id":"t0003.1"')
    resumed(runs, folder)
    assert ("t0003.2", "ok") in trials(folder)
    assert len(events(folder, "run_resumed")) == 2
    assert len({one["trial_id"] for one in events(folder, "trial_started")}) == 8


@pytest.mark.parametrize("status", ["invalid", "error", "interrupted"])
def test_a_trial_without_a_result_is_tried_again(runs, status):
    folder = runs.start().folder
    ended = f'{ending("t0001")},"status":"ok"'
    rewrite(folder, lambda text: text.replace(ended, ended.replace('"ok"', f'"{status}"')))
    assert read_history(folder).done[1] == 1
    resumed(runs, folder)
    assert ("t0001.1", "ok") in trials(folder)


@pytest.mark.parametrize("status", ["ok", "failed"])
def test_a_trial_with_a_result_is_not(runs, status):
    folder = runs.start().folder
    ended = f'{ending("t0001")},"status":"ok"'
    rewrite(folder, lambda text: text.replace(ended, ended.replace('"ok"', f'"{status}"')))
    assert read_history(folder).is_complete


def test_a_line_that_was_torn_does_not_count_and_does_not_spoil_the_next(runs):
    folder = runs.start().folder
    cut_off(folder, after=ending("t0002"), inclusive=False)
    with (folder / FILE_NAME).open("a") as file:
        file.write('{"seq":9,"event":"trial_ended","trial_id":"t0002","sta')
    assert read_history(folder).done == {0: -1, 1: -1, 2: 1}
    resumed(runs, folder)
    assert ("t0002.1", "ok") in trials(folder)
    lines = (folder / FILE_NAME).read_text().splitlines()
    assert json.loads(lines[-1])["event"] == "run_ended"


def test_a_run_that_was_cut_off_before_its_images_makes_them_and_runs_all(runs):
    folder = runs.start().folder
    cut_off(folder, after='"run_started"')
    FakeMaker.made.clear()
    resumed(runs, folder)
    assert FakeMaker.made == ["bad", "good"]
    assert len(trials(folder)) == 6


def test_a_case_whose_image_could_not_be_made_is_left_to_do(runs):
    FakeMaker.errors["bad"] = BuildError("Dockerfile", "the build failed")
    folder = runs.start().folder
    assert not read_history(folder).is_complete
    FakeMaker.errors.clear()
    resumed(runs, folder)
    assert read_history(folder).is_complete


def test_a_case_whose_image_has_changed_since_its_trials_gets_no_more_of_them(runs):
    folder = runs.start().folder
    cut_off(folder, after=ending("t0002"))
    before = trials(folder)
    FakeMaker.changed.add("bad")
    resumed(runs, folder)
    new = [one["key"]["case"] for one in events(folder, "trial_started")[len(before) :]]
    assert new
    assert "bad" not in new
    (failed,) = events(folder, "image_failed")
    assert "another one than in its trials before the run was cut off" in failed["reason"]
    assert load_run(folder).exit_code == 3


def test_an_image_that_changed_before_its_first_trial_does_not_matter(runs):
    folder = runs.start().folder
    cut_off(folder, after='"trial_started"', inclusive=False)
    FakeMaker.changed.add("bad")
    resumed(runs, folder)
    assert events(folder, "image_failed") == []
    assert read_history(folder).is_complete


def test_a_journal_without_a_beginning_is_no_run(tmp_path):
    write_events(tmp_path, [{"event": "note", "text": "x"}])
    with pytest.raises(StoreError, match="does not say how the run began"):
        read_history(tmp_path)


@pytest.mark.parametrize(
    ("kind", "change", "named"),
    [
        ("run_started", {"plan": [{"case": "bad"}]}, "plan.0.round"),
        ("run_started", {"plan": [{"case": "bad", "round": 0, "cache": "hot"}]}, "plan.0.cache"),
        (
            "run_started",
            {"plan": [{"case": "bad", "round": 0, "cache": "cold", "x": 1}]},
            "plan.0.x",
        ),
        ("run_started", {"scenario": {}}, "version"),
        ("run_started", {"schema_version": 99}, "schema version 99"),
        ("trial_started", {"attempt": "first"}, "attempt"),
        ("trial_started", {"trial_id": 7}, "trial_id"),
        ("trial_started", {"trial_id": "seventh"}, "trial_started"),
        ("trial_ended", {"trial_id": "t0099"}, "no 99"),
        ("trial_ended", {"status": ["ok"]}, "trial_ended"),
    ],
)
def test_a_damaged_journal_is_not_gone_on_with(runs, kind, change, named):
    folder = runs.start().folder
    made = events(folder)
    next(one for one in made if one["event"] == kind).update(change)
    write_events(folder, made)
    with pytest.raises(StoreError, match=re.escape(named)):
        read_history(folder)


def test_a_folder_without_a_journal_is_no_run(tmp_path):
    with pytest.raises(StoreError, match="cannot be read"):
        read_history(tmp_path)


# Several at once

TOGETHER = """
version: 1
name: quick
defaults: {ready: {log: "^up$", interval: 1ms, timeout: 10s}, observe: 0s, repeat: 1}
cases:
  web: {image: web, replicas: 2}
"""


@pytest.mark.parametrize(
    ("was", "now", "what"),
    [
        ('"storage_driver":"overlay2"', '"storage_driver":"vfs"', "engine's storage driver"),
        (f'"cores":{os.cpu_count()}', '"cores":999', "host cores"),
    ],
)
def test_a_run_is_not_finished_on_another_engine_or_host(runs, was, now, what):
    folder = runs.start().folder
    cut_off(folder, after=ending("t0001"))
    assert was in (folder / FILE_NAME).read_text()
    rewrite(folder, lambda text: text.replace(was, now))
    with pytest.raises(UsageError, match=what) as caught:
        resumed(runs, folder)
    assert "was begun elsewhere" in caught.value.cause
    assert "run_resumed" not in (folder / FILE_NAME).read_text()


@pytest.fixture
def group(runs, monkeypatch):
    """The folder of a run whose last trial, `t0002`, was of two containers at once."""
    monkeypatch.setattr("bench.trial.replicas._LEAST_OBSERVED_S", 0.01)
    return runs.start(TOGETHER).folder


def finished(runs: Runs, folder: Path) -> RunResult:
    request = RunRequest(loaded(TOGETHER), runs.out)
    return resume_run(request, read_history(folder), runs.session, runs.watcher, runs.clock)


def test_a_group_is_done_when_all_of_it_are(group):
    assert read_history(group).is_complete
    assert [one["trial_id"] for one in events(group, "trial_ended")][-2:] == [
        "t0002-r1",
        "t0002-r2",
    ]


def test_a_group_that_was_cut_off_between_its_ends_is_repeated_as_a_whole(runs, group):
    cut_off(group, after=ending("t0002-r1"))
    assert read_history(group).done == {0: -1, 1: -1, 2: 1}
    finished(runs, group)
    assert trials(group)[-2:] == [("t0002-r1.1", "ok"), ("t0002-r2.1", "ok")]
    assert read_history(group).is_complete


@pytest.mark.parametrize("status", ["invalid", "error", "interrupted"])
def test_one_of_a_group_without_a_result_leaves_the_group_to_do(group, status):
    ended = f'{ending("t0002-r2")},"status":"ok"'
    rewrite(group, lambda text: text.replace(ended, ended.replace('"ok"', f'"{status}"')))
    assert read_history(group).done[2] == 1


def test_a_failed_one_is_a_result_like_any(group):
    ended = f'{ending("t0002-r2")},"status":"ok"'
    rewrite(group, lambda text: text.replace(ended, ended.replace('"ok"', '"failed"')))
    assert read_history(group).is_complete


def test_the_services_of_a_stack_have_no_result_of_their_own(group):
    made = events(group)
    for event in made:
        if event["event"] == "trial_started":
            event["service"] = "db"
    write_events(group, made)
    history = read_history(group)
    assert -1 not in history.done.values()
    assert set(history.done) == set(range(len(history.plan)))

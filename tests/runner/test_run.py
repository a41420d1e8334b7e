"""A whole run: its journal, what it does about trouble, and what it leaves behind."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import signal

import pytest

from bench.core.domain import TrialKey, TrialStatus
from bench.core.errors import BuildError, EngineError, EngineUnavailableError, PullError, StoreError
from bench.journal.writer import Journal
from bench.results.run import load_run
from bench.runner.execution import MOST_REPEATS
from bench.runner.folder import new_folder
from bench.runner.history import read_history
from bench.runner.request import RunRequest
from bench.runner.run import resume_run
from bench.runtimes.protocol import LABEL
from bench.runtimes.specs import WorkloadSpec
from bench.trial.same_failure import FailureWatch, TrialOutcome
from tests.fakes import FakeClock, Script
from tests.pulls import cold_stream, manifest_of, warm_stream
from tests.trial.runs import (
    SCENARIO,
    FakeMaker,
    events,
    loaded,
    own_label,
    reference_of,
    trials,
)

ONE = SCENARIO.replace("  good: {image: good}\n", "").replace("repeat: 2", "repeat: 1")
WITH_SERVICE = (
    SCENARIO
    + """
services:
  index: {image: index, ready: {log: "^up$"}}
"""
)


def kinds(folder) -> list[str]:
    """The kinds of the events, a trial's own and samples left out."""
    inner = {"phase", "layers", "samples"}
    return [one["event"] for one in events(folder) if one["event"] not in inner]


# The journal


def test_the_events_of_a_run_come_in_this_order(runs):
    result = runs.start()
    assert result.interrupted == 0
    assert kinds(result.folder) == [
        "run_started",
        "image_ready",
        "image_ready",
        "image_ready",  # the calibration's
        *["trial_started", "trial_ended"] * 6,
        "run_ended",
    ]
    assert [(one["role"], one["case"]) for one in events(result.folder, "image_ready")] == [
        ("case", "bad"),
        ("case", "good"),
        ("calibration", "calibration"),
    ]
    assert events(result.folder, "run_ended")[0]["outcome"] == "complete"


def test_the_beginning_has_all_that_the_results_need_to_be_read_by(runs):
    result = runs.start(seed=5)
    (begun,) = events(result.folder, "run_started")
    assert begun["run_id"] == result.folder.name
    assert begun["name"] == "quick"
    assert begun["seed"] == 5
    assert begun["scenario"]["cases"]["bad"]["image"] == "bad"
    assert begun["link"]["text"] == "loopback, not shaped"
    assert begun["engine"]["private"] is True
    assert begun["engine"]["storage_driver"] == "overlay2"
    assert begun["host"]["cores"] == os.cpu_count()
    assert [key["case"] for key in begun["plan"]] == [
        one["key"]["case"] for one in events(result.folder, "trial_started")
    ]


def test_secrets_are_not_in_the_journal(runs):
    text = SCENARIO.replace("{image: bad}", "{image: bad, environment: {DB_PASSWORD: hunter2}}")
    result = runs.start(text)
    assert "hunter2" not in (result.folder / "events.jsonl").read_text()
    specs = [spec for (spec,) in runs.measuring.arguments_of("create")]
    assert any(spec.environment.get("DB_PASSWORD") == "hunter2" for spec in specs)


def test_the_journal_can_be_read_back_as_a_run(runs):
    run = load_run(runs.start().folder)
    assert run.outcome == "complete"
    assert set(run.images) == {"bad", "good", "calibration"}
    assert len(run.results) == 6
    for trial in run.results:
        assert trial.status == "ok"
        assert trial.metrics["startup_s"] > 0


def test_each_trial_has_its_output_in_a_file(runs):
    result = runs.start(ONE)
    names = {path.name for path in (result.folder / "logs").iterdir()}
    assert names == {
        f"{one['key']['case']}-{one['trial_id']}.log"
        for one in events(result.folder, "trial_started")
    }


def test_where_a_checklist_judges_it_the_need_arm_follows(runs):
    only = "name: quick\nchecklist: cloud-native\nchecks: {CI-3: off, RS-3.1: off}"
    result = runs.start(ONE.replace("name: quick", only))
    arms = [one["key"]["arm"] for one in events(result.folder, "trial_started")]
    assert arms == ["fit", "fit", "need", "need"]


def test_where_it_judges_scaling_out_three_at_once_follow(runs):
    only = "name: quick\nchecklist: cloud-native\nchecks: {CI-3: off, CI-7: off, CI-8: off}"
    result = runs.start(ONE.replace("name: quick", only))
    keys = [one["key"] for one in events(result.folder, "trial_started")]
    assert [(key["replica"], key["replicas"]) for key in keys[-3:]] == [(1, 3), (2, 3), (3, 3)]
    assert all(key["replicas"] == 0 for key in keys[:-3])


def test_a_group_in_a_bad_state_is_repeated_as_a_whole_and_at_most_twice(runs, monkeypatch):
    monkeypatch.setattr("bench.trial.replicas._LEAST_OBSERVED_S", 0.01)
    monkeypatch.setattr("bench.trial.replica.judge_host", lambda *_: (TrialStatus.INVALID, "busy"))
    result = runs.start(ONE.replace("image: bad", "image: bad, replicas: 2"))
    found = [one for one in trials(result.folder) if "-r" in one[0]]
    assert found == [
        (f"t0002-r{number}{attempt}", "invalid")
        for attempt in ("", ".1", ".2")
        for number in (1, 2)
    ]


def test_whoever_watches_is_told_of_each_trial_with_its_number(runs):
    runs.start(ONE)
    begun = [one[1:3] for one in runs.watcher.told if one[0] == "trial_begins"]
    assert begun == [(1, 2), (2, 2)]


def test_an_architecture_without_the_do_nothing_program_has_no_calibration(runs, monkeypatch):
    monkeypatch.setattr(FakeMaker, "can_calibrate", False)
    result = runs.start(ONE)
    assert len(trials(result.folder)) == 1


# Trouble


def test_a_case_without_an_image_ends_the_run_before_its_first_trial(runs):
    FakeMaker.errors["bad"] = BuildError("Dockerfile", "the build failed:\n   no such package")
    folder = runs.start().folder
    assert kinds(folder) == ["run_started", "image_failed", "run_ended"]
    assert FakeMaker.made == ["bad"], "the images of other cases would be made for nothing"
    run = load_run(folder)
    assert (run.outcome, run.exit_code) == ("stopped", 3)
    reasons = {one.case: one.reason for one in run.verdicts}
    assert reasons["bad"] == "it has no image: Dockerfile: the build failed:"
    assert reasons["good"] == "the run did not start, for bad has no image"


def test_what_had_no_image_is_measured_by_resuming_once_it_has_one(runs):
    FakeMaker.errors["bad"] = BuildError("Dockerfile", "the build failed")
    folder = runs.start().folder
    FakeMaker.errors.clear()
    resume_run(
        RunRequest(loaded(), runs.out),
        read_history(folder),
        runs.session,
        runs.watcher,
        runs.clock,
    )
    run = load_run(folder)
    assert (run.outcome, run.exit_code) == ("complete", 0)
    assert run.failed_images == {}


def test_a_run_that_keeps_going_measures_the_cases_that_have_an_image(runs):
    FakeMaker.errors["bad"] = BuildError("Dockerfile", "the build failed:\n   no such package")
    result = runs.start(keep_going=True)
    (failed,) = events(result.folder, "image_failed")
    assert (failed["case"], failed["status"]) == ("bad", "failed")
    assert "no such package" in failed["reason"]
    assert runs.watcher.said() == ["bad: it has no image: the build failed:"]
    cases = [one["key"]["case"] for one in events(result.folder, "trial_started")]
    assert sorted(cases) == ["calibration", "calibration", "good", "good"]
    assert kinds(result.folder)[-1] == "run_ended"


def test_an_image_that_can_be_had_nowhere_is_an_error_and_not_the_images_fault(runs):
    FakeMaker.errors["bad"] = PullError("bad", "cannot be had: not found")
    result = runs.start()
    assert events(result.folder, "image_failed")[0]["status"] == "error"


def test_an_engine_that_is_gone_before_the_images_are_there_ends_the_run(runs):
    FakeMaker.errors["bad"] = EngineUnavailableError("engine", "does not answer")
    with pytest.raises(EngineUnavailableError):
        runs.start()


def test_a_trial_that_was_not_cold_is_repeated(runs):
    manifest = manifest_of("bad", 4096)
    streams = [warm_stream(manifest), cold_stream(manifest)]
    runs.measuring.streams[reference_of("bad")] = [*streams]
    result = runs.start(ONE, seed=1)
    number = next(one for one, status in trials(result.folder) if status == "invalid")
    assert (f"{number}.1", "ok") in trials(result.folder)


def test_it_is_repeated_twice_at_most(runs):
    runs.measuring.streams[reference_of("bad")] = [warm_stream(manifest_of("bad", 4096))]
    result = runs.start(ONE)
    invalid = [trial_id for trial_id, status in trials(result.folder) if status == "invalid"]
    assert [one.partition(".")[2] for one in invalid] == ["", "1", "2"]
    assert len(invalid) == 1 + MOST_REPEATS
    assert kinds(result.folder)[-1] == "run_ended"


def test_a_trial_that_failed_or_ended_in_error_is_not_repeated(runs):
    runs.measuring.scripts[reference_of("bad")] = Script(life_s=0, exit_code=1)
    runs.measuring.streams[reference_of("good")] = [[PullError("good", "unexpected EOF")]]
    result = runs.start()
    assert [status for _, status in trials(result.folder)].count("failed") == 2
    assert [status for _, status in trials(result.folder)].count("error") == 2
    assert all("." not in trial_id for trial_id, _ in trials(result.folder))


def test_an_engine_that_dies_in_the_middle_is_started_again_and_the_run_goes_on(runs):
    def die() -> None:
        runs.measuring.is_dead = True
        runs.private.pids = {"registry": 1, "measuring": 99}

    runs.measuring.trouble("stop", die, at=2)
    result = runs.start()
    statuses = [status for _, status in trials(result.folder)]
    assert statuses.count("error") == 1
    assert statuses.count("ok") == 5
    assert runs.private.ups == ["all"]
    assert "the engine does not answer; starting it again" in runs.watcher.said()
    assert runs.measuring.leftovers == []


def test_what_a_trial_could_not_remove_is_gone_before_the_next_one(runs):
    there: list[int] = []

    def die() -> None:
        runs.measuring.is_dead = True

    def look(call: str) -> None:
        if call == "create":
            there.append(len(runs.measuring.present))

    runs.measuring.trouble("stop", die)
    runs.measuring.on_call = look
    runs.start()
    assert set(there) == {0}


def test_a_registry_that_dies_in_the_middle_is_started_again_and_the_run_goes_on(runs):
    def die() -> None:
        runs.private.pids.pop("registry")
        raise PullError("bad", "the pull failed: unexpected EOF")

    runs.measuring.trouble("pull", die)
    result = runs.start()
    statuses = [status for _, status in trials(result.folder)]
    assert statuses == ["error", *["ok"] * 5]
    assert runs.private.ups == ["all"]
    assert "the registry does not answer; starting it again" in runs.watcher.said()


def test_an_error_of_an_engine_that_still_answers_starts_nothing(runs):
    runs.measuring.trouble("start", EngineError("engine", "no space left on device"))
    runs.start()
    assert runs.private.ups == []


def test_on_somebodys_own_engine_only_the_registry_is_started_again(runs):
    runs.is_private = False

    def die() -> None:
        runs.measuring.is_dead = True

    runs.measuring.trouble("stop", die)
    runs.start()
    assert runs.private.ups == ["registry"]


def test_an_engine_that_cannot_be_started_again_ends_the_run_with_what_there_is(runs, monkeypatch):
    def die() -> None:
        runs.measuring.is_dead = True

    def stay_dead(**_: object) -> None:
        raise EngineUnavailableError("private engine", "did not come up")

    monkeypatch.setattr(runs.private, "up", stay_dead)
    runs.measuring.trouble("stop", die)
    with pytest.raises(EngineUnavailableError, match="did not come up"):
        runs.start()
    (folder,) = [path for path in runs.out.iterdir() if not path.is_symlink()]
    run = load_run(folder)
    assert run.outcome == "cut off"
    assert any("clean-up was cut short" in note for note in run.notes)


def test_a_full_disk_ends_the_run_after_its_containers_are_gone(runs, monkeypatch):
    append = Journal.append

    def full(self, kind, **fields):
        if kind == "trial_ended":
            raise StoreError("events.jsonl", "the journal cannot be written: No space left")
        append(self, kind, **fields)

    monkeypatch.setattr(Journal, "append", full)
    with pytest.raises(StoreError, match="No space left"):
        runs.start()
    assert runs.measuring.leftovers == []


# Interruption


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["INT", "TERM"]
)
@pytest.mark.parametrize("call", ["pull", "start", "stop", "remove", "owned"])
def test_an_interruption_ends_the_run_in_order_and_keeps_what_there_is(runs, call, number, code):
    before = signal.getsignal(number)
    runs.measuring.trouble(call, lambda: signal.raise_signal(number))
    result = runs.start()
    assert result.interrupted == code
    assert runs.measuring.leftovers == []
    (ended,) = events(result.folder, "run_ended")
    assert ended["outcome"] == "interrupted"
    assert kinds(result.folder)[-1] == "run_ended"
    assert load_run(result.folder).outcome == "interrupted"
    assert signal.getsignal(number) is before


def test_an_interruption_while_images_are_made_runs_no_trial(runs, monkeypatch):
    def interrupted(*_: object) -> None:
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(FakeMaker, "make", interrupted)
    result = runs.start()
    assert result.interrupted == 143
    assert kinds(result.folder) == ["run_started", "run_ended"]


def test_an_interrupted_run_can_be_finished_later(runs):
    runs.measuring.trouble("start", lambda: signal.raise_signal(signal.SIGINT), at=3)
    folder = runs.start().folder
    assert trials(folder)[-1][1] == "interrupted"
    request = RunRequest(loaded(), runs.out)
    resume_run(request, read_history(folder), runs.session, runs.watcher, runs.clock)
    assert read_history(folder).is_complete
    assert load_run(folder).outcome == "complete"


# Clean-up


def test_what_carries_the_label_of_the_run_is_removed_and_nothing_else(runs):
    runs.is_private = False
    engine = runs.measuring
    engine.volume_labels["theirs"] = {"org.container-bench": "another-run"}
    engine.present_images["theirs:1"] = {"org.container-bench": "another-run"}
    engine.present_images["precious:1"] = {}
    engine.present_images["brought/bad"] = {}

    def leave_something() -> None:
        label = own_label((runs.out / "latest").resolve())
        engine.volume_labels["left"] = label
        engine.present_images["built:1"] = label

    engine.trouble("stop", leave_something)
    runs.start(ONE)
    assert engine.leftovers == ["theirs"]
    assert {"theirs:1", "precious:1"} <= set(engine.present_images)
    assert not {"built:1", "brought/bad"} & set(engine.present_images)


def test_images_are_kept_where_that_was_asked_for(runs):
    runs.is_private = False

    def leave_something() -> None:
        label = own_label((runs.out / "latest").resolve())
        runs.measuring.present_images["built:1"] = label

    runs.measuring.trouble("stop", leave_something)
    runs.measuring.present_images["brought/bad"] = {}
    runs.start(ONE, keep=True)
    assert {"built:1", "brought/bad"} <= set(runs.measuring.present_images)


def test_that_one_engine_is_dead_at_the_end_leaves_no_dirt_in_the_other(runs):
    def both() -> None:
        runs.building.is_dead = True
        label = own_label((runs.out / "latest").resolve())
        runs.measuring.volume_labels["left"] = label

    runs.measuring.trouble("stop", both)
    result = runs.start(ONE)
    assert runs.measuring.leftovers == []
    (note,) = events(result.folder, "note")
    assert note["text"] == "clean-up was cut short: does not answer"
    assert kinds(result.folder)[-1] == "run_ended"


def test_services_run_on_the_building_engine_and_go_with_the_run(runs):
    result = runs.start(WITH_SERVICE)
    assert [spec.name for (spec,) in runs.building.arguments_of("create")] == [
        f"cbench-{result.folder.name}-service-index"
    ]
    assert runs.building.leftovers == []
    hosts = {tuple(spec.extra_hosts.items()) for (spec,) in runs.measuring.arguments_of("create")}
    assert hosts == {(("index", "127.0.0.1"),)}
    assert FakeMaker.made[0] == "service-index"
    assert events(result.folder, "image_ready")[0]["role"] == "service"


def test_a_service_that_does_not_get_ready_ends_the_run_and_is_removed(runs):
    runs.building.script = Script(output=(b"no config\n",), life_s=0, exit_code=1)
    with pytest.raises(EngineError, match="no config"):
        runs.start(WITH_SERVICE)
    assert runs.building.leftovers == []
    assert runs.measuring.leftovers == []


def has_container(engine, run_id: str) -> None:
    spec = WorkloadSpec(image="x", name=f"of {run_id}", labels={LABEL: run_id})
    engine.create(spec)
    engine.volumes.create(f"volume of {run_id}", {LABEL: run_id})


def test_what_killed_runs_left_on_the_private_engine_is_removed_before_the_first_trial(
    runs, monkeypatch
):
    monkeypatch.setattr("bench.runner.execution.is_alive", lambda run_id: run_id == "lives")
    for run_id in ("killed", "lives"):
        has_container(runs.measuring, run_id)
        has_container(runs.building, run_id)
    runs.start(ONE)
    for engine in (runs.measuring, runs.building):
        assert engine.leftovers == ["of lives", "volume of lives"]
    (said,) = [one for one in runs.watcher.said() if "killed run had left" in one]
    assert (said.count("container "), said.count("volume of killed")) == (2, 2)


def test_on_somebodys_own_engine_only_what_the_run_itself_left_is_removed(runs):
    runs.is_private = False
    runs.measuring.trouble("start", lambda: signal.raise_signal(signal.SIGINT), at=3)
    folder = runs.start().folder
    for run_id in ("killed", folder.name):
        has_container(runs.measuring, run_id)
    request = RunRequest(loaded(), runs.out)
    resume_run(request, read_history(folder), runs.session, runs.watcher, runs.clock)
    assert runs.measuring.leftovers == ["of killed", "volume of killed"]


# The folder


def test_a_run_is_called_after_the_moment_and_the_scenario(tmp_path):
    folder = new_folder(tmp_path, "quick", FakeClock())
    assert folder.name == "20261122T083105Z-quick"
    assert (folder / "logs").is_dir()


def test_a_run_that_began_in_the_same_second_has_a_number_behind_its_name(tmp_path):
    names = [new_folder(tmp_path, "quick", FakeClock()).name for _ in range(3)]
    assert names == [
        "20261122T083105Z-quick",
        "20261122T083105Z-quick-2",
        "20261122T083105Z-quick-3",
    ]


def test_a_place_where_no_folder_can_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be made"):
        new_folder(tmp_path / "file", "quick", FakeClock())


def test_latest_points_to_the_newest_run(runs):
    first = runs.start(ONE).folder
    assert (runs.out / "latest").resolve() == first.resolve()
    second = runs.start(ONE).folder
    assert (runs.out / "latest").resolve() == second.resolve()
    assert str((runs.out / "latest").readlink()) == second.name
    assert sorted(path.name for path in runs.out.iterdir()) == sorted(
        [first.name, second.name, "latest"]
    )


def test_latest_points_to_a_run_that_was_finished_later(runs):
    first = runs.start(ONE).folder
    runs.start(ONE)
    request = RunRequest(loaded(ONE), runs.out)
    resume_run(request, read_history(first), runs.session, runs.watcher, runs.clock)
    assert (runs.out / "latest").resolve() == first.resolve()


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_somebody_elses_latest_is_left_alone(runs, kind):
    link = runs.out / "latest"
    runs.out.mkdir()
    if kind == "file":
        link.write_text("mine")
    else:
        link.mkdir()
    runs.start(ONE)
    assert link.is_dir() is (kind == "folder")
    assert not link.is_symlink()
    assert not list(runs.out.glob(".latest*"))


def test_a_disk_without_room_for_the_link_is_told_as_that(runs, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("pathlib.Path.symlink_to", full)
    with pytest.raises(StoreError, match="latest: cannot be made: No space left"):
        runs.start(ONE)


def test_a_latest_that_points_nowhere_is_put_right(runs):
    runs.out.mkdir()
    (runs.out / "latest").symlink_to("gone")
    result = runs.start(ONE)
    assert (runs.out / "latest").resolve() == result.folder.resolve()


def test_a_seed_that_was_not_given_is_drawn_and_kept(runs):
    seeds = {events(runs.start(ONE, seed=None).folder, "run_started")[0]["seed"] for _ in range(3)}
    assert len(seeds) > 1


def test_every_line_of_the_journal_is_strict_json(runs):
    folder = runs.start().folder
    for line in (folder / "events.jsonl").read_text().splitlines():
        json.loads(line, parse_constant=pytest.fail)


# A case that fails twice the same way


CRASHING = SCENARIO.replace("repeat: 2", "repeat: 5")


def crash(runs, case: str) -> None:
    made = Script(output=(b"no module named flask\n",), life_s=0, exit_code=1)
    runs.measuring.scripts[reference_of(case)] = made


def test_two_failures_of_a_kind_end_the_case_and_leave_the_others_running(runs):
    crash(runs, "bad")
    run = load_run(runs.start(CRASHING).folder)
    cases = [one.key.case for one in run.results]
    assert (cases.count("bad"), cases.count("good")) == (2, 5)
    (stopped,) = events(run.folder, "case_stopped")
    assert (stopped["case"], stopped["left_out"], stopped["planned"]) == ("bad", 3, 5)
    assert len(stopped["trials"]) == 2
    assert run.exit_code == 1
    (reason,) = [one.reason for one in run.verdicts if one.case == "bad"]
    assert reason.endswith("3 of 5 trials skipped: it failed twice in the same way")
    assert run.outcome == "complete"
    assert read_history(run.folder).is_complete


def test_whoever_watches_sees_the_last_lines_at_once_and_why_the_case_ends(runs):
    crash(runs, "bad")
    runs.start(CRASHING)
    assert runs.watcher.said() == [
        "    bad | no module named flask",
        "bad failed twice the same way: 3 of its 5 trials are not made (`--keep-going` makes them)",
    ]


def test_a_run_that_keeps_going_makes_them_all(runs):
    crash(runs, "bad")
    run = load_run(runs.start(CRASHING, keep_going=True).folder)
    assert [one.key.case for one in run.results].count("bad") == 5
    assert run.stopped == {}


def test_a_resumed_run_does_not_make_them_unless_it_keeps_going(runs):
    crash(runs, "bad")
    folder = runs.start(CRASHING).folder
    for keep_going, made in ((False, 2), (True, 5)):
        resume_run(
            RunRequest(loaded(CRASHING), runs.out, keep_going=keep_going),
            read_history(folder),
            runs.session,
            runs.watcher,
            runs.clock,
        )
        run = load_run(folder)
        assert [one.key.case for one in run.results].count("bad") == made
    assert run.stopped == {}


def test_where_no_case_is_left_the_calibration_is_not_either(runs):
    crash(runs, "bad")
    run = load_run(runs.start(CRASHING.replace("  good: {image: good}\n", ""), seed=2).folder)
    assert [one.key.case for one in run.results][-1] == "bad"
    assert read_history(run.folder).is_complete


KEY = TrialKey("web", 0, "cold")


def ending(
    reason: str,
    code: int | None = 1,
    *,
    status: TrialStatus = TrialStatus.FAILED,
    was_ready: bool = False,
) -> TrialOutcome:
    return TrialOutcome("t", status, reason, code, was_ready, ())


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (
            ending("not ready within 7 s (900 tries)"),
            ending("not ready within 7 s (88 tries)"),
            2,
        ),
        (ending("exited with code 1 before"), ending("exited with code 1 before"), 2),
        (ending("exited with code 1 before"), ending("exited with code 2 before", 2), 1),
        (ending("a: exited with code 1", None), ending("a: exited with code 2", None), 1),
        (ending("exited with code 1", 1), ending("not ready within 7 s", None), 1),
    ],
)
def test_failures_are_of_a_kind_by_reason_and_exit_code(one, other, same):
    watch = FailureWatch()
    watch.note(KEY, one)
    assert len(watch.note(KEY, other)) == same


@pytest.mark.parametrize("change", [{"warmup": True}, {"network": "cut"}, {"replicas": 3}])
def test_warm_ups_and_the_trials_of_checks_count_for_nothing(change):
    watch = FailureWatch()
    key = dataclasses.replace(KEY, **change)
    assert [watch.note(key, ending("crash")) for _ in range(3)] == [[], [], []]


@pytest.mark.parametrize("fine", [{"status": TrialStatus.OK}, {"was_ready": True}])
def test_a_case_that_got_ready_once_keeps_all_its_trials(fine):
    watch = FailureWatch()
    watch.note(KEY, ending("crash", **fine))
    assert [watch.note(KEY, ending("crash")) for _ in range(3)] == [[], [], []]
    assert FailureWatch(["web"]).note(KEY, ending("crash")) == []


def test_an_interrupted_run_says_which_signal_it_was(runs):
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        runs.measuring.trouble("start", lambda number=number: os.kill(os.getpid(), number), at=1)
        result = runs.start(ONE)
        run = load_run(result.folder)
        assert (result.interrupted, run.exit_code, run.outcome) == (code, code, "interrupted")
        assert run.results[-1].status is TrialStatus.INTERRUPTED

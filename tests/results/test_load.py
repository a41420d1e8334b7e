"""Reading runs back: torn journals still say what they can, damaged ones are refused in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.core.domain import TrialStatus
from bench.core.errors import BenchError, StoreError
from bench.journal.facts.comparison import Difference
from bench.judge.model import Outcome
from bench.report.text.console import end_block
from bench.report.text.github import annotations_text
from bench.report.text.junit import junit_text
from bench.report.text.markdown import markdown_text
from bench.results.export import run_json
from bench.results.run import Run, load_run
from tests.journals import Build, events, write_events

KEPT = Path(__file__).parents[1] / "data" / "runs"
SMALL = Build(rounds=1, samples_each=4, troubles={})


written = write_events


def texts(run: Run) -> None:
    """Everything that is computed from a run and is not a picture."""
    for make in (run_json, end_block, markdown_text, junit_text, annotations_text):
        make(run)
    for frame in (run.trials, run.phases, run.layers, run.samples):
        assert frame is not None


def test_a_whole_journal_gives_every_trial_image_and_note(run):
    assert run.outcome == "complete"
    assert len(run.results) == 30
    assert set(run.images) == {"bad", "good", "calibration"}
    assert [one.verdict for one in run.verdicts if one.id == "CI-4"] == [
        Outcome.FAIL,
        Outcome.PASS,
    ]


def test_a_journal_whose_last_line_is_cut_is_read_up_to_there(run, tmp_path):
    raw = (run.folder / "events.jsonl").read_bytes()
    for cut in (2, 40, 2_000, 60_000):
        (tmp_path / "events.jsonl").write_bytes(raw[:-cut])
        torn = load_run(tmp_path)
        assert torn.outcome == "cut off"
        assert 0 < len(torn.results) <= len(run.results)
        texts(torn)


def test_a_trial_without_an_end_is_interrupted_and_judged_as_missing(tmp_path):
    made = events(SMALL)
    start = next(i for i, one in enumerate(made) if one["event"] == "trial_ended")
    cut = load_run(written(tmp_path, made[:start]))
    assert [one.status for one in cut.results] == [TrialStatus.INTERRUPTED]
    startup = [one.verdict for one in cut.verdicts if one.id == "CI-5"]
    assert startup == [Outcome.INCONCLUSIVE, Outcome.INCONCLUSIVE]


def test_a_run_that_goes_on_is_open_until_it_ends_again(tmp_path):
    resumed = {"event": "run_resumed", "at": "2026-11-22T09:00:00+00:00"}
    made = events(SMALL)
    assert load_run(written(tmp_path, [*made, resumed])).outcome == "cut off"
    assert load_run(written(tmp_path, [*made, resumed, made[-1]])).outcome == "complete"


def test_cases_that_were_measured_in_different_states_are_reported_without_a_comparison(tmp_path):
    made = events(SMALL)
    for event in made:
        if event["event"] == "trial_started" and event["key"]["case"] == "good":
            event["key"]["cache"] = "warm"
    for key in made[0]["plan"]:
        key["cache"] = "warm" if key["case"] == "good" else key["cache"]
    run = load_run(written(tmp_path, made))
    (start,) = [one for one in run.comparisons if one.metric == "startup_s"]
    assert (start.cache, start.difference) == ("cold", Difference.NOT_MEASURED)
    texts(run)


NOISE = {
    "measured_at": "2026-11-01T10:00:00+00:00",
    "floors": {"startup_s": {"share": 0.4, "median": 60.0, "n": 20}},
}


def test_the_noise_of_the_host_reaches_the_comparisons(tmp_path):
    made = events(Build(samples_each=4, troubles={}))
    made[0]["noise"] = NOISE
    run = load_run(written(tmp_path, made))
    (start,) = [one for one in run.comparisons if one.metric == "startup_s"]
    assert (start.band, start.band_from) == (0.4, "noise")
    assert "start incl. pull 40 %" in markdown_text(run)


@pytest.mark.parametrize("floor", [{}, {"share": -1, "median": 1, "n": 6}, 3])
def test_a_damaged_noise_is_refused(tmp_path, floor):
    made = events(SMALL)
    made[0]["noise"] = NOISE | {"floors": {"startup_s": floor}}
    with pytest.raises(StoreError, match=r"noise\.floors\.startup_s"):
        load_run(written(tmp_path, made))


def test_events_of_a_later_version_that_are_not_known_are_passed_over(tmp_path):
    *made, end = events(SMALL)
    made += [{"event": "something_new", "trial_id": 7}, end]
    assert load_run(written(tmp_path, made)).outcome == "complete"


def test_an_image_that_was_made_after_all_is_no_failure(tmp_path):
    made = events(SMALL)
    failed = {"event": "image_failed", "role": "case", "case": "bad", "status": "error",
              "reason": "registry is gone", "log_tail": []}  # fmt: skip
    made.insert(1, failed)
    assert load_run(written(tmp_path, made)).failed_images == {}
    without = [one for one in made if one["event"] != "image_ready" or one["case"] != "bad"]
    assert load_run(written(tmp_path, without)).failed_images == {"bad": "registry is gone"}


def test_a_folder_without_a_journal_says_so(tmp_path):
    with pytest.raises(StoreError, match="cannot be read"):
        load_run(tmp_path)


@pytest.mark.parametrize("text", ["", "\n", "not json\n", "[1, 2]\n", '{"event": 5}\n', "\0\xff"])
def test_what_is_no_journal_is_refused(tmp_path, text):
    (tmp_path / "events.jsonl").write_text(text)
    with pytest.raises(StoreError):
        load_run(tmp_path)


def test_a_journal_of_another_version_is_refused_by_its_version(tmp_path):
    made = events(SMALL)
    made[0]["schema_version"] = 99
    with pytest.raises(StoreError, match="schema version 99"):
        load_run(written(tmp_path, made))


def of_version_1(folder: Path, made: list[dict[str, Any]], *between: str) -> Path:
    """A journal as the first version of bench wrote it; `between` are lines after the first."""
    lines = [json.dumps(one | {"schema_version": 1} if one is made[0] else one) for one in made]
    text = "\n".join([lines[0], *between, *lines[1:]]) + "\n"
    (folder / "events.jsonl").write_text(text)
    return folder


def test_a_journal_of_version_1_gives_the_same_figures_and_says_what_it_cannot(tmp_path):
    made = events(SMALL)
    new = load_run(written(tmp_path, made))
    old = load_run(of_version_1(tmp_path, made))
    pd.testing.assert_frame_equal(old.trials, new.trials)
    pd.testing.assert_frame_equal(old.samples, new.samples)
    assert old.verdicts == new.verdicts
    assert new.notes == ()
    (note,) = old.notes
    assert "carry no checksums" in note
    texts(old)


def test_lines_of_version_1_that_cannot_be_read_are_counted(tmp_path):
    old = load_run(of_version_1(tmp_path, events(SMALL), "{", "", "[]"))
    assert old.notes[1] == "3 lines of the journal cannot be read (line 2, 3, 4)"


@pytest.mark.parametrize("version", [2, 1])
def test_a_journal_whose_lines_are_not_those_of_its_version_is_refused(tmp_path, version):
    made = events(SMALL)
    made[0]["schema_version"] = version
    written(tmp_path, made)
    if version == 2:
        (tmp_path / "events.jsonl").write_text("".join(json.dumps(one) + "\n" for one in made))
    with pytest.raises(StoreError, match=f"says that it is of version {version}"):
        load_run(tmp_path)


@pytest.mark.parametrize("at", [0, 5])
def test_a_run_begins_once_and_first(tmp_path, at):
    made = events(SMALL)
    made.insert(at, {"event": "note", "text": "early"} if at == 0 else made[0])
    with pytest.raises(StoreError, match="run_started"):
        load_run(written(tmp_path, made))


def edit(kind: str, *path: str | int, to: Any) -> Any:
    """A change to the first event of a kind: the value at `path` is replaced."""

    def change(made: list[dict[str, Any]]) -> None:
        place: Any = next(one for one in made if one["event"] == kind)
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = to

    return change


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (edit("run_started", "host", "cores", to="many"), "host.cores"),
        (edit("run_started", "at", to="yesterday"), "at: "),
        (edit("run_started", "at", to=-1), "at: "),
        (edit("run_started", "at", to="1764000000"), "at: "),
        (edit("run_started", "link", to={}), "link.text"),
        (edit("run_started", "scenario", "cases", to={}), "is damaged"),
        (edit("run_started", "scenario", "thresholds", to={"no_such_s": "<= 1s"}), "no_such_s"),
        (edit("run_started", "checklist", "rows", to=[]), "checklist is damaged"),
        (edit("image_ready", "size_bytes", to=-1), "size_bytes"),
        (edit("image_ready", "layers", to=None), "layers"),
        (edit("phase", "end_ns", to=5), "ends before it starts"),
        (edit("phase", "trial_id", to="t9999"), "no 't9999'"),
        (edit("samples", "columns", "cpu_ns", to=[1]), "damaged"),
        (edit("samples", "columns", "cpu_ns", to=["a", "b", "c", "d"]), "damaged"),
        (edit("samples", "columns", "cpu_ns", to=[-1, 0, 0, 0]), "no counter has"),
        (edit("samples", "columns", "t_ns", to=[None] * 4), "no stamp"),
        (edit("samples", "columns", to={}), "no columns"),
        (edit("trial_ended", "status", to="splendid"), "status"),
        (edit("trial_ended", "facts", "exit", to={"code": "zero"}), "facts.exit"),
        (edit("trial_ended", "facts", "zero_ns", to=2**62), "before the zero"),
        (edit("trial_started", "key", "arm", to="other"), "key.arm"),
    ],
)
def test_a_damaged_journal_is_refused_with_the_field_that_is_wrong(tmp_path, change, named):
    made = json.loads(json.dumps(events(SMALL)))
    change(made)
    with pytest.raises(StoreError) as caught:
        load_run(written(tmp_path, made))
    assert named in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "9" * 400])
def test_numbers_that_are_none_never_get_into_a_figure(tmp_path, number):
    made = events(SMALL)
    index = next(i for i, one in enumerate(made) if one["event"] == "samples")
    made[0]["schema_version"] = 1  # whose lines may have any numbers
    lines = [json.dumps(one) for one in made]
    value = json.dumps(made[index]["columns"]["cpu_ns"][1])
    lines[index] = lines[index].replace(
        f'"cpu_ns": [{made[index]["columns"]["cpu_ns"][0]}, {value}',
        f'"cpu_ns": [{made[index]["columns"]["cpu_ns"][0]}, {number}',
    )
    assert number in lines[index]
    (tmp_path / "events.jsonl").write_text("\n".join(lines) + "\n")
    try:
        run = load_run(tmp_path)
    except StoreError:
        return
    assert "Infinity" not in run_json(run)
    assert "NaN" not in run_json(run)


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.lists(st.integers(-5, 5), max_size=3),
    st.dictionaries(st.text(max_size=4), st.integers(-5, 5), max_size=2),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value in nested lists and mappings."""
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in items:
        if isinstance(one, dict | list):
            found += places(one, (*path, key))
        else:
            found.append((*path, key))
    return found


WHOLE = events(SMALL)
PLACES = [(i, place) for i, one in enumerate(WHOLE) for place in places(one)]


@pytest.mark.parametrize("wrong", [{"chain": []}, {"disposition": "deaf"}])
def test_a_process_1_that_cannot_be_is_damage(tmp_path, wrong):
    made = events(SMALL)
    for event in made:
        if event["event"] == "trial_ended" and event.get("facts", {}).get("process"):
            event["facts"]["process"] |= wrong
    with pytest.raises(StoreError, match=next(iter(wrong))):
        load_run(written(tmp_path, made))


@pytest.mark.slow
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.sampled_from(PLACES), st.booleans(), JUNK), min_size=1, max_size=3))
def test_whatever_is_changed_in_a_journal_nothing_but_our_own_errors_comes_out(tmp_path, changes):
    made = json.loads(json.dumps(WHOLE))
    for (index, path), remove, junk in changes:
        place = made[index]
        try:
            for key in path[:-1]:
                place = place[key]
            if remove:
                del place[path[-1]]
            else:
                place[path[-1]] = junk
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took this place away
    try:
        texts(load_run(written(tmp_path, made)))
    except BenchError as error:
        assert str(error)  # noqa: PT017 - any other exception is the failure


@pytest.mark.slow
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=40), st.integers(0, 2**31))
def test_bytes_put_anywhere_never_bring_out_anything_else(tmp_path, noise, at):
    of_version_1(tmp_path, WHOLE)
    raw = (tmp_path / "events.jsonl").read_bytes()
    at %= len(raw)
    (tmp_path / "events.jsonl").write_bytes(raw[:at] + noise + raw[at + len(noise) :])
    try:
        texts(load_run(tmp_path))
    except BenchError as error:
        assert str(error)  # noqa: PT017 - any other exception is the failure


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 2**31))
def test_a_journal_cut_at_any_byte_is_read_or_refused(tmp_path, at):
    of_version_1(tmp_path, WHOLE)
    raw = (tmp_path / "events.jsonl").read_bytes()
    (tmp_path / "events.jsonl").write_bytes(raw[: at % len(raw)])
    try:
        texts(load_run(tmp_path))
    except StoreError as error:
        assert str(error)  # noqa: PT017 - any other exception is the failure

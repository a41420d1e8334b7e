"""The section on cache states: what each left to be fetched, and what proves it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from bench.report.caveats import warnings
from bench.report.sections.all import sections
from bench.report.sections.cache_states import cache_states
from bench.report.text.console import end_block
from bench.results.run import Run, load_run
from tests.journals import MIB, Build, events, write_events

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STATES = ("cold", "base", "image", "warm")


def four_states(
    folder: Path, change: Callable[[str, dict[str, Any]], None] = lambda *_: None
) -> Run:
    """A run of one case in all four states, each trial's facts changed by its state."""
    case = {
        "build": {"context": "."},
        "repeat": 2,
        "cache": list(STATES),
        "ready": {"http": {"port": 8080}},
    }
    made = events(
        Build(rounds=2, cases=("good",), need=False, cut=False, replicas=(), calibrate=False,
              troubles={}, scenario={"cases": {"good": case}})
    )  # fmt: skip
    states = {one["trial_id"]: one["key"]["cache"] for one in made if "key" in one}
    for event in made:
        if event["event"] == "trial_ended":
            state, facts = states[event["trial_id"]], event["facts"]
            facts["page_cache_dropped"] = state != "warm"
            if state == "cold":
                facts["served"] = {"requests": 4, "size_bytes": 80 * MIB, "blobs": {}}
            change(state, event)
    write_events(folder, made)
    return load_run(folder)


def by_state(run: Run) -> dict[str, dict[str, str]]:
    section = cache_states(run)
    assert section is not None
    return {row[1]: dict(zip(section.columns, row, strict=True)) for row in section.rows}


def test_each_state_has_what_was_fetched_in_it_and_its_proof(tmp_path):
    run = four_states(tmp_path)
    rows = by_state(run)
    assert tuple(rows) == STATES
    cold, warm = rows["cold"], rows["warm"]
    assert (cold["trials"], cold["fetched"], cold["requests"]) == ("2", "80.0 MiB", "4")
    assert (cold["page cache at start"], cold["proof"]) == (
        "warm from unpacking",
        "stream and access log",
    )
    assert (warm["pull"], warm["fetched"], warm["requests"]) == ("–",) * 3  # noqa: RUF001
    assert (warm["page cache at start"], warm["proof"]) == ("kept", "the engine had the image")
    assert rows["image"]["page cache at start"] == "dropped"
    assert rows["base"]["page cache at start"] == (
        "of the base dropped, of the rest warm from unpacking"
    )
    assert "CACHE STATES" in end_block(run)


def test_warm_trials_that_another_case_has_cooled_are_said_to_be(tmp_path):
    ready = {"http": {"port": 8080}}
    cases = {
        "bad": {"image": "x", "repeat": 2, "cache": ["cold"], "ready": ready},
        "good": {"image": "x", "repeat": 2, "cache": ["warm"], "ready": ready},
    }
    made = events(
        Build(rounds=2, need=False, cut=False, replicas=(), calibrate=False, troubles={},
              scenario={"cases": cases})
    )  # fmt: skip
    states = {one["trial_id"]: one["key"]["cache"] for one in made if "key" in one}
    for event in made:
        if event["event"] == "trial_ended":
            event["facts"]["page_cache_dropped"] = states[event["trial_id"]] != "warm"
    write_events(tmp_path, made)
    run = load_run(tmp_path)
    assert by_state(run)["warm"]["page cache at start"].startswith("dropped by another case in ")
    assert any("warm trials of good came after another case" in one for one in warnings(run))


def test_a_pull_without_a_log_of_ours_is_proved_by_the_stream_alone(tmp_path):
    def origin(_: str, event: dict[str, Any]) -> None:
        event["facts"].pop("served", None)

    cold = by_state(four_states(tmp_path, origin))["cold"]
    assert (cold["fetched"], cold["proof"]) == ("–", "stream alone")  # noqa: RUF001


def test_trials_with_different_proofs_are_counted_apart(tmp_path):
    first = iter([True])

    def once(state: str, event: dict[str, Any]) -> None:
        if state == "cold" and next(first, False):
            event["facts"].pop("served")

    cold = by_state(four_states(tmp_path, once))["cold"]
    assert set(cold["proof"].split(", ")) == {
        "stream alone (1 of 2)",
        "stream and access log (1 of 2)",
    }


def test_trials_in_which_the_page_cache_was_not_dropped_are_counted(tmp_path):
    first = iter([True])

    def once(state: str, event: dict[str, Any]) -> None:
        if state == "image" and next(first, False):
            event["facts"]["page_cache_dropped"] = False

    image = by_state(four_states(tmp_path, once))["image"]
    assert image["page cache at start"] == "dropped in 1 of 2"


def test_attempts_that_were_not_in_their_state_are_counted_beside_those_that_were(run):
    section = cache_states(run)
    assert section is not None
    assert [row[:4] for row in section.rows] == [
        ("bad", "cold", "6", "0"),
        ("good", "cold", "6", "1"),
    ]
    assert section in sections(run)


def test_an_older_journal_does_not_say_whether_the_page_cache_was_dropped(tmp_path):
    def forget(_: str, event: dict[str, Any]) -> None:
        event["facts"].pop("page_cache_dropped")

    image = by_state(four_states(tmp_path, forget))["image"]
    assert image["page cache at start"] == "not recorded"


def test_one_state_alone_is_in_the_files_and_not_on_the_terminal(run):
    assert "CACHE STATES" not in end_block(run)


def test_a_stack_and_a_plain_process_have_no_rows(tmp_path):
    """What a stack pulls stands with its services, and a process has no image."""

    def stacked(_: str, event: dict[str, Any]) -> None:
        event["facts"]["stack"] = {"services": [], "volumes": "kept"}

    run = four_states(tmp_path, stacked)
    assert cache_states(run) is None
    case = run.scenario.cases["good"].model_copy(update={"host": object()})
    plain = run.scenario.model_copy(update={"cases": {"good": case}})
    folder = tmp_path / "process"
    folder.mkdir()
    assert cache_states(dataclasses.replace(four_states(folder), scenario=plain)) is None


def test_a_run_without_a_trial_has_no_such_section(empty):
    assert cache_states(empty) is None

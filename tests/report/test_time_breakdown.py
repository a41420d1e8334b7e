"""What the reports say of the time between start and ready."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bench.judge.statistics import stats
from bench.report.plots.time_breakdown import spent_words, time_spent
from bench.report.sections.time_breakdown import SHARES, spent, time_to_ready
from bench.results.run import Run, load_run
from tests.journals import Build, events, write_events

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def changed(folder: Path, change: Callable[[dict[str, Any]], None]) -> Run:
    """A run of two cases whose events were changed one by one."""
    made = events(Build(troubles={}))
    for event in made:
        change(event)
    write_events(folder, made)
    return load_run(folder)


def section(run: Run):
    found = time_to_ready(run)
    assert found is not None
    return found


def test_each_case_and_cache_state_has_a_row_of_its_own_trials_under_limits(run):
    assert [(one.case, one.cache, one.n) for one in spent(run)] == [
        (row[0], row[1], int(row[2])) for row in section(run).rows
    ]
    assert {one.cache for one in spent(run)} == {"cold"}


def test_the_shares_add_up_to_the_time_to_ready(run):
    for one in spent(run):
        assert sum(one.shares.values()) == pytest.approx(100.0)
        times = [trial.metrics["ready_s"] for trial in run.results
                 if trial.key.case == one.case and trial.key.arm == "fit"
                 and trial.key.network == "open" and not trial.key.replicas
                 and trial.status == "ok"]  # fmt: skip
        assert sum(one.seconds.values()) == pytest.approx(stats.median(times)), "as in every table"


def test_output_port_and_ready_count_from_the_same_moment(run):
    for one in spent(run):
        output, port, ready = (
            one.medians[name] for name in ("first_output_s", "port_open_s", "ready_s")
        )
        assert None not in (output, port, ready)
        assert 0 < output < port < ready  # type: ignore[operator]


def test_output_before_the_start_call_returned_is_put_at_its_return(tmp_path):
    def early(event):
        facts = event.get("facts", {})
        if "first_output_ns" in facts:
            facts["first_output_ns"] = facts["start_sent_ns"] + 1

    assert {one.medians["first_output_s"] for one in spent(changed(tmp_path, early))} == {0.0}


def test_a_port_that_opens_well_before_the_answer_is_told(run):
    bad = next(one for one in spent(run) if one.case == "bad")
    early_s = (bad.medians["ready_s"] or 0) - (bad.medians["port_open_s"] or 0)
    assert early_s > 1
    assert any(note.startswith("bad: its port accepts connections") for note in section(run).notes)


def test_a_port_that_opens_with_the_answer_is_not(tmp_path):
    def together(event):
        facts = event.get("facts", {})
        if "port_open" in facts:
            facts["port_open"]["at_ns"] = facts["ready"]["at_ns"] - 1_000_000

    notes = section(changed(tmp_path, together)).notes
    assert not [note for note in notes if "port" in note]


def test_the_first_health_check_is_told_as_a_floor(tmp_path):
    def checked(event):
        if "ready" in event.get("facts", {}):
            event["facts"]["ready"]["floor_ns"] = 2_000_000_000

    notes = section(changed(tmp_path, checked)).notes
    assert sum("first health check up to 2.00 s after the start" in note for note in notes) == 2


def test_a_case_that_mostly_waits_is_told_that_cores_would_not_help(tmp_path):
    def asleep(event):
        if event["event"] == "samples":
            event["columns"]["cpu_ns"] = [0] * len(event["columns"]["cpu_ns"])
            event["columns"]["pressure_io_us"] = [0] * len(event["columns"]["cpu_ns"])
        if event["event"] == "threads":
            event |= {"t_ns": [], "thread": [], "run_ns": [], "wait_ns": []}
        event.get("facts", {}).pop("cpu_ns_at_ready", None)

    found = changed(tmp_path, asleep)
    assert all(one.shares["idle_share_pct"] == pytest.approx(100) for one in spent(found))
    assert sum("mostly idle" in note for note in section(found).notes) == 2


def test_where_threads_were_not_seen_there_are_times_and_no_shares(tmp_path):
    def blind(event):
        if event["event"] == "samples":
            del event["columns"]["threads"]

    found = changed(tmp_path, blind)
    assert all(not one.shares for one in spent(found))
    assert all(row[-len(SHARES) :] == ("–",) * len(SHARES) for row in section(found).rows)  # noqa: RUF001 - the dash of an empty cell
    assert spent_words(found) == ""


def test_no_trials_make_no_section(empty):
    assert time_to_ready(empty) is None


def test_the_picture_has_a_bar_for_each_case_and_says_it_in_words_too(run):
    (axes,) = time_spent(run).axes
    assert [one.get_text() for one in axes.get_yticklabels()] == ["bad", "good"]
    words = spent_words(run)
    assert words.startswith("bad cold, ready after start ")
    assert words.count("idle ") == 2

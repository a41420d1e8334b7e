"""The section on what measuring itself took of the host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.report.sections.all import sections
from bench.report.sections.own_load import own_load_section
from bench.results.run import load_run
from tests.journals import Build, events, write_events, write_journal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from bench.report.sections.section import Section
    from bench.results.run import Run


def shown(run: Run) -> Section:
    section = own_load_section(run)
    assert section is not None
    return section


def changed(folder: Path, change: Callable[[dict[str, Any]], None]) -> Run:
    """A run in which the load of every trial was changed."""

    made = events(Build(troubles={}))
    for event in made:
        if event["event"] == "trial_ended":
            change(event["facts"]["host"])
    write_events(folder, made)
    return load_run(folder)


def test_each_case_and_state_has_a_row_with_what_each_took(run):
    section = shown(run)
    assert section.columns[3:] == (
        "lasted", "busy", "bench", "engine", "registry", "services", "workload", "others", "stolen",
    )  # fmt: skip
    assert [row[:2] for row in section.rows] == [("bad", "cold"), ("good", "cold")]
    lasted, busy, bench, engine, registry, services, workload, others, _ = section.rows[1][3:]
    assert (lasted, busy) == ("10.0 s", "5 %")
    assert (bench, engine, registry) == ("400 ms (0%)", "3.20 s (2%)", "100 ms (0%)")
    assert (services, workload, others) == ("–", "2.50 s (2%)", "1.60 s (1%)")  # noqa: RUF001
    assert section in sections(run)


def test_each_trial_can_be_unfolded(run):
    details = dict(shown(run).details)
    lines = details["good, cold: trial by trial"].splitlines()
    good = [one for one in run.results if one.key.case == "good" and one.status == "ok"]
    fit = [one for one in good if (one.key.arm, one.key.network) == ("fit", "open")]
    single = [one.trial_id for one in fit if not one.key.replicas]
    assert [line.split()[0] for line in lines] == ["trial", *single]


def test_of_a_long_run_single_trials_are_left_to_the_journal(run, monkeypatch):
    monkeypatch.setattr("bench.report.sections.own_load.MOST_LINES", 11)
    assert shown(run).details == ()


def test_what_the_host_does_not_count_is_said(tmp_path):
    def bare(host):
        del host["stalled_s"]

    notes = " ".join(shown(changed(tmp_path, bare)).notes)
    assert "does not report thermal throttling" in notes
    assert "(PSI)" in notes


def test_what_it_counts_is_not_said_to_be_missing(tmp_path):
    def full(host):
        host["thermal"] = {"events": 0, "slowed_s": 0.0}

    assert len(shown(changed(tmp_path, full)).notes) == 1


def test_an_older_journal_shows_seconds_alone(tmp_path):
    def old(host):
        for name in ("wall_s", "core_s", "other_share", "stalled_s"):
            del host[name]

    section = shown(changed(tmp_path, old))
    assert section.rows[1][3:7] == ("–", "5 %", "400 ms", "3.20 s")  # noqa: RUF001
    assert len(section.notes) == 1


def test_a_run_that_recorded_nothing_has_no_such_section(tmp_path):
    def nothing(host):
        host.clear()

    assert own_load_section(changed(tmp_path, nothing)) is None


def test_the_run_is_read_back_whole(tmp_path):
    """What a trial writes is what the reader takes: the form of the journal has every field."""
    run = load_run(write_journal(tmp_path))
    assert all(one.facts.host for one in run.results)

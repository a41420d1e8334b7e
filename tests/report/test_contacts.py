"""The list of outside contacts: in the page and the summary, and not on the terminal."""

from __future__ import annotations

import pytest

from bench.journal.lines import Lines
from bench.report.html.page import html_text
from bench.report.sections import contacts as module
from bench.report.sections.contacts import contacts
from bench.report.text.console import end_block
from bench.report.text.markdown import markdown_text
from bench.results.run import Run, load_run
from tests.journals import Build, write_events, write_journal


def test_each_destination_of_each_case_has_a_row(run):
    section = contacts(run)
    assert section is not None
    after = "after the start"
    assert section.rows == (
        ("bad", "pip.test", "DNS A, AAAA", *("11 of 11", "2 of 2"), f"610 ms {after}", "pip", ""),
        ("bad", "pip.test:443", "TCP", *("11 of 11", "0 of 2"), f"660 ms {after}", "pip", ""),
    )
    assert all(len(row) == len(section.columns) for row in section.rows)


def test_how_each_case_fared_with_no_way_out_stands_below(run):
    section = contacts(run)
    assert section is not None
    bad, *good = section.notes
    assert bad.startswith(
        "bad with the network cut off: exited with code 1 before it was ready (network cut off"
    )
    assert len(good) == 2
    assert all(one.startswith("good with the network cut off: ready 1.") for one in good)


@pytest.mark.slow
def test_it_is_in_the_files_and_not_on_the_terminal(run):
    assert "Outside contacts" in html_text(run)
    assert "## Outside contacts" in markdown_text(run)
    assert "OUTSIDE CONTACTS" not in end_block(run)
    assert "pip.test" in end_block(run), "the reason names it all the same"


def changed(tmp_path, change) -> Run:
    """The run with every trial's contacts changed."""
    folder = write_journal(tmp_path, Build(rounds=1, troubles={}, replicas=()))
    made = list(Lines(folder / "events.jsonl").events())
    for event in made:
        if event["event"] == "trial_ended" and "egress" in event["facts"]:
            change(event["facts"]["egress"])
    write_events(folder, made)
    return load_run(folder)


def test_declared_contacts_are_listed_as_such(tmp_path):
    def declare(seen):
        for one in seen["attempts"]:
            one["allowed"] = True

    section = contacts(changed(tmp_path, declare))
    assert section is not None
    assert {row[-1] for row in section.rows} == {"declared"}


def test_where_nothing_was_tried_there_is_no_list(tmp_path):
    assert contacts(changed(tmp_path, lambda seen: seen["attempts"].clear())) is None


def test_what_could_not_be_seen_is_said(tmp_path):
    def miss(seen):
        seen["dropped"] = 4

    section = contacts(changed(tmp_path, miss))
    assert section is not None
    assert any("packets were missed in t" in note for note in section.notes)


def test_a_list_without_end_is_cut(monkeypatch, run):
    monkeypatch.setattr(module, "MOST_ROWS", 1)
    section = contacts(run)
    assert section is not None
    assert len(section.rows) == 1
    assert "bad: 1 more are in the journal." in section.notes

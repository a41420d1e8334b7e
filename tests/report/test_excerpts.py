"""Parts of what workloads printed, on the page and in the summary."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from bench.journal.facts.excerpt import ExcerptFound
from bench.report.html.page import html_text
from bench.report.sections.excerpts import excerpts
from bench.report.text.console import end_block
from bench.report.text.markdown import markdown_text
from bench.results.run import Run, load_run
from tests.journals import Build, events, write_events

if TYPE_CHECKING:
    from pathlib import Path

TABLE = ("3 function calls", "  <script>alert(1)</script>", "```", "ncalls\x1b[31m  tottime", "end")


def written(folder: Path, *, found: ExcerptFound) -> Run:
    """A run of which the good case printed `found` in each trial, and the bad one nothing."""
    tree = events(Build())[0]["scenario"]
    asked = {"profile": {"begin": "function calls", "end": "^end"}}
    cases = {name: {**one, "excerpts": asked} for name, one in tree["cases"].items()}
    case, made = "", []
    for event in events(Build(scenario={"cases": cases}, troubles={})):
        if event["event"] == "trial_started":
            case = event["key"]["case"]
        if event["event"] == "trial_ended":
            there = {"profile": dataclasses.asdict(found)} if case == "good" else {}
            event["facts"]["excerpts"] = there
        made.append(event)
    write_events(folder, made)
    return load_run(folder)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    return written(tmp_path_factory.mktemp("excerpts") / "run", found=ExcerptFound(TABLE, 0, True))


def test_a_case_that_printed_none_says_so(run):
    section = excerpts(run)
    assert section is not None
    rows = {row[0]: row for row in section.rows}
    assert rows["bad"][2:] == ("", "none: its first line was not printed")
    assert rows["good"][3] == "5 lines"
    assert rows["good"][2] in {one.trial_id for one in run.results if one.key.case == "good"}
    assert [title for title, _ in section.texts] == ["good: profile"]


def test_the_page_shows_it_and_it_cannot_speak_to_the_page(run):
    page = html_text(run, [])
    assert "3 function calls" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


def test_the_summary_shows_it_as_it_stands_and_nothing_in_it_ends_that(run):
    text = markdown_text(run)
    assert "good: profile\n\n    3 function calls\n" in text
    assert "\n    ```\n    ncalls  tottime\n    end\n" in text


def test_the_terminal_is_spared(run):
    assert "function calls" not in end_block(run)


def test_what_was_cut_is_said(tmp_path):
    run = written(tmp_path / "cut", found=ExcerptFound(("3 function calls", "a"), 7, False))
    section = excerpts(run)
    assert section is not None
    said = next(row[3] for row in section.rows if row[0] == "good")
    assert said == (
        "2 lines, and 7 more not kept; it runs to the end of the output, as its last line was "
        "not printed"
    )


def test_a_scenario_that_asks_for_none_has_no_section(tmp_path):
    folder = write_events(tmp_path / "none", events(Build()))
    assert excerpts(load_run(folder)) is None

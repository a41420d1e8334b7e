"""The section on the files that were opened before ready."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bench.report.html.page import html_text
from bench.report.sections.all import sections
from bench.report.sections.dockerfile_lines import costs_by_case
from bench.report.sections.opened_files import opened_files_section, opened_of
from bench.report.text.markdown import markdown_text
from bench.results.run import load_run
from tests.journals import events, write_events

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.results.run import Run

MIB = 2**20


def observed(tmp_path: Path, facts: Sequence[dict[str, Any]]) -> Run:
    """A run whose trials of `bad` without limits have these facts, one after the other."""
    found, left = events(), list(facts)
    ours = set()
    for event in found:
        key = event.get("key", {})
        if event["event"] == "trial_started" and (key["case"], key["arm"]) == ("bad", "need"):
            ours.add(event["trial_id"])
        if event["event"] == "trial_ended" and event["trial_id"] in ours and left:
            event["facts"]["opened"] = left.pop(0)
    assert not left
    return load_run(write_events(tmp_path, found))


def opened(layers: Sequence[tuple[int, int]]) -> dict[str, Any]:
    total = {
        "size_bytes": sum(size for size, _ in layers),
        "opened_bytes": sum(used for _, used in layers),
    }
    parts = [{"size_bytes": size, "opened_bytes": used} for size, used in layers]
    groups = [
        {"name": "torch", "size_bytes": 80 * MIB, "opened_bytes": 8 * MIB, "seconds": 2.5},
        {"name": "/usr/sh\u202eare", "size_bytes": 20 * MIB, "opened_bytes": 0, "seconds": 0.0},
        {"name": "/data", "size_bytes": 0, "opened_bytes": 0, "seconds": 0.25},
    ]
    return {
        "total": total,
        "layers": parts,
        "groups": groups,
        "files": 100,
        "opened_files": 10,
    }


@pytest.fixture
def run(tmp_path):
    return observed(
        tmp_path, [{"unknown": "too late"}, opened([(80 * MIB, 8 * MIB), (20 * MIB, 0)])]
    )


def test_the_first_trial_in_which_it_was_seen_speaks(run):
    section = opened_files_section(run)
    assert section in sections(run)
    (row,) = section.rows
    assert row[:4] == ("bad", "100 MiB", "8%", "10 of 100")
    assert row[4] == "torch 2.50 s, /data 250 ms"
    assert row[5] == "torch 72.0 MiB, /usr/sh·are 20.0 MiB"


def test_the_page_has_every_package_folded_away(run):
    section = opened_files_section(run)
    assert section is not None
    ((title, text),) = section.details
    assert title == "bad: by package and folder"
    assert [line.split() for line in text.splitlines()[1:]] == [
        ["80.0", "MiB", "10%", "2.50", "s", "torch"],
        ["20.0", "MiB", "0%", "/usr/sh·are"],
        ["250", "ms", "/data"],
    ]


def test_page_and_markdown_show_it(run):
    for text in (html_text(run), markdown_text(run)):
        assert "torch 2.50 s" in text
        assert "\u202e" not in text


def test_why_it_is_unknown_is_said(tmp_path):
    run = observed(tmp_path, [{"unknown": "too late"}, {"unknown": "too late"}])
    section = opened_files_section(run)
    assert section is not None
    assert section.rows == (("bad", "", "", "", "not measured: too late", ""),)
    assert section.details == ()
    assert opened_of(run, "bad") is None


def test_a_run_that_did_not_look_says_nothing(tmp_path):
    assert opened_files_section(observed(tmp_path, [])) is None


def test_lines_of_a_dockerfile_without_it_have_no_figure(run):
    assert all(cost.opened_bytes is None for it in costs_by_case(run).values() for cost in it.lines)

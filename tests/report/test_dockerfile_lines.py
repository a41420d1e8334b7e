"""The section on the lines of Dockerfiles."""

from __future__ import annotations

import re

import pytest

from bench.report.fix_next import fix_next
from bench.report.html.page import html_text
from bench.report.sections.all import sections
from bench.report.sections.dockerfile_findings import dockerfile_findings
from bench.report.sections.dockerfile_lines import dockerfile_lines
from bench.report.text.markdown import markdown_text
from bench.results.run import load_run
from tests.journals import events, write_events


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A run whose cases have Dockerfiles with one instruction for each layer of their images."""
    found = events()
    for event in found:
        if event["event"] == "image_ready" and event.get("role") == "case":
            lines = [layer["instruction"] for layer in event["layers"]]
            event["dockerfile"] = {
                "name": "app.Dockerfile",
                "text": "\n".join(["# \u202ea comment", *lines, 'CMD ["python"]', ""]),
                "target": None,
                "base_layers": 1,
                "findings": [
                    {
                        "rule": rule,
                        "severity": "warning",
                        "line": 2,
                        "message": "found \u202e it",
                        "remedy": "mend it",
                    }
                    for rule in ("pip-cache-kept", "no-healthcheck", "apt-recommends")
                ],
            }
    return load_run(write_events(tmp_path_factory.mktemp("built"), found))


def test_each_instruction_has_its_bytes_and_its_seconds_of_a_cold_start(built):
    section = dockerfile_lines(built)
    assert section in sections(built)
    bad = [row for row in section.rows if row[0] == "bad"]
    image = built.images["bad"]
    assert len(bad) == len(image.layers) + 1
    assert [row[5] for row in bad] == [str(2 + at) for at in range(len(bad))]
    assert all(row[4].endswith("s") for row in bad)
    assert bad[-1][1:4] == ("", "", "")
    assert bad[0][-1].startswith("FROM ")


def test_the_text_stands_beside_the_costs_and_controls_nothing(built):
    section = dockerfile_lines(built)
    assert section is not None
    title, text = section.details[0]
    assert title == "bad: app.Dockerfile, line by line"
    assert "\u202e" not in text
    assert text.splitlines()[2].endswith(built.images["bad"].layers[0].instruction)


def test_how_far_the_prediction_was_off_is_said(built):
    section = dockerfile_lines(built)
    assert section is not None
    notes = " ".join(section.notes)
    assert "each start, predicted from the others, was off by at most" in notes


def test_findings_stand_with_what_was_measured_of_them(built):
    section = dockerfile_findings(built)
    assert section in sections(built)
    first, second, *_ = [row for row in section.rows if row[0] == "bad"]
    assert first[:3] == ("bad", "2", "pip-cache-kept")
    assert first[4].startswith("its layers: ")
    assert first[4].endswith(" of a cold start")
    assert second[4] == "not measured"
    assert not any("\u202e" in cell for row in section.rows for cell in row)


def test_a_run_that_kept_no_dockerfile_has_no_such_section(run):
    assert dockerfile_lines(run) is None
    assert dockerfile_findings(run) is None


def test_what_to_fix_next_is_said_in_every_report(built):
    (line, *more) = fix_next(built)
    assert len(more) < 3
    assert re.match(r"\w+, line 2: found .* it\. Mend it \(saves at most ", line)
    assert "\u202e" not in line
    assert line.endswith(" of a cold start)")
    for text in (html_text(built), markdown_text(built)):
        assert "Fix next" in text
    assert line.split(":")[0] in markdown_text(built)


def test_a_run_without_dockerfiles_has_nothing_to_fix_next(run):
    assert fix_next(run) == []
    assert "Fix next" not in html_text(run)
    assert "Fix next" not in markdown_text(run)

"""Text from outside (an image's log, a name in a scenario) in every format of a report."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from bench.report.html.page import html_text
from bench.report.plots.catalogue import make_plots
from bench.report.text import github
from bench.report.text.console import end_block
from bench.report.text.junit import junit_text
from bench.report.text.markdown import markdown_text
from bench.results.export import run_document, trials_csv
from bench.results.run import Run, load_run
from tests.journals import SHAPES, Build, Shape, Trouble, write_journal

MARKUP = "<script>alert(1)</script><svg/onload=x>\"'><img src=x onerror=alert(1)>"
LINKS = "[a](javascript:alert(1)) ![b](http://x.example/p.png) `c` <http://x.example>"
COMMAND = "x\n::error::taken\r\n::set-output name=a::b%0A::warning::c"
TERMINAL = "\x1b]0;title\x07\x1b[2J\x1b[31m\x9b31m\b\b\x7f"
BIDI = "\u202eevil\u2066\u200f"
FORMULA = '=HYPERLINK("http://x.example","y")'
HOSTILE = f"{MARKUP} {LINKS} {COMMAND} {TERMINAL} {BIDI} {FORMULA}"
SPEAKS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Characters that a terminal acts upon, or that turn the order of what is read."""


class Elements(HTMLParser):
    """Which elements, attributes and links a page has."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name in ("href", "src")}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> Run:
    shape = Shape(((f"RUN {HOSTILE}", 5.0),), 50.0, 0.3, 20.0, 5.0, 0.5, 0, 0.1)
    build = Build(
        rounds=2,
        cases=("good",),
        shapes=SHAPES | {"good": shape},
        troubles={("good", 0, 0): Trouble("failed", HOSTILE, (HOSTILE, HOSTILE))},
        scenario={"description": HOSTILE},
        header={"scenario_file": HOSTILE, "link": {"text": HOSTILE}},
    )
    run = load_run(write_journal(tmp_path_factory.mktemp("hostile"), build))
    host = run.header.host | {HOSTILE: HOSTILE}
    return replace(run, header=replace(run.header, name=HOSTILE, host=host))


@pytest.mark.slow
def test_the_page_has_no_element_and_no_attribute_of_it(hostile):
    text = html_text(hostile)
    page = Elements()
    page.feed(text)
    assert page.names.isdisjoint({"script", "img", "iframe", "object", "embed", "base", "form"})
    assert not [one for one in page.attributes if one.startswith("on")]
    assert not [one for one in page.links if ":" in one and not one.startswith("data:image/")]
    assert not SPEAKS.search(text)


def test_no_drawing_has_an_element_of_it(hostile):
    plots = make_plots(hostile)
    assert plots
    for plot in plots:
        root = ET.fromstring(plot.svg)
        names = {one.tag.rpartition("}")[2] for one in root.iter()}
        assert names.isdisjoint({"script", "img", "foreignObject", "a"})
        assert not [name for one in root.iter() for name in one.attrib if name.startswith("on")]


def test_the_summary_has_no_element_link_or_picture_of_it(hostile):
    lines = markdown_text(hostile).splitlines()
    text = "\n".join(one for one in lines if not one.startswith("    "))  # code, as it stands
    assert not re.search(r"(?<!\\)<(?:script|img|http|svg)", text)
    assert not re.search(r"(?<!\\)\]\(", text)
    assert not any(SPEAKS.search(one) for one in lines)


def test_no_annotation_is_one_that_it_asked_for(hostile):
    lines = "\n".join(github.annotations(hostile)).splitlines()
    assert lines
    assert all(re.match(r"::(?:error|warning|notice) title=[^:]*::", one) for one in lines)
    assert not any("::set-output" in one.partition("::")[0] for one in lines)
    assert not any(SPEAKS.search(one) for one in lines)
    assert all("%0A::" not in one for one in lines)


def test_the_terminal_is_told_nothing_by_it(hostile):
    assert not SPEAKS.search(end_block(hostile))


def test_junit_is_xml_that_says_it_as_text(hostile):
    root = ET.fromstring(junit_text(hostile))
    assert {one.tag for one in root.iter()} <= {
        "testsuites", "testsuite", "testcase", "failure", "error", "skipped", "system-out",
        "system-err",
    }  # fmt: skip


def test_tables_and_documents_hold_it_as_it_is_in_its_own_field(hostile):
    """They are for programs; a spreadsheet is to read names as text (docs/security.md)."""
    rows = list(csv.reader(io.StringIO(trials_csv(hostile))))
    assert len({len(row) for row in rows}) == 1
    assert len(rows) == len(hostile.trials) + 1
    assert json.loads(json.dumps(run_document(hostile)))["name"] == HOSTILE

"""summary.md, junit.xml and the annotations of GitHub Actions."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from bench.report.rows import reason_groups
from bench.report.sections.all import sections
from bench.report.text import github, markdown
from bench.report.text.junit import junit_text
from bench.report.text.markdown import escaped, markdown_text
from bench.results.run import load_run
from tests.journals import GOOD, SHAPES, Build, Trouble, rewrite, write_journal

EVIL = "a|b <script>`x` & ]]> \x00\x1b[31m\n::error::no"


@pytest.fixture(scope="module")
def nasty(tmp_path_factory):
    """Every trial failed, with a reason that means something in every format."""
    trouble = Trouble("failed", EVIL, (EVIL,))
    build = Build(
        rounds=2,
        cases=("good",),
        troubles={("good", number, 0): trouble for number in range(2)},
    )
    return load_run(write_journal(tmp_path_factory.mktemp("nasty"), build))


@pytest.fixture(scope="module")
def unmet(tmp_path_factory):
    """Twelve cases that all fail a threshold, each with another figure."""
    names = tuple(f"case-{number}" for number in range(12))
    build = Build(
        rounds=1,
        cases=names,
        need=False,
        calibrate=False,
        troubles={},
        samples_each=5,
        shapes=SHAPES | dict.fromkeys(names, GOOD),
        scenario={"checklist": None, "thresholds": {"startup_s": "<= 1ms"}},
        header={"checklist": None},
    )
    return load_run(write_journal(tmp_path_factory.mktemp("unmet"), build))


def test_the_summary_has_a_table_with_as_many_cells_in_every_row(troubled):
    tables = re.findall(r"(?:^\|.*\n)+", markdown_text(troubled), re.MULTILINE)
    assert len(tables) == 2 + len(sections(troubled))
    for table in tables:
        cells = {len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}
        assert len(cells) == 1


def test_the_summary_says_verdicts_reasons_and_remedies(troubled):
    text = markdown_text(troubled)
    assert "- ✗ **bad**: FAIL (expected)" in text
    assert "- ✓ **good**: PASS" in text
    assert "What to do: Start from a slim base" in text
    assert "## Before you trust this" in text


def test_nothing_in_the_summary_acts_as_markdown_or_html(nasty):
    text = markdown_text(nasty)
    code = [line for line in text.splitlines() if line.startswith("    ")]
    acting = [line for line in text.splitlines() if line not in code]
    assert "<script>" not in "\n".join(acting)
    assert "\x1b" not in text
    assert r"a\|b \<script\>\`x\` &amp;" in text
    assert escaped("a\nb_c") == r"a b\_c"


def test_a_summary_that_would_get_too_large_is_cut_at_a_line(troubled, monkeypatch):
    monkeypatch.setattr(markdown, "MOST_BYTES", 1_000)
    text = markdown_text(troubled)
    assert len(text.encode()) < 1_000
    assert text.endswith("see run.json.\n")


def test_junit_has_a_suite_for_each_case_and_a_test_for_each_rule(troubled):
    root = ET.fromstring(junit_text(troubled))
    suites = root.findall("testsuite")
    assert [one.get("name") for one in suites] == ["bad", "good"]
    for suite in suites:
        tests = suite.findall("testcase")
        assert int(suite.get("tests", "")) == len(tests) == 7
        for name, child in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(name, "")) == len(suite.findall(f"testcase/{child}"))
    keys = [(one.get("classname"), one.get("name")) for one in root.iter("testcase")]
    assert len(set(keys)) == len(keys)


def test_junit_passes_what_failed_as_expected(troubled):
    root = ET.fromstring(junit_text(troubled))
    assert root.get("failures") == "0"
    assert root.get("errors") == "0"
    assert root.get("skipped") == "0"
    note = root.find(".//testcase[@name='CI-4 image size']/system-out")
    assert note is not None
    assert "(expected)" in (note.text or "")


def test_junit_fails_what_was_not_expected(unmet):
    root = ET.fromstring(junit_text(unmet))
    assert root.get("failures") == "12"
    failure = root.find(".//failure")
    assert failure is not None
    assert "does not meet <= 1.00 ms" in (failure.get("message") or "")


def test_junit_calls_what_could_not_be_judged_an_error(empty):
    assert ET.fromstring(junit_text(empty)).get("errors") == "14"


def test_junit_is_xml_whatever_a_reason_holds(nasty):
    root = ET.fromstring(junit_text(nasty))
    assert int(root.get("failures", "0")) > 0
    assert "<script>" in "".join(one.get("message", "") for one in root.iter("failure"))


def test_nothing_is_annotated_where_everything_came_out_as_expected(troubled):
    assert github.annotations(troubled) == []


def test_at_most_ten_annotations_and_the_last_says_how_many_more(unmet):
    lines = github.annotations(unmet)
    assert len(lines) == github.MOST
    assert all(line.startswith("::error title=case-") for line in lines[:-1])
    more = len(reason_groups(unmet)) - (github.MOST - 1)
    assert more > 1
    assert lines[-1] == f"::notice title=bench::and {more} more: see summary.md"


def test_an_annotation_is_one_line_that_cannot_begin_another(nasty):
    for line in github.annotations(nasty):
        assert line.startswith(("::error ", "::warning "))
        assert "\n" not in line
        assert re.fullmatch(r"::\w+ title=[^:,]*::.*", line)


def test_failures_come_before_warnings(tmp_path):
    checks = {"CI-4": {"severity": "warn"}, "RS-3.1": {"severity": "warn"}}
    build = Build(rounds=1, cases=("bad",), troubles={})
    build.scenario = {"checks": checks}
    folder = write_journal(tmp_path, build)
    expected = '"expect":{"fail":["CI-3","CI-4","CI-5","RS-3.1"],"may_fail":["READY"]}'
    rewrite(folder, lambda text: text.replace(expected, '"expect":null'))
    levels = [line.split()[0] for line in github.annotations(load_run(folder))]
    assert levels == ["::error", "::error", "::warning", "::warning"]

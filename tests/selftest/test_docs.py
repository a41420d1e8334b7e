"""The page about the self-test shows what the tool writes."""

from __future__ import annotations

from pathlib import Path

from bench.report.text.selftest import _HEADER, _line
from bench.selftest.known import KNOWN, scenario
from bench.selftest.outcomes import outcomes
from bench.selftest.resources import resources
from bench.selftest.times import times
from tests.selftest.made import evidence

PAGE = (Path(__file__).parents[2] / "docs" / "selftest.md").read_text()
TABLE = PAGE.split("```text\n")[1].split("\n```")[0].splitlines()


def test_its_table_has_the_rows_and_the_columns_of_today():
    found = evidence()
    sections = [*times(found), *resources(found), outcomes(found)]
    assert _line(_HEADER) in TABLE
    titles = [section.title for section in sections]
    assert [line for line in TABLE if line in titles] == titles
    for section in sections:
        start = TABLE.index(section.title) + 1
        shown = [line[:28].strip() for line in TABLE[start : start + len(section.rows)]]
        assert shown == [row.title for row in section.rows]


def test_its_table_is_of_a_full_run():
    full = sum(known.full for known in KNOWN.values())
    (line,) = [one for one in TABLE if one.startswith("each trial ended as it must")]
    assert f" {full} " in line
    assert len(scenario(Path("/x"), quick=False).scenario.cases) == len(KNOWN)

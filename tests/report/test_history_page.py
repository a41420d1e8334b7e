"""The history as a page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from bench.core.metrics import Better, Metric
from bench.report.html.history import MOST_NEWEST, history_html
from bench.report.plots.history import MOST_COLUMNS, trend_svg
from bench.results.trends import Trend, TrendChoice, trends
from tests.histories import recorded, run_name
from tests.hostile import SEQUENCES, speaking

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

READY = TrendChoice(("ready_s",))
STEP = [1.0] * 8 + [1.3] * 8
VOID = {"meta", "br", "img", "link", "hr"}
HOSTILE = f"<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{''.join(SEQUENCES)}&amp;"


class Tags(HTMLParser):
    """The elements of a page, whether each is closed in its place, and its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID and not tag.isupper():
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def parsed(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    tags.close()
    assert tags.open == []
    return tags


def page_of(*found: Trend) -> str:
    return history_html(found, Path("reports"))


def drawn(trend: Trend) -> Element:
    return ET.fromstring(trend_svg(trend))


def trend_of(levels, **how) -> Trend:
    (trend,) = trends(recorded(levels, **how), READY)
    return trend


def test_the_page_says_what_changed_where_and_by_how_much():
    page = page_of(trend_of(STEP))
    assert "<h1>History of reports</h1>" in page
    assert "16 runs, 2026-01-01 to 2026-01-16; 1 change found" in page
    assert re.search(r'<span class="badge worse">\+(29|30|31) % \(.* to .*\), worse</span>', page)
    assert f"at {run_name(8)}" in page


def test_there_is_no_script_and_nothing_is_fetched():
    page = page_of(trend_of(STEP), trend_of([1.0, None]))
    tags = parsed(page)
    assert not tags.names & {"script", "link", "img", "iframe", "object"}
    assert not {name for name in tags.attributes if name.startswith("on")} | (
        tags.attributes & {"src", "href", "style"}
    )
    assert "http" not in page.replace("http-equiv", "")


def test_several_scenarios_are_linked_at_the_top():
    page = page_of(trend_of(STEP), trend_of(STEP, scenario="blog"))
    assert '<a href="#s1">shop</a><a href="#s2">blog</a>' in page
    assert '<h2 id="s2">blog</h2>' in page


def test_the_newest_changes_come_first_and_many_are_left_to_the_charts():
    found = [trend_of(STEP, scenario=f"s{number}", first=number) for number in range(25)]
    page = page_of(*found)
    listed = re.findall(r"<li>(\d{4}-\d\d-\d\d): ", page)
    assert len(listed) == MOST_NEWEST
    assert listed == sorted(listed, reverse=True)
    assert "5 older ones are below." in page


def test_without_changes_there_is_no_list_of_them():
    page = page_of(trend_of([1.0] * 5))
    assert "Newest changes" not in page
    assert "0 changes found" in page


def test_it_fits_a_narrow_screen():
    """Charts are as wide as the screen, and texts as large as on a wide one."""
    page = page_of(trend_of(STEP))
    assert ".trends figure svg { width: 100%; }" in page
    assert "minmax(min(20rem, 100%), 1fr)" in page
    assert int(drawn(trend_of(STEP)).attrib["viewBox"].split()[2]) <= 360


def test_text_from_outside_stays_text():
    own = {"m": Metric("m", HOSTILE, HOSTILE, Better.LOWER, "")}
    how = [{HOSTILE: HOSTILE}] * 8 + [{HOSTILE: "x"}] * 8
    runs = recorded(
        [1.0] * 4 + [2.0] * 4 + [None] * 8,
        scenario=HOSTILE, case=HOSTILE, metric="m", own=own, circumstances=how,
    )  # fmt: skip
    page = history_html(trends(runs, TrendChoice(("m",))), Path("a<b>\u202e"))
    tags = parsed(page)
    assert not tags.names & {"script", "img"}
    assert not speaking(page.replace("\n", ""))


# charts


def test_a_chart_has_a_dot_a_run_a_line_a_change_and_a_cross_a_gap():
    chart = drawn(trend_of([*STEP[:4], None, *STEP[4:]]))
    paths = [one.attrib for one in chart.iter("path")]
    (dots,) = [one["d"] for one in paths if one.get("stroke-linecap") == "round"]
    (crosses,) = [one["d"] for one in paths if one.get("fill") == "none"]
    dashed = [one for one in paths if "stroke-dasharray" in one]
    assert dots.count("M") == 16
    assert crosses.count("l6 6") == 1
    assert len(dashed) == 1
    assert [one.text for one in chart.iter("text")][-1] in ("+29 %", "+30 %", "+31 %")


def test_a_change_for_the_worse_has_another_colour_than_one_for_the_better():
    colours = [
        one.attrib["stroke"]
        for levels in (STEP, STEP[::-1])
        for one in drawn(trend_of(levels)).iter("path")
        if "stroke-dasharray" in one.attrib
    ]
    assert colours == ["var(--fail)", "var(--pass)"]


@pytest.mark.parametrize("count", [1, 2, 239, 241, 1000])
def test_everything_lies_on_the_chart_and_it_stays_small(count):
    chart = trend_svg(trend_of([1.0] * count))
    width, height = 340, 128
    for x, y in re.findall(r"M(-?[\d.]+) (-?[\d.]+)", chart):
        assert 0 <= float(x) <= width
        assert 0 <= float(y) <= height
    assert chart.count("h0") == min(count, MOST_COLUMNS)
    assert len(chart) < 20_000


@pytest.mark.parametrize("level", [0.0, 1e-9, 1e12])
def test_any_figure_can_be_drawn(level):
    assert drawn(trend_of([level, level])).tag == "svg"


def test_sizes_of_changes_that_lie_close_do_not_cover_each_other():
    levels = [1.0] * 100 + [1.5] * 2 + [1.0] * 100
    trend = trend_of(levels)
    assert len(trend.shifts) == 2
    labels = [one for one in drawn(trend).iter("text") if one.attrib["text-anchor"] == "middle"]
    assert len(labels) == 1

"""The history on a terminal."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.core.metrics import Better, Metric
from bench.report.history_words import change_words
from bench.report.text.history import history_text
from bench.report.text.sparkline import ASCII, BLOCKS, GAP, sparkline
from bench.results.trends import TrendChoice, trends
from tests.histories import recorded, run_name, together
from tests.hostile import hostile_texts, speaking

if TYPE_CHECKING:
    from bench.results.history import RecordedRuns

READY = TrendChoice(("ready_s",))
CHOICE = TrendChoice(("startup_s", "ready_s", "image_size_bytes"))
RISE_AND_FALL = [1.0] * 8 + [1.3] * 6 + [0.7] * 6


def text_of(levels, width: int = 80, *, blocks: bool = True, **how) -> str:
    return history_text(trends(recorded(levels, **how), READY), width=width, blocks=blocks)


def test_a_trend_is_one_line_with_its_ends_and_its_runs():
    lines = text_of([1.0] * 5).splitlines()
    assert lines[0] == "shop  5 runs, 2026-01-01 to 2026-01-05"
    assert lines[1] == "  web, cold"
    assert re.fullmatch(r"    ready after start  \S{5}  .* m?s to .* m?s  5 runs", lines[2])


def test_changes_stand_below_it_the_newest_first():
    lines = text_of(RISE_AND_FALL).splitlines()
    changes = [line.strip() for line in lines if "changed at" in line]
    assert re.match(rf"changed at {run_name(14)} by -4[5-7] % \(", changes[0])
    assert changes[0].endswith("better")
    assert re.match(rf"changed at {run_name(8)} by \+(29|30|31) % \(", changes[1])
    assert changes[1].endswith("worse")


def test_a_run_that_failed_is_a_gap_and_is_counted():
    (line,) = [
        line for line in text_of([1.0, None, 1.0, 1.0]).splitlines() if "ready after" in line
    ]
    assert line.endswith("3 runs, 1 failed")
    assert line.split()[3][1] == GAP


def test_what_was_measured_in_another_way_says_so():
    how = [{"engine version": "20.10"}] * 3 + [{"engine version": "26.1"}] * 3
    text = text_of([1.0] * 6, circumstances=how)
    assert "  measured in another way: engine version 26.1, not 20.10\n" in text
    assert text.count("3 runs") == 2


def test_without_block_characters_everything_is_ascii():
    text = text_of([*RISE_AND_FALL, None], blocks=False)
    assert text.isascii()
    assert f"changed at {run_name(8)} by +" in text


def many(scenario: str = "shop", case: str = "web") -> RecordedRuns:
    how = [{"link": "a shaped link with a long name " * 3}] * 10 + [{"link": "none"}] * 30
    levels = [*RISE_AND_FALL, None, *RISE_AND_FALL[::-1]][:40]
    slower = [100.0 * one if one else None for one in levels]
    sizes = [1e9 * one for one in RISE_AND_FALL * 2]
    record = partial(recorded, scenario=scenario, case=case, circumstances=how)
    return together(
        [
            record(levels),
            record(slower, metric="startup_s"),
            record(sizes, metric="image_size_bytes", state=("", ""), trials=1),
        ]
    )


@pytest.mark.parametrize("width", [80, 100, 400])
@pytest.mark.parametrize("name", ["shop", "a-scenario-with-a-name-" * 6])
def test_no_line_is_wider_than_the_terminal(width, name):
    text = history_text(trends(many(name, name), CHOICE), width=width)
    assert max(map(len, text.splitlines())) <= width
    assert "changed at 2026" in text


def test_a_wide_terminal_shows_every_run_and_a_narrow_one_several_in_one_place():
    runs = recorded([1.0] * 100)
    wide = history_text(trends(runs, READY), width=400).splitlines()[2]
    narrow = history_text(trends(runs, READY), width=80).splitlines()[2]
    assert sum(char in BLOCKS for char in wide) == 100
    assert 6 <= sum(char in BLOCKS for char in narrow) < 60


def test_a_run_whose_name_is_too_long_is_named_by_its_beginning():
    text = text_of(RISE_AND_FALL, scenario="s" * 80)
    changes = [line.split()[2] for line in text.splitlines() if "changed at" in line]
    assert changes
    for name, number in zip(changes, (14, 8), strict=True):
        assert run_name(number, "s" * 80).startswith(name)
        assert len(name) >= len("20260101T080000Z")


def test_values_and_counts_of_any_length_leave_room_for_the_title():
    own = {
        "m": Metric("m", "tokens per second and user", "throughput of the whole", Better.LOWER, "")
    }
    runs = recorded([1e3] * 900 + [None] * 200, metric="m", own=own)
    text = history_text(trends(runs, TrendChoice(("m",))))
    assert max(map(len, text.splitlines())) <= 80
    assert "900 runs, 200 failed" in text


@given(hostile_texts)
def test_no_name_speaks_to_the_terminal_or_breaks_a_line(name):
    own = {"m": Metric("m", name, name, Better.LOWER, "")}
    how = [{name: name}] * 10 + [{name: "x"}] * 10
    runs = recorded(RISE_AND_FALL, scenario=name, case=name, metric="m", own=own, circumstances=how)
    text = history_text(trends(runs, TrendChoice(("m",))))
    assert not speaking(text.replace("\n", ""))
    assert max(map(len, text.split("\n"))) <= 80


# words


@pytest.mark.parametrize(
    ("ratio", "words"),
    [(1.23, "+23 %"), (0.5, "-50 %"), (1.004, "+0 %"), (9.9, "+890 %"), (12.3, "12x")],
)
def test_a_ratio_is_a_change_in_percent(ratio, words):
    assert change_words(ratio) == words


def test_from_zero_both_values_are_named():
    runs = recorded([0.0] * 4 + [3.0] * 4, metric="oom_kills")
    text = history_text(trends(runs, TrendChoice(("oom_kills",))))
    assert ", not 0, worse" in text


# sparklines


def test_the_lowest_and_the_highest_have_the_ends_of_the_scale():
    assert sparkline([1.0, 2.0, 3.0], 10) == "▁▅█"
    assert sparkline([1.0, 2.0, 3.0], 10, ASCII) == "_=#"


def test_noise_looks_flat():
    assert len(set(sparkline([1.0, 1.005, 0.996, 1.002], 10))) == 1


def test_a_gap_is_never_hidden_among_others():
    assert sparkline([1.0] * 50 + [None] + [1.0] * 49, 10).count(GAP) == 1


def test_only_gaps_are_only_gaps():
    assert sparkline([None, None], 10) == GAP * 2


@given(st.lists(st.one_of(st.none(), st.floats(-1e12, 1e12)), max_size=300), st.integers(1, 100))
def test_a_sparkline_fits(values, width):
    line = sparkline(values, width)
    assert len(line) == min(len(values), width)
    assert set(line) <= {*BLOCKS, GAP}

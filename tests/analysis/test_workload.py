"""What was found of a figure in one trial, and the value that it amounts to."""

from __future__ import annotations

import pytest

from bench.analysis.workload import workload_metrics
from bench.journal.facts.matches import Matches
from tests.facts import facts_of


def matches(take: str, *numbers: float) -> Matches:
    found = Matches(take)  # type: ignore[arg-type]
    for number in numbers:
        found = found.with_number(number)
    return found


@pytest.mark.parametrize(
    ("take", "value"),
    [("first", 3.0), ("last", -1.0), ("min", -1.0), ("max", 5.0), ("mean", 2.25), ("sum", 9.0)],
)
def test_several_matches_become_one(take: str, value: float):
    assert matches(take, 3.0, 2.0, 5.0, -1.0).value == value


def test_what_never_appeared_is_absent_and_not_zero():
    assert matches("sum").value is None
    assert workload_metrics(facts_of(figures={})) == {}
    assert workload_metrics(facts_of()) == {}


def test_a_zero_that_was_printed_is_a_zero():
    found = facts_of(figures={"a": matches("last", 0.0)})
    assert workload_metrics(found) == {"a": 0.0}


@pytest.mark.parametrize("take", ["first", "last", "min", "max", "mean", "sum"])
def test_one_match_that_is_no_number_takes_the_figure_away(take: str):
    found = matches(take, 1.0).with_oddity("nan").with_oddity("inf")
    assert found.value is None
    assert (found.n, found.odd, found.odd_text) == (1, 2, "nan")

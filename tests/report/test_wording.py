"""The words for changes, values and verdicts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bench.judge.model import Comparison, Difference, Interval, Outcome
from bench.judge.verdicts import CaseOutcome
from bench.report.wording import (
    case_words,
    change_words,
    one_line,
    p_words,
    ratio_interval_words,
    times,
    visible,
)


def comparison(
    metric: str = "startup_s",
    ratio: float | None = 0.25,
    difference: Difference = Difference.BETTER,
    **more: Any,
) -> Comparison:
    """A comparison of which only this is looked at."""
    made = Comparison(
        baseline="bad",
        candidate="good",
        metric=metric,
        cache="cold",
        arm="fit",
        n_baseline=6,
        n_candidate=6,
        baseline_median=8.0,
        candidate_median=None if ratio is None else 8.0 * ratio,
        ratio=ratio,
        interval=None,
        p_value=0.002,
        band=0.05,
        difference=difference,
        reason="",
    )
    return replace(made, **more)


@pytest.mark.parametrize(
    ("metric", "ratio", "difference", "words"),
    [
        ("startup_s", 0.25, Difference.BETTER, "4.0x faster"),
        ("startup_s", 1.5, Difference.WORSE, "1.50x slower"),
        ("startup_s", 0.05, Difference.BETTER, "20x faster"),
        ("cpu_to_ready_s", 0.5, Difference.BETTER, "2.0x less"),
        ("image_size_bytes", 3.0, Difference.WORSE, "3.0x larger"),
        ("image_size_bytes", 1 / 3, Difference.BETTER, "3.0x smaller"),
        ("layer_count", 0.5, Difference.BETTER, "2.0x fewer"),
        ("memory_anon_peak_bytes", 2.5, Difference.WORSE, "2.5x more"),
        ("startup_s", 0.8, Difference.INCONCLUSIVE, "unclear (1.25x faster)"),
        ("startup_s", 1.001, Difference.INCONCLUSIVE, "unclear (about the same)"),
        ("startup_s", 1.001, Difference.SAME, "the same (within 5 %)"),
        ("startup_s", None, Difference.NOT_MEASURED, "not measured"),
        ("stop_s", 0.0, Difference.BETTER, "0.00 s, not 8.00 s"),
    ],
)
def test_a_change_is_said_in_the_words_of_its_metric(metric, ratio, difference, words):
    assert change_words(comparison(metric, ratio, difference)) == words


def test_the_interval_is_turned_the_same_way_round_as_the_change():
    faster = comparison(ratio=0.25, interval=Interval(0.2, 0.5))
    slower = comparison(ratio=4.0, interval=Interval(2.0, 5.0))
    assert ratio_interval_words(faster) == "2.0x to 5.0x"
    assert ratio_interval_words(slower) == "2.0x to 5.0x"


def test_an_interval_that_reaches_zero_has_no_upper_end():
    assert ratio_interval_words(comparison(ratio=0.25, interval=Interval(0.0, 0.5))) == "2.0x to ∞"


@pytest.mark.parametrize(
    ("outcome", "as_expected", "words"),
    [
        (Outcome.PASS, True, "PASS"),
        (Outcome.PASS, False, "PASS (not expected)"),
        (Outcome.FAIL, True, "FAIL (expected)"),
        (Outcome.FAIL, False, "FAIL"),
        (Outcome.ERROR, False, "ERROR"),
    ],
)
def test_a_case_is_called_by_its_outcome_and_whether_that_was_expected(outcome, as_expected, words):
    assert case_words(CaseOutcome(outcome, as_expected)) == words


def test_control_characters_become_dots_and_lines_become_one():
    assert visible("a\x1b[31mb\tc\nd") == "a·[31mb c\nd"
    assert one_line(" a\x00 \n b ") == "a· b"


def test_small_p_values_and_factors_are_rounded_for_people():
    assert p_words(None) == ""
    assert p_words(0.00216) == "0.0022"
    assert p_words(1e-7) == "< 0.0001"
    assert [times(one) for one in (1.234, 4.44, 12.6, 250.0)] == ["1.23x", "4.4x", "13x", "250x"]

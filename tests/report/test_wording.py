"""The words for changes, values and verdicts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bench.core.metrics import METRICS
from bench.journal.facts.comparison import Comparison, Difference, Interval
from bench.judge.model import Outcome, Verdict
from bench.judge.verdicts import CaseOutcome
from bench.report.comparison_words import (
    change_words,
    comparison_notes,
    detectable_words,
    effect_words,
    median_words,
    p_words,
    ratio_interval_words,
    rule_words,
)
from bench.report.wording import actual_words, case_words, one_line, times, visible

KILLED = "SIGTERM ignored, killed after 2 s"


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
        title=METRICS[metric].title,
        unit=METRICS[metric].unit,
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
        ("layer_count", 0.5, Difference.BETTER, "4 fewer"),
        ("layer_count", 4.0, Difference.WORSE, "4.0x more"),
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


def test_figures_that_read_alike_are_not_said_to_differ():
    """0 % against 0 % is not 2.7 times less."""
    medians = {"baseline_median": 0.3, "candidate_median": 0.11}
    shares = comparison("idle_share_pct", 0.37, Difference.INCONCLUSIVE, **medians)
    assert change_words(shares) == "unclear (about the same)"


def test_a_difference_that_is_called_is_told_however_small_the_figures_are():
    medians = {"baseline_median": 0.0001, "candidate_median": 0.001}
    found = comparison("cpu_s", 10.0, Difference.WORSE, **medians)
    assert "10x more" in change_words(found)


def test_medians_too_close_to_tell_apart_have_no_factor():
    close = comparison("idle_share_pct", None, Difference.SAME, candidate_median=0.11)
    assert change_words(close) == "too close to tell apart"


@pytest.mark.parametrize(
    ("difference", "before", "after", "words", "medians"),
    [
        (Difference.BETTER, KILLED, "", "not killed", ("killed", "312 ms")),
        (Difference.WORSE, "", KILLED, "killed", ("2.13 s", "killed")),
        (Difference.SAME, KILLED, KILLED, "both killed", ("killed", "killed")),
        (Difference.INCONCLUSIVE, KILLED, "", "unclear (some killed)", ("killed", "312 ms")),
    ],
)
def test_a_stop_that_was_killed_is_no_faster_one(difference, before, after, words, medians):
    stop = comparison(
        "stop_s", None, difference, killed_baseline=before, killed_candidate=after,
        baseline_median=2.13, candidate_median=0.312,
    )  # fmt: skip
    assert change_words(stop) == words
    assert median_words(stop) == medians
    (note,) = comparison_notes([stop])
    assert KILLED in note


def test_memory_of_cold_trials_says_what_it_lacks_and_that_of_the_need_arm_does_not():
    cold = comparison("memory_peak_bytes")
    (note,) = comparison_notes([cold, cold])
    assert note.startswith("Memory of cold trials: without the page cache of the image")
    assert comparison_notes([replace(cold, cache="image", arm="need")]) == []


@pytest.mark.parametrize(
    ("over", "limit", "n", "words"),
    [
        ("max", "<= 30.0 s", 6, "worst 17.2 s"),
        ("max", "<= 30.0 s", 1, "17.2 s"),
        ("median", "<= 30.0 s", 6, "median 17.2 s"),
        ("min", ">= 1.00 s", 6, "worst 17.2 s"),
        ("min", "<= 30.0 s", 6, "lowest 17.2 s"),
        ("max", ">= 1.00 s", 6, "highest 17.2 s"),
        ("", "<= 30.0 s", 6, "17.2 s"),
    ],
)
def test_a_judged_value_says_which_of_its_trials_it_is(over, limit, n, words):
    made = Verdict(
        case="bad", id="CI-5", metric="startup_s", over=over, arm="fit", cache="cold",
        limit=limit, actual=17.2, n=n, interval=None, verdict=Outcome.PASS, severity="block",
        expected=True, required=True, reason="", unit="s",
    )  # fmt: skip
    assert actual_words(made) == words


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


def test_what_is_shown_is_clean_and_lines_become_one():
    assert visible("a\x1b[31mb\tc\nd") == "ab c\nd"
    assert one_line(" a\x00 \n b ") == "a· b"


def test_small_p_values_and_factors_are_rounded_for_people():
    assert p_words(None) == ""
    assert p_words(0.00216) == "0.0022"
    assert p_words(1e-7) == "< 0.0001"
    assert [times(one) for one in (1.234, 4.44, 12.6, 250.0)] == ["1.23x", "4.4x", "13x", "250x"]


@pytest.mark.parametrize(
    ("ratio", "words"), [(None, ""), (1.05, "5 %"), (1.434, "43 %"), (2.0, "2.0x"), (2.44, "2.4x")]
)
def test_what_could_have_been_found_is_told_as_a_share_or_a_factor(ratio, words):
    assert detectable_words(ratio) == words


def test_an_effect_has_its_figure_and_its_word():
    assert effect_words(None) == ""
    assert effect_words(0.934) == "0.93 large"
    assert effect_words(0.5) == "0.50 negligible"


@pytest.mark.parametrize(
    ("origins", "said"),
    [
        ([], "beyond 5 %. "),
        (["noise not known"] * 2, "5 %, as this host's own noise is not known (`bench selftest`"),
        (["practical"] * 2, "5 %, as this host's own noise is no larger. "),
        (["practical", "noise not known"], "noise is no larger where it is known. "),
        (
            ["practical", "noise"],
            "5 %, or this host's own noise where that is larger (start incl. pull 7.3 %). ",
        ),
    ],
)
def test_the_band_is_told_with_where_it_comes_from(origins, said):
    shares = {"noise": 0.0731}
    made = [comparison(band_from=one, band=shares.get(one, 0.05)) for one in origins]
    image = comparison(metric="image_size_bytes", cache="", band_from="practical")
    assert said in rule_words([image, *made])

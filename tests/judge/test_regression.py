"""What a comparison does to the exit code: `--fail-on` and `--baseline`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.core.errors import UsageError
from bench.journal.facts.comparison import Comparison, Difference, Interval
from bench.judge.model import Outcome, Verdict
from bench.judge.regression import (
    Watched,
    parse_fail_on,
    watch,
    watch_judged,
    watched_exit_code,
)


def comparison(
    baseline: float | None,
    candidate: float | None,
    difference: Difference = Difference.WORSE,
    metric: str = "startup_s",
) -> Comparison:
    return Comparison(
        "A", "B", metric, "cold", "fit", 6, 6, baseline, candidate,
        None, None, 0.002, 0.05, difference, "",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "metric", "share", "amount"),
    [
        ("startup_s:10%,500ms", "startup_s", 0.1, 0.5),
        ("startup_s: 500ms, 10 %", "startup_s", 0.1, 0.5),
        ("startup_s:2.5%", "startup_s", 0.025, None),
        ("startup_s:1s", "startup_s", None, 1.0),
        ("image_size_bytes:5%,10MiB", "image_size_bytes", 0.05, 10 * 2**20),
        ("layer_count:2", "layer_count", None, 2.0),
        ("cpu_cores_peak:0.5", "cpu_cores_peak", None, 0.5),
    ],
)
def test_margins_are_read_in_the_metrics_unit(text, metric, share, amount):
    found = parse_fail_on(text)
    assert (found.metric.name, found.share, found.amount) == (metric, share, amount)


def test_margins_are_told_in_words():
    assert str(parse_fail_on("startup_s:10%,500ms")) == (
        "startup_s worse by more than 10 % and 500 ms"
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("startup:10%", "startup_s"),
        ("startup_s", "has no margin"),
        ("startup_s:", "has no margin"),
        ("startup_s:500", "neither a share nor an amount of s"),
        ("startup_s:10%,", "neither a share"),
        ("startup_s:10%,20%", "repeats a kind of margin"),
        ("startup_s:1s,2s", "repeats a kind of margin"),
        ("cpu_cores_peak:-1", "neither a share"),
        ("net_rx_bytes:10%", "neither good nor bad"),
    ],
)
def test_margins_that_cannot_be_meant_are_refused(text, says):
    with pytest.raises(UsageError, match=says):
        parse_fail_on(text)


FAIL, PASS, OPEN = Outcome.FAIL, Outcome.PASS, Outcome.INCONCLUSIVE


def outcome(made: Comparison, text: str = "startup_s:10%,500ms") -> Outcome:
    (found,) = watch([made], parse_fail_on(text))
    return found.outcome


@pytest.mark.parametrize(
    ("baseline", "candidate", "expected"),
    [
        (10.0, 12.0, FAIL),
        (10.0, 10.9, PASS),  # over the amount, within the share
        (10.0, 11.0, PASS),  # exactly the share is not more than it
        (1.0, 1.4, PASS),  # over the share, within the amount
        (1.0, 1.5, PASS),  # exactly the amount is not more than it
        (0.0, 0.6, FAIL),
        (None, 5.0, OPEN),
        (5.0, None, OPEN),
    ],
)
def test_every_margin_must_be_exceeded(baseline, candidate, expected):
    ratio = candidate / baseline if baseline and candidate else None
    tight = Interval(ratio, ratio) if ratio else None
    assert outcome(replace(comparison(baseline, candidate), interval=tight)) is expected


@pytest.mark.parametrize(
    ("difference", "high", "expected"),
    [
        (Difference.WORSE, 1.30, FAIL),
        (Difference.INCONCLUSIVE, 1.30, OPEN),
        (Difference.INCONCLUSIVE, 1.04, PASS),
        (Difference.SAME, 1.04, PASS),
        (Difference.BETTER, 0.90, PASS),
    ],
)
def test_a_fail_must_be_called_and_a_pass_rules_a_regression_out(difference, high, expected):
    made = replace(comparison(10.0, 12.0, difference), interval=Interval(0.85, high))
    assert outcome(made) is expected


def test_a_candidate_that_fails_more_often_is_a_regression_however_quick_the_rest_is():
    made = replace(comparison(10.0, 10.0, Difference.SAME), failed_candidate=6)
    assert outcome(made) is FAIL
    assert outcome(replace(made, failed_baseline=6)) is PASS
    assert outcome(replace(made, failed_baseline=8)) is PASS
    assert outcome(replace(made, candidate_median=None, n_candidate=0)) is FAIL


def test_a_difference_within_the_margins_is_open_where_it_may_be_larger():
    made = replace(comparison(10.0, 10.8), interval=Interval(1.06, 1.12))
    assert outcome(made, "startup_s:10%") is OPEN
    assert outcome(made, "startup_s:15%") is PASS
    assert outcome(made, "startup_s:10%,2s") is PASS


@pytest.mark.parametrize("difference", [Difference.WORSE, Difference.INCONCLUSIVE])
def test_without_an_interval_nothing_rules_a_regression_out(difference):
    assert outcome(comparison(10.0, 10.1, difference)) is OPEN


@pytest.mark.parametrize(("size", "expected"), [(105.0, PASS), (120.0, FAIL)])
def test_one_exact_figure_for_each_image_needs_no_interval(size, expected):
    made = comparison(100.0, size, metric="image_size_bytes")
    made = replace(made, n_baseline=1, n_candidate=1, cache="", arm="", p_value=None)
    assert outcome(made, "image_size_bytes:10%") is expected


def test_a_build_that_was_timed_once_is_open():
    made = comparison(100.0, 100.1, Difference.INCONCLUSIVE, metric="build_s")
    assert outcome(replace(made, n_baseline=1, n_candidate=1), "build_s:10%") is OPEN


def test_a_metric_that_nobody_measured_is_open():
    (found,) = watch([comparison(1.0, 9.0, metric="ready_s")], parse_fail_on("startup_s:10%"))
    assert (found.outcome, found.reason) == (OPEN, "it was not measured")


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [([], 0), ([PASS], 0), ([PASS, FAIL], 1), ([FAIL, OPEN, PASS], 3), ([OPEN], 3)],
)
def test_what_could_not_be_judged_is_graver_than_a_regression(outcomes, code):
    margins = parse_fail_on("startup_s:10%")
    assert watched_exit_code([Watched(margins, one, "") for one in outcomes]) == code


# Against an earlier run, without margins


def verdict(metric: str, severity: str = "block") -> Verdict:
    return Verdict(
        "good", metric, metric, "max", "fit", "cold", "", 1.0, 6, None, Outcome.PASS, severity,
        expected=True, required=True, reason="",
    )  # fmt: skip


def judged(found: list[Comparison], verdicts: list[Verdict]) -> list[tuple[str, Outcome]]:
    return [(one.fail_on.metric.name, one.outcome) for one in watch_judged(found, verdicts)]


def test_a_regression_counts_in_what_a_blocking_rule_judges():
    found = [
        comparison(1.0, 2.0, metric="startup_s"),
        comparison(1.0, 2.0, metric="image_size_bytes"),
        comparison(1.0, 2.0, metric="memory_peak_bytes"),
        comparison(1.0, 2.0, metric="remove_s"),
    ]
    rules = [verdict("startup_s"), verdict("image_size_bytes", "warn"), verdict("")]
    assert judged(found, rules) == [("startup_s", FAIL)]


def test_where_nothing_is_judged_the_start_counts():
    found = [comparison(1.0, 2.0, metric=name) for name in ("startup_s", "ready_s")]
    assert judged(found, []) == [("startup_s", FAIL)]


def test_any_amount_that_is_called_is_a_regression():
    made = replace(comparison(10.0, 10.6), interval=Interval(1.051, 1.07))
    assert judged([made], []) == [("startup_s", FAIL)]


def test_too_few_trials_cannot_be_judged_with_or_without_margins():
    made = replace(comparison(1.0, 9.0, Difference.INCONCLUSIVE), n_baseline=3, n_candidate=3)
    assert judged([made], []) == [("startup_s", OPEN)]
    assert outcome(made) is OPEN


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.97, 1.08, PASS), (0.5, 1.02, PASS), (0.9, 0.99, PASS), (1.01, 1.2, OPEN)],
)
def test_enough_trials_that_call_nothing_pass_unless_they_all_point_to_worse(low, high, expected):
    made = comparison(10.0, 10.2, Difference.INCONCLUSIVE)
    made = replace(made, interval=Interval(low, high))
    assert judged([made], []) == [("startup_s", expected)]


def test_more_failed_trials_are_a_regression_without_margins_too():
    made = replace(comparison(10.0, None, Difference.NOT_MEASURED), failed_candidate=2)
    assert judged([replace(made, n_candidate=0)], []) == [("startup_s", FAIL)]


def test_a_figure_that_may_be_missing_is_passed_over_where_it_is():
    missing = comparison(10.0, None, Difference.NOT_MEASURED)
    assert judged([missing], [verdict("startup_s")]) == [("startup_s", OPEN)]
    optional = replace(verdict("startup_s"), required=False)
    other = comparison(1.0, 1.0, Difference.SAME, metric="ready_s")
    assert judged([missing, other], [optional, verdict("ready_s")]) == [("ready_s", PASS)]


def test_where_nothing_is_left_to_compare_there_is_no_pass():
    missing = comparison(10.0, None, Difference.NOT_MEASURED)
    optional = replace(verdict("startup_s"), required=False)
    assert judged([missing], [optional]) == [("startup_s", OPEN)]
    assert judged([], [verdict("memory_peak_bytes")]) == [("startup_s", OPEN)]


def test_a_build_that_was_timed_once_says_nothing_of_a_regression():
    made = comparison(100.0, 900.0, Difference.INCONCLUSIVE, metric="build_s")
    start = comparison(10.0, 10.0, Difference.SAME)
    assert judged([replace(made, cache=""), start], [verdict("build_s")]) == [("startup_s", PASS)]


# margins narrower than what is called the same


@pytest.mark.parametrize(
    ("text", "high", "expected"),
    [
        ("startup_s:2%", 1.045, OPEN),
        ("startup_s:2%", 1.015, PASS),
        ("startup_s:10%", 1.045, PASS),
    ],
)
def test_what_is_called_the_same_passes_only_within_the_margins(text, high, expected):
    made = comparison(10.0, 10.3, Difference.SAME)
    assert outcome(replace(made, interval=Interval(0.99, high)), text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("image_size_bytes:1%", FAIL), ("image_size_bytes:5%", PASS)],
)
def test_an_exact_figure_goes_by_its_margins_alone(text, expected):
    made = comparison(1000.0, 1045.0, Difference.SAME, "image_size_bytes")
    assert outcome(replace(made, cache="", arm="", n_baseline=1, n_candidate=1), text) is expected
    smaller = replace(made, candidate_median=900.0, cache="", arm="")
    assert outcome(smaller, text) is PASS


def test_figures_too_close_to_tell_apart_are_open_beyond_the_margins():
    made = comparison(2.0, 3.0, Difference.SAME)
    assert outcome(made, "startup_s:10%") is OPEN
    assert outcome(made, "startup_s:2s") is PASS
    assert judged([made], []) == [("startup_s", PASS)]


# what was judged without limits


def test_a_metric_that_a_rule_judges_without_limits_is_watched_there_alone():
    fit = comparison(1.0, 1.0, Difference.SAME, "cpu_to_ready_s")
    need = replace(comparison(1.0, 2.0, metric="cpu_to_ready_s"), arm="need", cache="image")
    rule = replace(verdict("cpu_to_ready_s"), arm="need")
    assert judged([fit, need], [rule]) == [("cpu_to_ready_s", FAIL)]
    assert judged([fit], [rule]) == [("cpu_to_ready_s", OPEN)]

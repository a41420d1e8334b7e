"""One list of values against one limit, aggregate by aggregate."""

from __future__ import annotations

import math

import pytest

from bench.judge.aggregates import decide
from bench.judge.model import Outcome
from bench.standard.thresholds import Aggregate, Limit, Operator

INF = math.inf
P, F, I = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE  # noqa: E741
AT_MOST_10 = Limit(Operator.AT_MOST, 10.0)
AT_LEAST_10 = Limit(Operator.AT_LEAST, 10.0)


@pytest.mark.parametrize(
    ("over", "values", "outcome", "actual"),
    [
        ("max", [9, 10], P, 10),
        ("max", [9, 10.1], F, 10.1),
        ("max", [10], P, 10),
        ("max", [9, INF], F, None),
        ("min", [9, 11], P, 9),
        ("min", [11, 12], F, 11),
        ("min", [9, INF], P, 9),
        ("median", [9] * 5, I, 9),
        ("median", [11] * 5, I, 11),
        ("median", [9] * 6, P, 9),
        ("median", [11] * 6, F, 11),
        ("median", [8, 8, 8, 8, 8, 11], I, 8),
        ("median", [8, 8, 8, 8, 8, INF], I, 8),
        ("median", [8, 8, 8, 8, 8, 8, 8, 8, INF], P, 8),
        ("median", [9, INF, INF, INF, INF, INF], I, None),
        ("median", [11, INF, INF, INF, INF, INF], F, None),
        ("median", [INF] * 3, F, None),
        ("mean", [1] * 58, I, 1),
        ("mean", [1] * 59, P, 1),
        ("mean", [9] * 59, I, 9),
        ("mean", [1] * 58 + [20], P, 78 / 59),
        ("mean", [5] * 58 + [100], I, 390 / 59),
        ("mean", [11] * 6, I, 11),
        ("mean", [11] * 59, F, 11),
        ("mean", [30] * 6, F, 30),
        ("mean", [201], I, 201),
        ("mean", [401], F, 401),
        ("mean", [0] * 59, P, 0),
        ("mean", [1] * 5 + [INF], F, None),
        ("p90", [9] * 28, I, 9),
        ("p90", [9] * 29, P, 9),
        ("p95", [9] * 58, I, 9),
        ("p95", [9] * 59, P, 9),
        ("p99", [9] * 60, I, 9),
        ("p95", [11], F, 11),
        ("p90", [11], I, 11),
        ("p90", [11] * 2, F, 11),
        ("p95", [9] * 17 + [11] * 3, I, 11),
        ("p95", [9] * 16 + [11] * 4, F, 11),
        ("p95", [11] * 20, F, 11),
        ("p90", [9] * 19 + [INF], I, 9),
        ("p95", [9] * 19 + [INF], I, None),
        ("p99", [INF] * 4, F, None),
    ],
)
def test_each_aggregate_is_decided_by_its_rule(over, values, outcome, actual):
    found = decide([float(one) for one in values], Aggregate(over), AT_MOST_10, "s")
    assert (found.outcome, found.actual, found.n) == (outcome, actual, len(values)), found.reason


@pytest.mark.parametrize(
    ("over", "values", "outcome"),
    [
        ("min", [10, 12], P),
        ("min", [9, 12], F),
        ("max", [9, 12], P),
        ("min", [-INF, 12], F),
        ("max", [-INF, 12], P),
        ("max", [-INF, -INF], F),
        ("median", [11] * 6, P),
        ("median", [9] * 6, F),
        ("median", [-INF] + [11] * 5, I),
        ("median", [-INF] + [11] * 8, P),
        ("p95", [11], P),
        ("p95", [9], I),
        ("p95", [9] * 58, I),
        ("p95", [9] * 59, F),
        ("p90", [11], I),
        ("p90", [11] * 2, P),
        ("p90", [-INF, 11], I),
        ("p99", [-INF] * 3, F),
        ("mean", [11] * 6, I),
        ("mean", [19] * 6, P),
        ("mean", [11] * 59, P),
        ("mean", [1] * 58, I),
        ("mean", [1] * 59, F),
        ("mean", [0.0] + [19] * 5, I),
        ("mean", [-INF] + [30] * 58, F),
    ],
)
def test_a_lower_limit_is_met_from_above(over, values, outcome):
    found = decide([float(one) for one in values], Aggregate(over), AT_LEAST_10, "s")
    assert found.outcome is outcome, found.reason


@pytest.mark.parametrize("over", Aggregate)
@pytest.mark.parametrize("n", [1, 2, 6, 59, 299])
@pytest.mark.parametrize("limit", [AT_MOST_10, AT_LEAST_10])
@pytest.mark.parametrize("value", [INF, -INF])
def test_trials_without_a_value_never_pass_whatever_their_sign(over, n, limit, value):
    assert decide([value] * n, over, limit, "s").outcome is F


@pytest.mark.parametrize("over", ["max", "median", "mean", "p90", "p95", "p99"])
@pytest.mark.parametrize("n", [1, 2, 6, 20, 60])
def test_an_upper_limit_is_never_passed_by_a_bound_without_end(over, n):
    missing = 1 if over in ("max", "mean") else (n + 1) // 2
    values = [1.0] * (n - missing) + [INF] * missing
    found = decide(values, Aggregate(over), AT_MOST_10, "s")
    assert found.outcome is not P, found.reason


@pytest.mark.parametrize("over", ["min", "median", "mean"])
@pytest.mark.parametrize("n", [1, 2, 6, 20, 60])
@pytest.mark.parametrize("value", [INF, -INF])
def test_a_lower_limit_is_never_passed_by_an_infinite_value(over, n, value):
    missing = (n + 1) // 2 if over == "median" else 1
    found = decide([value] * missing + [99.0] * (n - missing), Aggregate(over), AT_LEAST_10, "s")
    assert found.outcome is not P, found.reason


@pytest.mark.parametrize("over", Aggregate)
@pytest.mark.parametrize("limit", [AT_MOST_10, AT_LEAST_10])
def test_a_value_that_is_no_number_is_an_error(over, limit):
    found = decide([1.0, math.nan, 99.0], over, limit, "s")
    assert (found.outcome, found.actual) == (Outcome.ERROR, None)
    assert found.reason == "1 of 3 trials has a value that is not a number"


def test_the_mean_of_values_below_zero_is_not_judged():
    found = decide([-1.0] + [1.0] * 58, Aggregate.MEAN, AT_MOST_10, "s")
    assert found.outcome is I
    assert (
        found.reason == "a mean is bounded where no value is below zero, and the smallest is -1 s"
    )


@pytest.mark.parametrize(("operator", "outcome"), [("<=", P), ("<", F), (">=", P), (">", F)])
def test_a_value_equal_to_the_limit_goes_by_the_operator(operator, outcome):
    assert decide([10.0], Aggregate.MAX, Limit(Operator(operator), 10.0), "s").outcome is outcome


@pytest.mark.parametrize("n", range(1, 13))
def test_a_median_far_from_its_limit_is_decided_from_six_trials_on(n):
    near, far = [1.0 + one / 100 for one in range(n)], [20.0 + one / 100 for one in range(n)]
    expected = (P, F) if n >= 6 else (I, I)
    found = tuple(
        decide(values, Aggregate.MEDIAN, AT_MOST_10, "s").outcome for values in (near, far)
    )
    assert found == expected


def test_an_interval_that_spans_the_limit_says_so_and_stands_in_the_finding():
    found = decide([8.0, 8, 9, 9, 10, 11], Aggregate.MEDIAN, AT_MOST_10, "s")
    assert "spans <= 10.0 s" in found.reason
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == (8, 11)


def test_an_interval_without_an_end_is_told_in_words_only():
    found = decide([8.0] * 5 + [INF], Aggregate.MEDIAN, AT_MOST_10, "s")
    assert found.interval is None
    assert "8.00 s to infinite" in found.reason


@pytest.mark.parametrize("over", ["max", "min"])
def test_a_point_has_no_interval(over):
    assert decide([1.0] * 60, Aggregate(over), AT_MOST_10, "s").interval is None


@pytest.mark.parametrize(("over", "fewest"), [("p90", 29), ("p95", 59), ("p99", 299)])
def test_a_quantile_passes_only_by_its_own_bound(over, fewest):
    few = decide([1.0] * (fewest - 1), Aggregate(over), AT_MOST_10, "s")
    assert (few.outcome, few.actual, few.interval) == (I, 1.0, None)
    assert few.reason == (
        f"{over} 1.00 s of {fewest - 1} trials is a point estimate: "
        f"{over} needs {fewest} trials for a 95 % bound, there are {fewest - 1}"
    )
    enough = decide([1.0] * fewest, Aggregate(over), AT_MOST_10, "s")
    assert enough.outcome is P
    assert "1.00 s to 1.00 s (95 % bounds), meets <= 10.0 s" in enough.reason


def test_one_straggler_in_twenty_is_not_passed_by_a_p99():
    limit = Limit(Operator.AT_MOST, 30.0)
    found = decide([25.0] * 19 + [31.0], Aggregate.P99, limit, "s")
    assert found.outcome is I
    assert "p99 needs 299 trials for a 95 % bound, there are 20" in found.reason


def test_a_quantile_of_a_few_fails_by_its_lower_bound():
    found = decide([11.0, 12.0, 13.0], Aggregate.P95, AT_MOST_10, "s")
    assert found.outcome is F
    assert found.reason == (
        "p95 12.9 s of 3 trials; with 95 % confidence it is at least 12.0 s, "
        "which does not meet <= 10.0 s"
    )


def test_a_quantile_of_a_few_meets_a_lower_limit_by_its_lower_bound():
    found = decide([11.0, 12.0, 13.0], Aggregate.P95, AT_LEAST_10, "s")
    assert (found.outcome, found.interval) == (P, None)
    assert found.reason == (
        "p95 12.9 s of 3 trials; with 95 % confidence it is at least 12.0 s, which meets >= 10.0 s"
    )


def test_a_mean_says_how_many_trials_it_takes_and_why():
    found = decide([9.0] * 20, Aggregate.MEAN, AT_MOST_10, "s")
    assert found.reason == (
        "mean 9.00 s of 20 trials is a point estimate: mean needs 59 trials for a 95 % bound, "
        "there are 20; fewer trials may miss a straggler that comes once in 20"
    )


def test_a_mean_that_passes_says_what_it_takes_for_granted():
    found = decide([1.0] * 59, Aggregate.MEAN, AT_MOST_10, "s")
    assert found.interval is not None
    assert found.interval.confidence == 0.9
    assert 0.9 < found.interval.low < 1.0 < found.interval.high < 1.2
    assert "(95 % bounds, if no trial has more than 3.00 s, 3 times the" in (found.reason)


@pytest.mark.parametrize(
    ("over", "values", "limit", "share"),
    [
        ("max", [9.0] * 6, AT_MOST_10, "6 of 6; with 95 % confidence at least 61 %"),
        ("max", [9.0], AT_MOST_10, "1 of 1; with 95 % confidence at least 5 %"),
        ("max", [9.0] * 60, AT_MOST_10, "60 of 60; with 95 % confidence at least 95 %"),
        ("max", [9.0] * 299, AT_MOST_10, "299 of 299; with 95 % confidence at least 99 %"),
        ("max", [9.0] * 3000, AT_MOST_10, "3000 of 3000; with 95 % confidence at least 99.9 %"),
        ("min", [11.0] * 6, AT_LEAST_10, "6 of 6; with 95 % confidence at least 61 %"),
        ("min", [9.0] + [11.0] * 5, AT_MOST_10, "1 of 6; with 95 % confidence at least 0.9 %"),
        ("max", [9.0] * 3 + [11.0] * 3, AT_LEAST_10, "3 of 6; with 95 % confidence at least 15 %"),
    ],
)
def test_a_maximum_that_meets_its_limit_says_of_how_many_starts_that_holds(
    over, values, limit, share
):
    found = decide(values, Aggregate(over), limit, "s")
    assert found.outcome is P
    assert found.reason.endswith(f", {share} of starts meet it")


def test_a_maximum_that_does_not_meet_its_limit_promises_nothing():
    assert "confidence" not in decide([11.0] * 6, Aggregate.MAX, AT_MOST_10, "s").reason


@pytest.mark.parametrize(
    ("slow", "outcome"),
    # With 60 values the bounds of p95 are the 54th and the largest.
    [(0, P), (1, I), (6, I), (7, F)],
)
def test_a_quantile_whose_bounds_span_the_limit_is_inconclusive(slow, outcome):
    found = decide([9.0] * (60 - slow) + [11.0] * slow, Aggregate.P95, AT_MOST_10, "s")
    assert found.outcome is outcome, found.reason
    assert found.interval is not None
    assert found.interval.confidence == 0.9


@pytest.mark.parametrize(("fast", "outcome"), [(0, P), (53, P), (54, I), (59, I), (60, F)])
def test_the_bounds_decide_a_lower_limit_too(fast, outcome):
    found = decide([11.0] * (60 - fast) + [9.0] * fast, Aggregate.P95, AT_LEAST_10, "s")
    assert found.outcome is outcome, found.reason


def test_failed_trials_reach_the_upper_bound_first():
    found = decide([9.0] * 59 + [INF], Aggregate.P95, AT_MOST_10, "s")
    assert (found.outcome, found.actual, found.interval) == (I, 9.0, None)
    assert "9.00 s to infinite (95 % bounds), spans <= 10.0 s" in found.reason


def test_too_few_trials_are_said_with_what_is_needed():
    found = decide([1.0] * 3, Aggregate.MEDIAN, AT_MOST_10, "s")
    assert "needs 6 trials for a 95 % interval, there are 3" in found.reason
    found = decide([1.0] * 3, Aggregate.P95, AT_MOST_10, "s")
    assert "needs 59 trials for a 95 % bound, there are 3" in found.reason


def test_a_value_that_rounds_to_the_limit_is_shown_in_full():
    found = decide([10.004], Aggregate.MAX, AT_MOST_10, "s")
    assert found.reason == "10.004 s, the max of 1 trial, does not meet <= 10.0 s"

"""One list of values against one limit, aggregate by aggregate."""

from __future__ import annotations

import math

import pytest

from bench.judge.aggregates import decide
from bench.judge.model import Outcome
from bench.scenario.thresholds import Aggregate, Limit, Operator

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
        ("mean", [9] * 5, I, 9),
        ("mean", [9] * 6, P, 9),
        ("mean", [11] * 6, F, 11),
        ("mean", [5, 6, 7, 12, 13, 14], I, 9.5),
        ("mean", [1] * 5 + [INF], F, None),
        ("p95", [9] * 19, I, 9),
        ("p95", [11] * 19, I, 11),
        ("p95", [9] * 20, P, 9),
        ("p95", [11] * 20, F, 11),
        ("p90", [9] * 19 + [INF], P, 9),
        ("p95", [9] * 19 + [INF], F, None),
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
    ],
)
def test_a_lower_limit_is_met_from_above(over, values, outcome):
    found = decide([float(one) for one in values], Aggregate(over), AT_LEAST_10, "s")
    assert found.outcome is outcome


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
def test_a_quantile_is_labelled_a_point_estimate_until_n_bears_a_bound(over, fewest):
    few = decide([1.0] * (fewest - 1), Aggregate(over), AT_MOST_10, "s")
    label = f"point estimate: n={fewest - 1} is too few for a 95 % bound on {over}"
    assert label in few.reason
    enough = decide([1.0] * fewest, Aggregate(over), AT_MOST_10, "s")
    assert "point estimate" not in enough.reason
    assert "1.00 s to 1.00 s (a 95 % bound on each side), meets <= 10.0 s" in enough.reason


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
    assert "9.00 s to infinite (a 95 % bound on each side), spans <= 10.0 s" in found.reason


def test_too_few_trials_are_said_with_what_is_needed():
    found = decide([1.0] * 3, Aggregate.MEDIAN, AT_MOST_10, "s")
    assert "needs at least 6 trials, there are 3" in found.reason
    found = decide([1.0] * 3, Aggregate.P95, AT_MOST_10, "s")
    assert "needs at least 20 trials, there are 3" in found.reason


def test_a_value_that_rounds_to_the_limit_is_shown_in_full():
    found = decide([10.004], Aggregate.MAX, AT_MOST_10, "s")
    assert found.reason == "10.004 s, the max of 1 trial, does not meet <= 10.0 s"

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.core.metrics import METRICS
from bench.scenario.model import Threshold, expand_threshold, threshold_limit
from bench.standard.thresholds import (
    Aggregate,
    Limit,
    Operator,
    least_trials,
    metric_named,
    parse_expression,
    parse_limit,
    split_aggregate,
)


@pytest.mark.parametrize(
    ("text", "unit", "aggregate", "limit"),
    [
        ("<= 30s", "s", None, Limit(Operator.AT_MOST, 30.0)),
        ("max <= 1m30s", "s", Aggregate.MAX, Limit(Operator.AT_MOST, 90.0)),
        ("p95<2s", "s", Aggregate.P95, Limit(Operator.BELOW, 2.0)),
        ("p95 <= 2s", "s", Aggregate.P95, Limit(Operator.AT_MOST, 2.0)),
        ("  median  >=  500ms ", "s", Aggregate.MEDIAN, Limit(Operator.AT_LEAST, 0.5)),
        ("<= 1024MiB", "bytes", None, Limit(Operator.AT_MOST, 2**30)),
        ("<= 1 GB", "bytes", None, Limit(Operator.AT_MOST, 10**9)),
        ("> 50 %", "pct", None, Limit(Operator.ABOVE, 50.0)),
        ("<= 4", "cores", None, Limit(Operator.AT_MOST, 4.0)),
        ("<= 4 cores", "cores", None, Limit(Operator.AT_MOST, 4.0)),
        ("max <= 0", "", Aggregate.MAX, Limit(Operator.AT_MOST, 0.0)),
    ],
)
def test_an_expression_is_read(text, unit, aggregate, limit):
    assert parse_expression(text, unit) == (aggregate, limit)


@pytest.mark.parametrize(
    ("text", "unit", "complaint"),
    [
        ("30s", "s", "not a threshold"),
        ("<=", "s", "not a threshold"),
        ("= 3s", "s", "not a threshold"),
        ("", "s", "not a threshold"),
        ("<= 30", "s", "has no unit; write 30s"),
        ("<= 8g", "bytes", "not an exact size"),
        ("<= 1000", "bytes", "has no unit; write 1000MiB"),
        ("<= 3s", "bytes", "not an exact size"),
        ("<= 3MB", "s", "not a duration"),
        ("maximum <= 3s", "s", "'maximum' is not an aggregate"),
        ("p96 <= 3s", "s", "known are max, min, median, mean, p90, p95, p99"),
        ("<= -3s", "s", "negative"),
        ("<= -1", "", "negative"),
        ("<= nan", "", "not a finite number"),
        ("<= 1e999", "", "not a finite number"),
        ("<= many", "", "not a number"),
        ("<= 4 eggs", "cores", "not a number of cores"),
    ],
)
def test_what_cannot_be_meant_is_refused(text, unit, complaint):
    with pytest.raises(ValueError, match=complaint):
        parse_expression(text, unit)


def test_a_long_limit_names_no_aggregate():
    with pytest.raises(ValueError, match="write it as `over: p95`"):
        parse_limit("p95 <= 3s", "s")


def test_a_metric_that_does_not_exist_suggests_the_nearest():
    assert metric_named("startup_s") is METRICS["startup_s"]
    with pytest.raises(ValueError, match="did you mean 'startup_s'"):
        metric_named("startup")


@pytest.mark.parametrize(
    ("short", "over"), [("p95 <= 2s", "p95"), ("min>1s", "min"), ("<= 2s", "max")]
)
def test_a_short_threshold_is_the_long_one_it_stands_for(short, over):
    threshold = Threshold.model_validate(short)
    limit = short.removeprefix("p95").removeprefix("min")
    assert threshold == Threshold(over=Aggregate(over), limit=split_aggregate(limit)[1])
    assert threshold_limit("startup_s", threshold, {}) == parse_limit(limit, "s")


@pytest.mark.parametrize("value", [30, None, True, ["<= 3s"], "30s", "med <= 3s"])
def test_nothing_else_is_a_short_threshold(value):
    with pytest.raises(ValueError, match="is not a"):
        expand_threshold(value)


@given(
    st.sampled_from([*Aggregate, None]),
    st.sampled_from(list(Operator)),
    st.integers(0, 10**6),
    st.sampled_from(["", " ", "  "]),
)
def test_every_expression_that_can_be_written_is_read_back(aggregate, operator, number, gap):
    text = f"{aggregate or ''}{gap}{operator}{gap}{number}ms"
    found, limit = parse_expression(text, "s")
    assert (found, limit.operator) == (aggregate, operator)
    assert limit.value == pytest.approx(number / 1000)


@given(st.sampled_from(list(Operator)), st.floats(0, 1e9), st.floats(0, 1e9))
def test_a_limit_holds_as_its_operator_says(operator, value, limit):
    expected = {
        "<=": value <= limit,
        "<": value < limit,
        ">=": value >= limit,
        ">": value > limit,
    }
    assert Limit(operator, limit).holds(value) is expected[operator.value]


@given(st.text(max_size=20), st.sampled_from(["s", "bytes", "cores", "pct", "J", ""]))
def test_any_text_is_read_or_refused_with_a_reason(text, unit):
    try:
        aggregate, limit = parse_expression(text, unit)
    except ValueError as error:
        assert str(error)  # noqa: PT017
    else:
        assert limit.value >= 0
        assert aggregate is None or aggregate in Aggregate


def test_quantiles_are_shares():
    assert [one.quantile for one in Aggregate] == [None, None, None, None, 0.9, 0.95, 0.99]


def test_a_limit_is_shown_in_its_metric_s_unit():
    assert Limit(Operator.AT_MOST, 30.0).text("s") == "<= 30.0 s"
    assert Limit(Operator.BELOW, 2**30).text("bytes") == "< 1.00 GiB"


@pytest.mark.parametrize(
    ("over", "upper", "lower"),
    [
        ("max", 1, 1),
        ("min", 1, 1),
        ("median", 6, 6),
        ("mean", 59, 1),
        ("p90", 29, 2),
        ("p95", 59, 1),
        ("p99", 299, 1),
    ],
)
def test_each_aggregate_can_pass_from_its_own_number_of_trials_on(over, upper, lower):
    for operator in Operator:
        needed = least_trials(Aggregate(over), operator)
        assert needed == (upper if operator in ("<=", "<") else lower)

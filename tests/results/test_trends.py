"""Which runs make a trend, what its points are, and which trends are shown."""

from __future__ import annotations

import pytest

from bench.core.metrics import Better, Metric
from bench.results.trends import Trend, TrendChoice, trends
from tests.histories import recorded, run_name, together

READY = TrendChoice(("ready_s",))
STEP = [1.0] * 8 + [1.3] * 8


def one(found: list[Trend]) -> Trend:
    (trend,) = found
    return trend


def test_each_run_is_a_point_with_its_median_and_interval_in_the_order_of_time():
    trend = one(trends(recorded(STEP), READY))
    assert [point.run for point in trend.points] == [run_name(number) for number in range(16)]
    first = trend.points[0]
    assert first.median == pytest.approx(1.0, rel=0.02)
    assert first.interval is not None
    assert first.interval.low == min(first.values)
    assert (trend.scenario, trend.case, trend.cache, trend.arm) == ("shop", "web", "cold", "fit")


def test_a_change_is_at_the_first_run_after_it():
    trend = one(trends(recorded(STEP), READY))
    assert [trend.points[shift.index].run for shift in trend.shifts] == [run_name(8)]


def test_a_run_in_which_the_case_failed_is_a_gap_and_no_point():
    trend = one(trends(recorded([1.0, None, 1.0]), READY))
    gap = trend.points[1]
    assert (gap.median, gap.interval, gap.gap) == (None, None, "6 of 6 trials failed")
    assert len(trend.measured) == 2


def test_a_gap_before_a_change_does_not_move_it():
    trend = one(trends(recorded([*STEP[:8], None, *STEP[8:]]), READY))
    assert [trend.points[shift.index].run for shift in trend.shifts] == [run_name(9)]


def test_a_case_that_only_failed_has_no_trend():
    assert trends(recorded([None, None]), READY) == []


def test_runs_of_two_engines_are_two_trends_even_if_they_take_turns():
    old, new = {"engine version": "20.10"}, {"engine version": "26.1"}
    first, second = trends(recorded([1.0, 2.0] * 6, circumstances=[old, new] * 6), READY)
    assert first.unlike == ()
    assert second.unlike == ("engine version 26.1, not 20.10",)
    assert (first.shifts, second.shifts) == ((), ())
    assert {len(trend.points) for trend in (first, second)} == {6}


def test_a_newer_engine_is_no_change():
    how = [{"engine version": "20.10"}] * 8 + [{"engine version": "26.1"}] * 8
    assert [trend.shifts for trend in trends(recorded(STEP, circumstances=how), READY)] == [(), ()]


def test_hosts_whose_memory_is_nearly_the_same_are_the_same():
    how = [{"host memory": str(size)} for size in (10_000_000, 10_050_000, 20_000_000)]
    found = trends(recorded([1.0] * 3, circumstances=how), READY)
    assert [len(trend.points) for trend in found] == [2, 1]


def test_the_size_of_an_image_does_not_depend_on_the_engine():
    how = [{"engine version": "20.10"}] * 2 + [{"engine version": "26.1"}] * 2
    runs = recorded(
        [1e8, 1e8, 2e8, 2e8], metric="image_size_bytes", state=("", ""), trials=1, circumstances=how
    )
    trend = one(trends(runs, TrendChoice(("image_size_bytes",))))
    assert [trend.points[shift.index].run for shift in trend.shifts] == [run_name(2)]


def test_images_from_other_bases_are_apart():
    how = [{"base python:3.11": "hub"}, {"base python:3.11": "home-made"}]
    runs = recorded(
        [1e8] * 2, metric="image_size_bytes", state=("", ""), trials=1, circumstances=how
    )
    assert len(trends(runs, TrendChoice(("image_size_bytes",)))) == 2


def test_a_run_that_does_not_know_its_base_joins_those_that_do_and_does_not_join_them():
    how = [{"link": "x"}, {"link": "x", "base a": "hub"}, {"link": "x", "base a": "made"}]
    found = trends(recorded([1.0] * 3, circumstances=how), READY)
    assert [len(trend.points) for trend in found] == [2, 1]


def test_a_case_that_has_no_image_is_a_gap_in_all_its_trends():
    runs = together(
        [
            recorded([1.0, None, 1.0], state=("", "")),
            recorded([1.0, 1.0], first=0),
        ]
    )
    found = trends(runs, READY)
    assert any(point.gap for trend in found for point in trend.points)


# choosing


def both_arms(metric: str, need: int, fit: int = 6):
    return together(
        [
            recorded([1.0] * 4, metric=metric, trials=fit),
            recorded([2.0] * 4, metric=metric, state=("image", "need"), trials=need),
        ]
    )


@pytest.mark.parametrize(
    ("metric", "need", "arm"),
    [
        ("ready_s", 6, "fit"),
        ("memory_anon_peak_bytes", 2, "need"),  # eight over the runs
        ("memory_anon_peak_bytes", 1, "fit"),
    ],
)
def test_a_metric_is_shown_in_the_arm_in_which_it_is_compared(metric, need, arm):
    trend = one(trends(both_arms(metric, need), TrendChoice((metric,))))
    assert trend.arm == arm


def test_every_arm_can_be_had():
    found = trends(both_arms("ready_s", 2), TrendChoice(("ready_s",), every_arm=True))
    assert [trend.arm for trend in found] == ["fit", "need"]


def test_scenarios_cases_and_metrics_can_be_chosen():
    runs = together(
        [
            recorded([1.0] * 2),
            recorded([1.0] * 2, case="api"),
            recorded([1.0] * 2, metric="stop_s"),
            recorded([1.0] * 2, scenario="blog"),
        ]
    )
    assert len(trends(runs, TrendChoice(("ready_s", "stop_s")))) == 4
    assert len(trends(runs, TrendChoice(("ready_s",)))) == 3
    assert {trend.case for trend in trends(runs, TrendChoice(("ready_s",), cases=("api",)))} == {
        "api"
    }
    chosen = trends(runs, TrendChoice(("ready_s",), scenarios=("blog",)))
    assert {trend.scenario for trend in chosen} == {"blog"}


def test_the_last_runs_are_those_of_each_scenario():
    runs = together([recorded([1.0] * 5), recorded([1.0] * 5, scenario="blog", first=9)])
    found = trends(runs, TrendChoice(("ready_s",), last=2))
    assert [len(trend.points) for trend in found] == [2, 2]
    assert found[0].scenario == "blog"  # that with the newest run first


def test_a_metric_of_the_scenario_has_its_own_unit():
    own = {"loss": Metric("loss", "nats", "loss", Better.LOWER, "")}
    runs = recorded([2.0] * 3, metric="loss", own=own)
    trend = one(trends(runs, TrendChoice(("loss",))))
    assert (trend.metric.unit, trend.metric.better) == ("nats", Better.LOWER)


def test_the_noise_of_the_host_widens_the_band():
    noise = {
        "measured_at": "2026-01-01T00:00:00+00:00",
        "floors": {"ready_s": {"share": 0.5, "median": 1.0, "n": 12}},
    }
    assert one(trends(recorded(STEP, noise=noise), READY)).shifts == ()

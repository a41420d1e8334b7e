"""Change points: what is called a change of a figure over runs, and what is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.core.metrics import METRICS, Better, Metric
from bench.journal.facts.comparison import BandFrom, Difference
from bench.judge.changes import RunFigures, find_shifts
from bench.judge.statistics.between_runs import (
    LEAST_ERRORS,
    errors_needed,
    exceeds,
    scatter_between,
)
from bench.judge.statistics.noise import HostNoise, NoiseFloor
from bench.judge.statistics.splits import outstanding_splits, splits_tried
from benchmarks.history_simulations import MadeUp, false_changes, found_changes

START = METRICS["startup_s"]
SIZE = METRICS["image_size_bytes"]


def runs_of(
    rng: np.random.Generator, levels: list[float], *, trials: int = 6, cv: float = 0.08
) -> list[RunFigures]:
    """A run for each level, whose trials have log-normal scatter."""
    return [
        RunFigures(tuple(level * np.exp(rng.normal(0, cv, trials))), step=0.005) for level in levels
    ]


def steps(*stretches: tuple[int, float]) -> list[float]:
    return [level for count, level in stretches for _ in range(count)]


def places(metric: Metric, runs: list[RunFigures]) -> list[int]:
    return [shift.index for shift in find_shifts(metric, runs)]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20_244)


# by simulation, as docs/history.md states it


@pytest.mark.parametrize("how", [MadeUp(0.04), MadeUp(0.08), MadeUp(0.15), MadeUp(0.08, 0.03)])
def test_where_nothing_changed_at_most_one_history_in_twenty_has_a_change(how):
    assert false_changes(how, 200) <= 0.05


@pytest.mark.parametrize("how", [MadeUp(0.04), MadeUp(0.08)])
def test_a_step_of_a_fifth_is_found_at_its_run_in_nine_of_ten_histories(how):
    assert found_changes(how, 200, 0.2) >= 0.9


@pytest.mark.slow
@pytest.mark.parametrize("between", [0.05, 0.08])
def test_runs_that_scatter_by_themselves_are_seldom_called_changes(between):
    """Without regard to that it would be nine histories in ten, at 8 %."""
    assert false_changes(MadeUp(0.04, between), 500) <= 0.10


# what a change is


def test_a_change_has_the_medians_of_both_stretches_and_what_decided(rng):
    runs = runs_of(rng, steps((8, 1.0), (12, 1.3)), cv=0.03)
    (shift,) = find_shifts(START, runs)
    assert (shift.index, shift.n_before, shift.n_after) == (8, 48, 72)
    assert shift.before == pytest.approx(1.0, rel=0.02)
    assert shift.ratio == pytest.approx(shift.after / shift.before)
    assert shift.interval is not None
    assert 1.2 < shift.interval.low < 1.3 < shift.interval.high < 1.4
    assert shift.difference is Difference.WORSE
    assert shift.tried == splits_tried([6] * 20, 6)
    assert shift.corrected_p is not None
    assert shift.corrected_p < 0.05


@pytest.mark.parametrize(
    ("better", "difference"),
    [
        (Better.LOWER, Difference.BETTER),
        (Better.HIGHER, Difference.WORSE),
        (Better.NEITHER, Difference.DIFFERENT),
    ],
)
def test_the_direction_of_the_metric_decides_what_less_means(rng, better, difference):
    metric = Metric("tokens", "", "tokens", better, "")
    (shift,) = find_shifts(metric, runs_of(rng, steps((5, 2.0), (5, 1.0)), cv=0.03))
    assert shift.difference is difference


def test_a_rise_that_is_undone_is_two_changes(rng):
    runs = runs_of(rng, steps((8, 1.0), (4, 1.3), (8, 1.0)), cv=0.03)
    assert places(START, runs) == [8, 12]


def test_several_steps_are_found_in_their_order(rng):
    runs = runs_of(rng, steps((6, 1.0), (6, 1.2), (6, 0.9), (6, 1.3)), cv=0.03)
    assert places(START, runs) == [6, 12, 18]


def test_the_newest_run_alone_can_be_a_change(rng):
    assert places(START, runs_of(rng, steps((19, 1.0), (1, 1.3)), cv=0.03)) == [19]


def test_two_runs_of_six_trials_are_enough(rng):
    assert places(START, runs_of(rng, [1.0, 1.5], cv=0.03)) == [1]


@pytest.mark.parametrize("trials", [1, 2, 5])
def test_fewer_than_six_trials_on_a_side_are_no_change(rng, trials):
    assert places(START, runs_of(rng, [1.0, 9.0], trials=trials, cv=0.001)) == []


def test_runs_of_few_trials_are_taken_together(rng):
    assert places(START, runs_of(rng, steps((5, 1.0), (5, 1.5)), trials=2, cv=0.02)) == [5]


def test_a_change_within_the_practical_band_is_none(rng):
    assert places(START, runs_of(rng, steps((30, 1.0), (30, 1.03)), cv=0.02)) == []


def test_a_host_with_more_noise_has_a_wider_band(rng):
    runs = runs_of(rng, steps((10, 1.0), (10, 1.2)), cv=0.03)
    noise = HostNoise("2026-01-01T00:00:00+00:00", {"startup_s": NoiseFloor(0.4, 1.0, 12)})
    noisy = [replace(run, noise=noise) for run in runs]
    assert places(START, runs) == [10]
    assert places(START, noisy) == []
    (shift,) = find_shifts(START, runs_of(rng, steps((10, 1.0), (10, 2.0)), cv=0.03))
    assert shift.band.origin is BandFrom.NOT_KNOWN


def test_medians_that_are_too_close_to_tell_apart_are_no_change(rng):
    runs = [replace(run, step=0.5) for run in runs_of(rng, steps((9, 0.2), (9, 0.4)), cv=0.03)]
    assert places(START, runs) == []


def test_what_the_runtime_itself_takes_is_no_change(rng):
    runs = [replace(run, floor=0.5) for run in runs_of(rng, steps((9, 0.2), (9, 0.4)), cv=0.03)]
    assert places(START, runs) == []
    assert places(START, [replace(run, floor=0.3) for run in runs]) == [9]


def test_runs_without_values_are_passed_over(rng):
    runs = runs_of(rng, steps((6, 1.0), (6, 1.4)), cv=0.03)
    with_gaps = [*runs[:3], RunFigures(()), *runs[3:8], RunFigures(()), *runs[8:]]
    assert places(START, with_gaps) == [7]


def test_counts_that_begin_at_zero_have_no_ratio_but_a_change():
    metric = METRICS["egress_attempts"]
    (shift,) = find_shifts(metric, [RunFigures((0.0,) * 6)] * 4 + [RunFigures((3.0,) * 6)] * 4)
    assert (shift.index, shift.ratio, shift.interval) == (4, None, None)


@pytest.mark.parametrize("values", [[], [()], [(1.0,)], [()] * 5])
def test_a_history_of_nothing_has_no_change(values):
    assert find_shifts(START, [RunFigures(one) for one in values]) == []
    assert find_shifts(SIZE, [RunFigures(one) for one in values]) == []


def test_values_below_zero_have_no_ratio_and_no_change(rng):
    metric = Metric("loss", "", "loss", Better.LOWER, "")
    runs = [RunFigures(tuple(rng.normal(level, 0.1, 6))) for level in steps((5, -1.0), (5, -2.0))]
    assert find_shifts(metric, runs) == []


# values without noise


def sizes(*values: float) -> list[int]:
    return places(SIZE, [RunFigures((value,)) for value in values])


def test_a_size_changes_by_more_than_the_band():
    assert sizes(1e8, 1e8, 1.04e8, 1e8) == []
    assert sizes(1e8, 1e8, 1.2e8, 1.2e8) == [2]


def test_a_size_that_creeps_changes_where_it_has_left_the_band():
    creeping = [RunFigures((one * 1e6,)) for one in (100, 102, 104, 106, 108, 110)]
    (shift,) = find_shifts(SIZE, creeping)
    assert shift.index == 3
    assert shift.ratio == pytest.approx(1.06)


def test_a_size_has_no_interval_and_no_p():
    (shift,) = find_shifts(SIZE, [RunFigures((one,)) for one in (1e8, 1e8, 2e8)])
    assert (shift.ratio, shift.interval, shift.corrected_p) == (2.0, None, None)
    assert (shift.n_before, shift.n_after, shift.difference) == (2, 1, Difference.WORSE)


def test_bytes_too_few_to_tell_apart_are_no_change():
    runs = [RunFigures((one,), step=65_536.0) for one in (10_000.0, 60_000.0)]
    assert find_shifts(SIZE, runs) == []


def test_the_time_of_a_build_is_measured_once_and_never_called():
    assert places(METRICS["build_s"], [RunFigures((one,)) for one in (1.0, 90.0)]) == []


# the search


def test_the_most_outstanding_split_of_a_step_is_its_place():
    groups = [[1.0, 1.1]] * 5 + [[2.0, 2.1]] * 5
    first = next(outstanding_splits(groups, 4))
    assert (first.start, first.at, first.end) == (0, 5, 10)


def test_every_split_has_values_enough_on_both_sides():
    groups = [[float(number)] for number in range(12)]
    found = list(outstanding_splits(groups, 5))
    assert found
    assert all(split.at - split.start >= 5 and split.end - split.at >= 5 for split in found)


def test_without_spread_nothing_stands_out():
    assert list(outstanding_splits([[1.0] * 6] * 6, 6)) == []


@pytest.mark.parametrize(("runs", "tried"), [(1, 0), (2, 1), (3, 4), (4, 6)])
def test_the_splits_tried_are_those_of_the_whole_and_of_its_windows(runs, tried):
    assert splits_tried([6] * runs, 6) == tried


# between runs


def test_the_scatter_of_runs_is_not_moved_by_a_step(rng):
    medians = np.exp(rng.normal(0, 0.05, 400))
    stepped = medians * np.repeat([1.0, 3.0], 200)
    assert scatter_between(list(medians)) == pytest.approx(0.05, rel=0.2)
    assert scatter_between(list(stepped)) == pytest.approx(0.05, rel=0.2)


def test_of_few_runs_and_of_zeros_the_scatter_is_not_known():
    assert scatter_between([1.0, 2.0, 1.0, 2.0, 1.0]) == 0.0
    assert scatter_between([0.0] * 9) == 0.0
    assert exceeds(0.0, 1.0, 1.01, (1, 1))


def test_one_run_has_to_stand_out_more_than_many():
    reach = 0.05 * errors_needed(93)
    assert not exceeds(reach, 1.0, 1.15, (10, 1))
    assert exceeds(reach, 1.0, 1.15, (10, 10))


def test_the_more_places_were_tried_the_more_a_change_has_to_stand_out():
    assert errors_needed(0) == errors_needed(10) == LEAST_ERRORS
    assert errors_needed(16_000) == pytest.approx(4.66, abs=0.01)


@pytest.mark.slow
def test_of_many_runs_none_is_called_a_change_either():
    assert false_changes(MadeUp(0.05, 0.02, runs=500), 60) <= 0.05

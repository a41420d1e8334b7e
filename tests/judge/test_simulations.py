"""The decision rule by simulation: false alarms and power, as docs/statistics.md states them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from benchmarks.experiments import Setting, Share, experiments
from benchmarks.simulations import SHAPES, SIZES, any_metric_called, calls, detected

pytestmark = pytest.mark.slow

COUNT = 500


@pytest.mark.parametrize(("drift", "n"), list(itertools.product(("none", "linear", "step"), SIZES)))
def test_in_rounds_a_false_alarm_is_rare_whatever_the_host_does(drift, n):
    hits = sum(calls(Setting(shape, n, 0.08, drift=drift), COUNT).hits for shape in SHAPES)
    assert Share(hits, COUNT * len(SHAPES)).interval[1] <= 0.05


def test_in_blocks_a_step_of_the_host_is_taken_for_a_difference():
    assert calls(Setting("normal", 20, 0.04, drift="step", blocked=True), COUNT).value > 0.2


@pytest.mark.parametrize("shape", SHAPES)
def test_ten_percent_are_called_in_nine_of_ten_tries_of_twenty_where_the_cv_is_four(shape):
    assert calls(Setting(shape, 20, 0.04, slow_down=0.10), 2 * COUNT).value >= 0.9


@pytest.mark.parametrize("n", [6, 7])
def test_of_all_metrics_together_any_is_called_by_chance_as_seldom_as_one(n):
    assert any_metric_called(n, 0.3, COUNT).interval[0] <= 0.05


@pytest.mark.parametrize("n", SIZES)
def test_the_smallest_slow_down_named_is_called_about_eight_times_in_ten(n):
    _, share = detected(Setting("lognormal", n, 0.04), 0.05 / 12, COUNT)
    assert 0.65 <= share.value <= 0.88


def test_an_experiment_has_the_scatter_it_says():
    drawn = [one for pair in experiments(Setting("real", 20, 0.04), 200) for one in pair]
    spreads = [np.std(one, ddof=1) / np.mean(one) for one in drawn]
    assert np.sqrt(np.mean(np.square(spreads))) == pytest.approx(0.04, rel=0.05)

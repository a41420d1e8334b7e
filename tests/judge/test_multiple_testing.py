"""p-values corrected for all metrics: against counting by hand, and by their properties."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from bench.judge.statistics.multiple_testing import DEALS, Together, correct
from bench.judge.statistics.rank_test import rank_test_p

Rows = list[dict[str, float]]


def rows(*columns: list[float]) -> Rows:
    """Trials from the values of each metric."""
    return [{f"m{at}": one for at, one in enumerate(row)} for row in zip(*columns, strict=True)]


def corrected(baseline: Rows, candidate: Rows, alpha: float = 0.05) -> Together:
    p_values = {
        name: rank_test_p(
            [one[name] for one in baseline if name in one],
            [one[name] for one in candidate if name in one],
        )
        for name in {name: None for row in baseline for name in row}
    }
    return correct(baseline, candidate, p_values, alpha)


def by_hand(baseline: Rows, candidate: Rows) -> dict[str, float]:
    """Westfall and Young's algorithm 2.8, deal by deal, on standardised rank sums."""
    trials, side = [*baseline, *candidate], len(baseline)
    names = list(trials[0])
    ranks = {name: rankdata([one[name] for one in trials]) for name in names}

    def height(name: str, deal: tuple[int, ...]) -> float:
        spread = ranks[name].std()
        apart = abs(sum(ranks[name][at] for at in deal) - side * (len(trials) + 1) / 2)
        return round(apart / spread, 9) if spread else 0.0

    seen = {name: height(name, tuple(range(side))) for name in names}
    order = sorted(names, key=lambda name: -seen[name])
    deals = list(itertools.combinations(range(len(trials)), side))
    found: dict[str, float] = {}
    before = 0.0
    for at, name in enumerate(order):
        as_high = sum(
            max(height(other, deal) for other in order[at:]) >= seen[name] for deal in deals
        )
        before = max(before, as_high / len(deals))
        found[name] = before
    return found


few = st.lists(
    st.lists(st.integers(0, 3).map(float), min_size=3, max_size=3), min_size=7, max_size=7
)


@given(few)
def test_p_is_the_share_of_deals_in_which_any_metric_stands_out_as_much(values):
    made = rows(*[list(column) for column in zip(*values, strict=True)])
    baseline, candidate = made[:4], made[4:]
    found = corrected(baseline, candidate).corrected
    for name, expected in by_hand(baseline, candidate).items():
        raw = rank_test_p([one[name] for one in baseline], [one[name] for one in candidate])
        assert found[name] == pytest.approx(max(raw, expected))


def test_one_metric_alone_is_left_as_it_is():
    found = corrected(rows([1.0, 2, 3, 4]), rows([5.0, 6, 7, 8]))
    assert found == Together({"m0": 2 / 70}, 0.05)
    assert correct([], [], {}, 0.05) == Together({}, 0.05)


@pytest.mark.parametrize("n", [6, 7, 12])
def test_metrics_that_say_the_same_cost_nothing(n):
    near, far = [float(one) for one in range(n)], [float(one) for one in range(n, 2 * n)]
    found = corrected(rows(*[near] * 40), rows(*[far] * 40))
    raw = rank_test_p(near, far)
    assert list(found.corrected.values()) == pytest.approx([max(raw, 1 / DEALS)] * 40, abs=2e-4)


@pytest.mark.parametrize("n", range(2, 13))
def test_metrics_without_any_spread_cost_nothing(n):
    near, far = [float(one) for one in range(n)], [float(one) for one in range(n, 2 * n)]
    still = [[3.0] * n] * 10
    found = corrected(rows(near, *still), rows(far, *still))
    assert found.corrected["m0"] == pytest.approx(rank_test_p(near, far), abs=2e-4)
    assert found.corrected["m1"] == 1


def independent(n: int, metrics: int, seed: int = 1) -> tuple[Rows, Rows]:
    values = np.random.default_rng(seed).random((2, metrics, n))
    return rows(*values[0].tolist()), rows(*values[1].tolist())


def test_metrics_that_go_their_own_ways_cost_about_their_number():
    baseline, candidate = independent(12, 8)
    for at, row in enumerate(candidate):
        row["m0"] = 1.0 + at
    baseline[0]["m0"], candidate[0]["m0"] = 1.5, 0.5
    found = corrected(baseline, candidate)
    raw = rank_test_p([one["m0"] for one in baseline], [one["m0"] for one in candidate])
    assert 2 * raw < found.corrected["m0"] < 20 * raw + 1 / DEALS


def test_no_p_gets_smaller_and_their_order_stays():
    baseline, candidate = independent(10, 12)
    found = corrected(baseline, candidate)
    raw = {
        name: rank_test_p([one[name] for one in baseline], [one[name] for one in candidate])
        for name in baseline[0]
    }
    assert all(raw[name] <= found.corrected[name] <= 1 for name in raw)
    by_raw = sorted(raw, key=lambda name: (raw[name], found.corrected[name]))
    assert [found.corrected[name] for name in by_raw] == sorted(found.corrected.values())


def test_a_metric_that_some_trials_lack_is_ranked_among_the_others():
    baseline, candidate = independent(8, 3)
    whole = corrected(baseline, candidate)
    for row in (baseline[2], candidate[5]):
        del row["m1"]
    found = corrected(baseline, candidate)
    assert found.corrected.keys() == whole.corrected.keys()
    assert all(0 < one <= 1 for one in found.corrected.values())
    assert found.corrected["m1"] != whole.corrected["m1"]


def test_the_same_trials_always_give_the_same():
    assert corrected(*independent(20, 5)) == corrected(*independent(20, 5))


@pytest.mark.slow
@pytest.mark.parametrize("n", [8, 20])
def test_the_chance_of_any_false_call_is_what_it_should_be(n):
    runs = [corrected(*independent(n, 15, seed)) for seed in range(200)]
    calls = sum(min(one.corrected.values()) < 0.05 for one in runs)
    assert calls / 200 <= 0.09


# What an uncorrected p must reach


def test_what_each_metric_must_reach_is_stricter_for_more_metrics():
    alphas = [corrected(*independent(12, metrics)).alpha for metrics in (1, 5, 30)]
    assert alphas[0] == 0.05
    assert 0.05 > alphas[1] > alphas[2] > 0.05 / 60


def test_where_even_separated_samples_would_not_do_it_is_zero():
    assert corrected(*independent(6, 60)).alpha == 0
    assert corrected(*independent(6, 5)).alpha > 2 / math.comb(12, 6)

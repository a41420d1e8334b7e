"""The A/A noise of a host, from trials to the band of a comparison."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bench.journal.facts.comparison import BandFrom
from bench.judge.statistics.noise import (
    PRACTICAL_BAND,
    HostNoise,
    NoiseFloor,
    band_for,
    host_noise,
    noise_floor,
)


def values(n: int, cv: float = 0.1, seed: int = 1) -> list[float]:
    return list(np.random.default_rng(seed).lognormal(0, cv, n))


@pytest.mark.parametrize("n", range(12))
def test_fewer_than_six_rounds_give_no_floor(n):
    assert noise_floor(values(n)) is None


@pytest.mark.parametrize("n", [12, 13, 40])
def test_six_rounds_or_more_give_one_of_that_many_trials_a_side(n):
    floor = noise_floor(values(n))
    assert floor is not None
    assert floor.n == n // 2
    assert 0.01 < floor.share < 0.3


def test_trials_without_spread_have_a_floor_of_zero():
    assert noise_floor([3.0] * 12) == NoiseFloor(0.0, 3.0, 6)


@pytest.mark.parametrize("zeros", [12, 7])
def test_what_is_mostly_zero_has_none(zeros):
    assert noise_floor([0.0] * zeros + [1.0] * (12 - zeros)) is None


def test_the_floor_does_not_depend_on_the_unit_and_grows_with_the_spread():
    plain, scaled, wide = (
        noise_floor(one)
        for one in (values(40), [1000 * one for one in values(40)], values(40, cv=0.2))
    )
    assert plain is not None
    assert scaled is not None
    assert wide is not None
    assert scaled.share == pytest.approx(plain.share)
    assert wide.share > 1.5 * plain.share


def test_the_floor_is_what_19_of_20_comparisons_of_the_same_stay_within():
    rng = np.random.default_rng(5)
    shares = [noise_floor(list(rng.lognormal(0, 0.1, 40))) for _ in range(40)]
    share = np.median([floor.share for floor in shares if floor is not None])
    one, other = rng.lognormal(0, 0.1, (2, 4000, 20))
    apart = np.abs(np.median(one, axis=1) / np.median(other, axis=1) - 1)
    assert share == pytest.approx(np.quantile(apart, 0.95), rel=0.15)


def test_drift_over_the_run_counts_little_as_it_does_in_interleaved_rounds():
    still = values(40, cv=0.02)
    drifting = [one * (1 + 0.3 * number / 40) for number, one in enumerate(still)]
    blocks = abs(np.median(drifting[20:]) / np.median(drifting[:20]) - 1)
    floor = noise_floor(drifting)
    assert floor is not None
    assert floor.share < blocks / 2


def test_the_same_trials_always_give_the_same_floor():
    assert noise_floor(values(20)) == noise_floor(values(20))


@pytest.mark.parametrize(
    ("value", "share"), [(5.0, 0.1), (10.0, 0.1), (20.0, 0.05), (100.0, 0.01), (0.0, 0.1)]
)
def test_of_larger_values_the_noise_is_a_smaller_share(value, share):
    assert NoiseFloor(0.1, 10.0, 20).at(value) == pytest.approx(share)


def test_a_host_has_a_floor_for_each_metric_of_its_trials_and_no_other():
    rows = [
        {"startup_s": one, "cpu_throttled_s": 0.0, "image_size_bytes": 5.0} | extra
        for one, extra in zip(values(12), [{"pull_s": 1.0}] * 6 + [{}] * 6, strict=True)
    ]
    noise = host_noise(rows, "2026-03-01T12:00:00+00:00")
    assert set(noise.floors) == {"startup_s"}
    assert HostNoise.from_data(json.loads(json.dumps(noise.as_data()))) == noise


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"measured_at": "x"},
        {"measured_at": "x", "floors": [1]},
        {"measured_at": "x", "floors": {"startup_s": {"share": 0.1}}},
        {"measured_at": "x", "floors": {"startup_s": {"share": -1, "median": 1, "n": 6}}},
        {"measured_at": "x", "floors": {"startup_s": {"share": "NaN", "median": 1, "n": 6}}},
    ],
)
def test_what_is_no_noise_is_refused(data):
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        HostNoise.from_data(data)


@pytest.mark.parametrize(
    ("share", "value", "expected", "origin"),
    [
        (0.04, 1.0, PRACTICAL_BAND, BandFrom.PRACTICAL),
        (0.08, 1.0, 0.08, BandFrom.NOISE),
        (0.08, 10.0, PRACTICAL_BAND, BandFrom.PRACTICAL),
        (0.08, None, PRACTICAL_BAND, BandFrom.NOT_KNOWN),
    ],
)
def test_the_band_is_the_larger_of_five_percent_and_the_noise(share, value, expected, origin):
    noise = HostNoise("x", {"startup_s": NoiseFloor(share, 1.0, 20)})
    band = band_for("startup_s", value, [noise, None])
    assert (band.share, band.origin) == (expected, origin)
    assert band_for("pull_s", 1.0, [noise]).origin is BandFrom.NOT_KNOWN


def test_the_band_says_where_it_comes_from():
    noise = HostNoise("x", {"startup_s": NoiseFloor(0.0731, 1.0, 20)})
    assert str(band_for("startup_s", 1.0, [noise])) == "1 ± 0.0731, the host's own noise"
    assert str(band_for("startup_s", 1.0, [None])) == "1 ± 0.05"

"""Whether a mend is kept: by sizes, which have no noise, and by what can be told from noise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.dockerfile.mends.catalogue import MENDS
from bench.improve.gains import decided
from bench.judge.compare import compare_cases
from tests.judge.test_compare import side

BY_ID = {mend.id: mend for mend in MENDS}
SLIM, COMPILE, USER = BY_ID["slim-base"], BY_ID["compile-source"], BY_ID["user"]
PIP_COMPILE = BY_ID["pip-compile"]


def compared(before: list[float], after: list[float]):
    return [
        it for it in compare_cases(side("a", before), side("b", after)) if it.metric == "startup_s"
    ]


def size(before: float, after: float):
    (time,) = compared([1.0] * 2, [1.0] * 2)
    return [
        replace(time, metric="image_size_bytes", baseline_median=before, candidate_median=after)
    ]


SLOW, FAST = [10.0 + n / 100 for n in range(6)], [2.0 + n / 100 for n in range(6)]


def test_a_start_that_is_called_faster_is_a_gain():
    assert decided(COMPILE, compared(SLOW, FAST)) == (True, "measured")


def test_a_try_without_a_measurable_gain_is_left_out():
    assert decided(COMPILE, compared(SLOW, SLOW)) == (False, "no measurable gain; left out")


def test_what_is_for_safety_stays_without_a_gain():
    assert decided(USER, compared(SLOW, SLOW))[0]


@pytest.mark.parametrize(
    ("mend", "smaller_by", "is_kept"),
    [
        (SLIM, 2_000_000, True),
        (SLIM, 200_000, False),
        (BY_ID["apt-lists"], 200_000, True),
        (BY_ID["apt-lists"], 10_000, False),
    ],
)
def test_a_smaller_size_is_a_gain_but_not_that_of_time_stamps(mend, smaller_by, is_kept):
    assert decided(mend, size(900_000_000, 900_000_000 - smaller_by))[0] is is_kept


def test_with_few_trials_a_try_is_kept_only_if_the_median_falls_by_a_tenth():
    assert decided(COMPILE, compared([10, 10.1], [8, 8.1]))[0]
    assert not decided(COMPILE, compared([10, 10.1], [9.5, 9.6]))[0]


def test_with_few_trials_what_is_certain_to_be_right_stays():
    is_kept, reason = decided(PIP_COMPILE, compared([10, 10.1], [9.9, 10]))
    assert is_kept
    assert "too few" in reason


def test_a_stop_that_no_longer_ends_in_a_kill_is_a_gain():
    (time,) = compared(SLOW, SLOW)
    stop = replace(time, metric="stop_s", killed_baseline="6 of 6", ratio=None)
    assert decided(BY_ID["exec-form"], [stop])[1].startswith("measured")

"""A pull played again over other links, against what can be worked out by hand."""

from __future__ import annotations

import pytest

from bench.analysis.model import TrialResult
from bench.analysis.pull_path import critical_path
from bench.core.domain import TrialKey, TrialStatus
from bench.journal.facts.pull import LayerPull
from bench.judge.slowest_link import MODEL_ERROR, PAYLOAD_SHARE, PullModel, slowest_link

MBIT = 10**6


def layer(index: int, megabytes: float, download: float, hold: float, extract: float) -> LayerPull:
    return LayerPull(
        index, f"sha256:{index}", "", round(megabytes * 1e6), None, 0.0, download, hold, extract,
        "Pull complete", 0.0,
    )  # fmt: skip


def trial(*layers: LayerPull, wall_s: float, startup_s: float) -> TrialResult:
    return TrialResult(
        "t0000", TrialKey("web", 0, "cold"), 0, TrialStatus.OK, "",
        metrics={"startup_s": startup_s}, layers=layers, path=critical_path(layers, wall_s),
    )  # fmt: skip


def model(one: TrialResult, link_bit_s: float | None = None) -> PullModel:
    found = PullModel.from_trial(one, link_bit_s)
    assert found is not None
    return found


def link(payload_mbit: float) -> float:
    """The rate at which so many megabits of blobs get through a second."""
    return payload_mbit * MBIT / PAYLOAD_SHARE


ONE = trial(layer(0, 100, 1.0, 0.0, 2.0), wall_s=3.0, startup_s=4.0)
"""100 MB in 1 s, extracted in 2 s, ready 1 s later."""


def test_one_layer_takes_its_bytes_over_the_rate_and_then_all_the_rest():
    assert model(ONE).startup_at(link(80)) == pytest.approx(10.0 + 2.0 + 1.0)


def test_what_was_measured_comes_out_again_over_no_slower_link():
    assert model(ONE).startup_at(None) == pytest.approx(4.0)


def test_no_layer_comes_faster_than_it_was_seen_to():
    assert model(ONE).startup_at(link(1_000_000)) == pytest.approx(4.0)


def test_over_a_shaped_link_nothing_is_known_of_how_fast_it_could_be():
    assert model(ONE, 800 * MBIT).startup_at(None) == pytest.approx(3.0)


TWO = trial(layer(0, 10, 0.1, 0.0, 5.0), layer(1, 90, 0.9, 4.2, 3.0), wall_s=8.1, startup_s=8.1)


def test_without_a_layer_its_download_and_extraction_are_saved():
    whole = model(TWO)
    assert whole.without([1]).startup_at(link(80)) == pytest.approx(1.0 + 5.0)
    assert whole.without([0]).startup_at(link(80)) == pytest.approx(9.0 + 3.0)
    assert whole.without([]) == whole


def test_a_layer_is_downloaded_while_the_one_below_is_extracted():
    # both share 80 Mbit/s: 10 MB each in 2 s, the other 80 MB in 8 s more; 5 s of extraction
    # go by meanwhile
    assert model(TWO).startup_at(link(80)) == pytest.approx(2.0 + 8.0 + 3.0)


def test_on_a_fast_link_extraction_is_what_is_waited_for():
    assert model(TWO).startup_at(link(8000)) == pytest.approx(0.1 + 5.0 + 3.0, abs=0.01)


def test_three_at_once_are_downloaded_and_the_fourth_waits_for_a_slot():
    small = trial(
        *(layer(index, 10, 0.1, 0.0, 0.0) for index in range(4)), wall_s=0.1, startup_s=0.1
    )
    # three share 80 Mbit/s and end together after 3 s; the fourth has the link for itself
    assert model(small).startup_at(link(80)) == pytest.approx(3.0 + 1.0)


def test_the_slowest_link_is_the_one_at_which_the_slowest_trial_is_just_in_time():
    slower = trial(layer(0, 100, 1.0, 0.0, 2.0), wall_s=3.0, startup_s=8.0)
    found = slowest_link([ONE, slower], 30.0, None)
    assert found is not None
    assert found.rate_bit_s == pytest.approx(link(800 / 23), rel=2e-3)
    assert found.error is None, "one trial cannot be held against another"


def started(startup_s: float) -> TrialResult:
    """ONE with another time from the end of the pull to ready."""
    return trial(layer(0, 100, 1.0, 0.0, 2.0), wall_s=3.0, startup_s=startup_s)


def test_the_error_is_that_of_trials_which_the_model_was_not_made_of():
    """Made of itself each trial fits to the last digit, whatever the others took."""
    found = slowest_link([started(4.0), started(4.0), started(5.0)], 30.0, None)
    assert found is not None
    assert found.error == pytest.approx(1 - 4.0 / 5.0)
    alike = slowest_link([started(4.0)] * 3, 30.0, None)
    assert alike is not None
    assert alike.error == pytest.approx(0.0, abs=1e-9)


def test_an_error_larger_than_is_assumed_widens_the_range():
    steady = slowest_link([started(4.0)] * 2 + [started(4.1)], 30.0, None)
    noisy = slowest_link([started(4.1)] * 2 + [started(3.1)], 30.0, None)
    assert steady is not None
    assert noisy is not None
    assert steady.assumed_error == MODEL_ERROR
    assert noisy.assumed_error == pytest.approx(4.1 / 3.1 - 1)
    assert noisy.low_bit_s is not None
    assert steady.low_bit_s is not None
    assert noisy.low_bit_s < steady.low_bit_s


def test_it_is_stated_with_what_an_error_of_the_model_would_change():
    found = slowest_link([ONE], 30.0, None)
    assert found is not None
    assert found.low_bit_s == pytest.approx(link(800 / (30 / 0.9 - 3)), rel=2e-3)
    assert found.high_bit_s == pytest.approx(link(800 / (30 / 1.1 - 3)), rel=2e-3)


def test_where_the_rest_alone_takes_too_long_no_link_is_fast_enough():
    found = slowest_link([ONE], 3.5, None)
    assert found is not None
    assert found.rate_bit_s is None


def test_without_a_pull_that_could_be_taken_apart_nothing_is_said():
    silent = trial(layer(0, 100, 1.0, 0.0, 2.0), wall_s=9.0, startup_s=10.0)
    assert silent.path is not None
    assert silent.path.unreliable
    assert slowest_link([silent], 30.0, None) is None


def test_a_slower_link_is_never_faster():
    times = [model(TWO).startup_at(link(rate)) for rate in (1, 5, 20, 80, 300, 1000)]
    assert times == sorted(times, reverse=True)


def test_a_layer_without_bytes_takes_none_of_the_link():
    odd = trial(layer(0, 0, 1.0, 0.0, 1.0), layer(1, 10, 0.5, 1.5, 1.0), wall_s=3.0, startup_s=4.0)
    assert model(odd).startup_at(link(80)) == pytest.approx(1.0 + 1.0 + 1.0)

"""The table of gains: sizes to the byte, times with their interval or their number of trials."""

from __future__ import annotations

from dataclasses import replace

from bench.dockerfile.mends.catalogue import MENDS
from bench.improve.gains import Gain
from bench.judge.compare import compare_cases
from bench.report.text.improvement import gains_text
from tests.judge.test_compare import side

SLIM = next(mend for mend in MENDS if mend.id == "slim-base")


def text(before: list[float], after: list[float], sizes: tuple[float, float]) -> str:
    (time,) = [
        it for it in compare_cases(side("a", before), side("b", after)) if it.metric == "startup_s"
    ]
    size = replace(
        time,
        metric="image_size_bytes",
        title="image unpacked",
        unit="bytes",
        baseline_median=sizes[0],
        candidate_median=sizes[1],
    )
    metrics = {"startup_s": time, "image_size_bytes": size}
    return gains_text([Gain(SLIM, metrics, True, "measured")])


def test_a_small_change_of_a_large_image_is_shown_to_the_byte():
    shown = text([10] * 6, [2] * 6, (1100 * 2**20, 1060 * 2**20))
    assert "+ slim base of the same release [slim-base]: measured" in shown
    assert "40.0 MiB less" in shown


def test_time_stamps_are_no_change():
    assert "image unpacked: 1.00 MiB -> 1.00 MiB, the same" in text([1], [1], (2**20, 2**20 + 90))


def test_a_time_has_its_interval_or_the_number_of_its_trials():
    spread = [n / 100 for n in range(6)]
    called = text([10 + it for it in spread], [2 + it for it in spread], (1, 1))
    assert "faster (95 %: " in called
    assert "(n = 2)" in text([10, 10.1], [2, 2.1], (1, 1))


def test_what_was_not_measured_is_named():
    assert "memory_peak_bytes: not measured" in text([1], [1], (1, 1))

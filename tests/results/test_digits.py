"""Numbers as text, all rows at once: the same text as number by number."""

from __future__ import annotations

import numpy as np
import pytest

from bench.results.digits import cells_of, joined, seconds_cells

EDGES = [0, 1, 9, 10, 9_999, 10_000, 10_001, 10**8 - 1, 10**8, 100_000_001, 10**12, 2**53 - 1]


def column(values: list[float]) -> list[str]:
    """The cells of one column of numbers."""
    return joined([cells_of(np.array([values]))[0], b"\n"], len(values)).decode().split("\n")[:-1]


@pytest.mark.parametrize("most", range(1, len(EDGES) + 1))
def test_whole_numbers_have_neither_a_point_nor_zeros_in_front(most):
    numbers = EDGES[:most]
    assert column([float(number) for number in numbers]) == [str(number) for number in numbers]


def test_a_gap_is_empty_and_a_zero_is_not():
    assert column([3.0, np.nan, 0.0, np.nan]) == ["3", "", "0", ""]
    assert column([np.nan, np.nan]) == ["", ""]
    assert column([7.0, 7.0]) == ["7", "7"]


def test_fractions_and_what_no_counter_has_read_as_python_writes_them():
    assert column([0.5, 1 / 3, 2.0, 1e-5]) == ["0.5", "0.333333333", "2.0", "1e-05"]
    assert column([-3.0, 12.0]) == ["-3", "12"]
    assert column([1e17, 1.0]) == ["1e+17", "1.0"]


@pytest.mark.parametrize("unit_ns", [1, 10, 50_000, 10**6, 10**9, 10**12])
@pytest.mark.parametrize("begin", [-3, 0, 1, 12_345, 999_999])
def test_seconds_are_those_of_python_rounded_to_nanoseconds(unit_ns, begin):
    times_ns = (np.arange(25) + begin) * float(unit_ns)
    text = joined([seconds_cells(times_ns), b"\n"], 25).decode().split("\n")[:-1]
    seconds = np.round(times_ns / 1e9, 9)
    whole = (seconds == np.trunc(seconds)).all()
    assert text == [str(int(one)) if whole else str(one) for one in seconds.tolist()]


def test_what_is_the_same_in_every_row_stands_between_the_cells():
    first, second = cells_of(np.array([[1.0, 20_000.0], [5.0, 5.0]]))
    assert joined([b"a,", first, b",", second, b"\n"], 2) == b"a,1,5\na,20000,5\n"

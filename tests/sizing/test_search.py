"""The bisection finds the edge, asks little, and believes nothing that it has not asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.sizing.search import CPUS, MEMORY, Scale, smallest_enough

MIB = 2**20


class Asked:
    """Enough from `edge` on; remembers what it was asked."""

    def __init__(self, edge: float) -> None:
        self.edge = edge
        self.limits: list[float] = []

    def __call__(self, limit: float) -> bool:
        assert limit not in self.limits
        self.limits.append(limit)
        return limit >= self.edge


@given(st.floats(6 * MIB, 8192 * MIB))
def test_the_edge_of_memory_is_found_to_a_tenth(edge):
    asked = Asked(edge)
    found = smallest_enough(asked, 8192 * MIB, MEMORY)
    assert found is not None
    assert found >= edge
    assert found <= max(edge * 1.1 + MIB, 7 * MIB)
    assert len(asked.limits) <= 9


@given(st.floats(0.05, 16), st.floats(0.05, 16))
def test_the_edge_of_cores_is_found_whatever_was_guessed(edge, guess):
    found = smallest_enough(Asked(edge), 16, CPUS, guess)
    assert found is not None
    assert edge <= found <= edge * 1.15 + 0.01


def test_where_the_most_is_not_enough_nothing_else_is_asked():
    asked = Asked(100 * MIB)
    assert smallest_enough(asked, 64 * MIB, MEMORY) is None
    assert asked.limits == [64 * MIB]


def test_a_good_guess_is_tried_second():
    asked = Asked(100 * MIB)
    smallest_enough(asked, 8192 * MIB, MEMORY, guess=104.3 * MIB)
    assert asked.limits[:2] == [8192 * MIB, 104 * MIB]


@pytest.mark.parametrize("guess", [1 * MIB, 9000 * MIB])
def test_a_guess_outside_the_range_is_passed_over(guess):
    asked = Asked(100 * MIB)
    assert smallest_enough(asked, 8192 * MIB, MEMORY, guess=guess) is not None
    assert all(6 * MIB <= limit <= 8192 * MIB for limit in asked.limits)


def test_what_is_found_was_asked_for_and_was_enough():
    asked = Asked(37 * MIB)
    found = smallest_enough(asked, 512 * MIB, MEMORY)
    assert found in asked.limits


def test_limits_are_multiples_of_the_step():
    scale = Scale(least=1, step=0.25, ratio=1.01)
    asked = Asked(3.3)
    assert smallest_enough(asked, 16, scale) == 3.5
    assert all(limit % 0.25 == 0 for limit in asked.limits)

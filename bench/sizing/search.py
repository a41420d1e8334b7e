"""The search for the smallest limit that is enough, by bisection on a logarithmic scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Scale:
    """The limits that are tried.

    Attributes:
        least: nothing smaller can be set.
        step: limits are whole multiples of it.
        ratio: the search ends when what is enough and what is not are this close.
    """

    least: float
    step: float
    ratio: float

    def rounded(self, value: float) -> float:
        """The nearest limit that can be set."""
        return max(self.least, round(value / self.step) * self.step)


MEMORY = Scale(least=6 * 2**20, step=2**20, ratio=1.1)
"""Bytes; engines refuse less than 6 MiB."""

CPUS = Scale(least=0.05, step=0.01, ratio=1.15)
"""Cores; the kernel grants a share of a period of 100 ms, and not less than 1 ms of it."""


def smallest_enough(
    is_enough: Callable[[float], bool], most: float, scale: Scale, guess: float | None = None
) -> float | None:
    """The smallest limit found for which `is_enough`; None where even `most` is not.

    What is enough is taken to stay enough when more is given. Where it does not, noise decides
    which side of the gap is found: so each limit should be tried more than once.

    Args:
        is_enough: whether a limit is; asked once for each.
        most: where the search begins.
        scale: what can be set, and how fine to go.
        guess: tried second, where there is an estimate of the limit.
    """
    if not is_enough(most):
        return None
    low, high = scale.least, most
    tried = {high}
    if guess is not None and low < scale.rounded(guess) < high:
        middle = scale.rounded(guess)
    else:
        middle = scale.rounded(math.sqrt(low * high))
    while high / low > scale.ratio and middle not in tried:
        tried.add(middle)
        if is_enough(middle):
            high = middle
        else:
            low = middle
        middle = scale.rounded(math.sqrt(low * high))
    return high

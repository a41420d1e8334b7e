"""The two-sided rank test of Wilcoxon, Mann and Whitney, exact with ties, and its interval.

Exact means: given the pooled values, every way of dealing them out to the two sides is counted.
Ties get the mean of the ranks they share, so a rank is a whole or a half; doubled, all are
whole, and the distribution of the rank sum can be counted by adding one value after the other
(Streitberg and Röhmel, "Exact distributions for permutation and rank tests", Statistical
Software Newsletter 12(1), 1986). Where that gets slow, the normal approximation with the
correction for ties takes over (Lehmann, "Nonparametrics", 1975, section 1.4).

The test has an interval of its own: all ratios between the two sides that it would not reject.
Its ends are two of the pairwise ratios (Moses 1965; Hodges and Lehmann 1963; Lehmann, section
2.6), and `end_rank` says which.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

EXACT_UP_TO = 100
"""Largest number of values, both sides together, that is counted exactly (some 0.1 s)."""


def rank_test_p(first: Sequence[float], second: Sequence[float]) -> float:
    """Two-sided p of the hypothesis that both samples come from the same distribution.

    The chance, over all ways of dealing, of a rank sum at least as far from its mean as the one
    observed. Lies in (0, 1]; is the same with the sides swapped, and under any change of scale
    that keeps the order. Infinite values are allowed.

    Raises:
        ValueError: no values on a side, or a NaN.
    """
    if not first or not second:
        raise ValueError("a rank test needs values on both sides")
    if any(math.isnan(value) for value in (*first, *second)):
        raise ValueError("a value that is not a number has no rank")
    fewer, more = sorted((first, second), key=len)
    ties = Counter((*first, *second))
    ranks = _doubled_midranks(ties)
    pooled = [ranks[value] for value in (*fewer, *more)]
    if len(pooled) <= EXACT_UP_TO:
        return _exact(pooled, len(fewer))
    return _approximate(pooled, len(fewer), list(ties.values()))


def _doubled_midranks(ties: Counter[float]) -> dict[float, int]:
    ranks = {}
    before = 0
    for value, count in sorted(ties.items()):
        ranks[value] = 2 * before + count + 1
        before += count
    return ranks


def end_rank(n_first: int, n_second: int, confidence: float = 0.95) -> int:
    """Which of the ordered pairwise ratios, counted from either side, ends the interval.

    With rank k the interval reaches from the k-th smallest ratio to the k-th largest. It has at
    least that confidence, and with ties more.

    Returns:
        The rank, or 0 where so few values allow no such interval.
    """
    tail = (1 - confidence) / 2
    if n_first + n_second > EXACT_UP_TO:
        spread = math.sqrt(n_first * n_second * (n_first + n_second + 1) / 12)
        return max(0, math.floor(n_first * n_second / 2 + NormalDist().inv_cdf(tail) * spread))
    side = min(n_first, n_second)
    ways = _rank_sums(tuple(range(2, 2 * (n_first + n_second) + 1, 2)), side)
    below, smallest = 0, side * (side + 1)
    for rank, count in enumerate(ways[smallest::2]):
        below += count
        # A hair of slack: 0.05 is no binary fraction.
        if below / math.comb(n_first + n_second, side) > tail + 1e-12:
            return rank
    return 0


def _exact(pooled: list[int], side: int) -> float:
    """The share of deals of `side` ranks whose sum is as far out as that of the first `side`."""
    mean = side * (len(pooled) + 1)
    distance = abs(sum(pooled[:side]) - mean)
    if distance == 0:
        return 1.0
    ways = _rank_sums(tuple(sorted(pooled)), side)
    extreme = sum(ways[: mean - distance + 1]) + sum(ways[mean + distance :])
    return extreme / math.comb(len(pooled), side)


@lru_cache(maxsize=16)
def _rank_sums(ranks: tuple[int, ...], side: int) -> tuple[int, ...]:
    """In how many ways `side` of the ranks give each sum, from zero on.

    Kept, as samples without ties all have the same ranks.
    """
    width = (math.comb(len(ranks), side).bit_length() + 7) // 8
    # counts[k] holds, packed in one integer with `width` bytes for each sum, in how many ways k
    # ranks give that sum: a shift then adds a rank to all sums at once.
    counts = [1] + [0] * side
    for rank in ranks:
        for size in range(side, 0, -1):
            counts[size] += counts[size - 1] << (8 * width * rank)
    largest = 2 * side * (len(ranks) + 1)
    packed = counts[side].to_bytes((largest + 1) * width, "little")
    return tuple(
        int.from_bytes(packed[total * width : (total + 1) * width], "little")
        for total in range(largest + 1)
    )


def _approximate(pooled: list[int], side: int, ties: list[int]) -> float:
    n, rest = len(pooled), len(pooled) - side
    tied = sum(count**3 - count for count in ties) / (n * (n - 1))
    variance = side * rest / 12 * (n + 1 - tied)
    if variance <= 0:
        return 1.0
    # Halved, for the ranks are doubled; less one half, as the rank sum moves in whole steps.
    distance = max(0.0, abs(sum(pooled[:side]) - side * (n + 1)) / 2 - 0.5)
    p = math.erfc(distance / math.sqrt(2 * variance))
    return max(p, sys.float_info.min)

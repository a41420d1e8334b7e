"""Places at which a sequence of groups of values may change, those that stand out most first.

Binary segmentation splits a sequence where its two parts lie furthest apart, then each part again.
A rise that is undone a few groups later hides from it: both parts of the whole have high and low
values. So not only the whole is split but windows of half its length, a quarter, and so on, which
overlap by half (seeded binary segmentation: Kovács, Bühlmann, Li and Munk, "Seeded binary
segmentation", Biometrika 110(1), 2023).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    import numpy.typing as npt

    Whole = npt.NDArray[np.intp]
    Real = npt.NDArray[np.float64]

LEAST_DISTANCE = 2.0
"""Splits that stand out less, in standard deviations, are not looked at: no p below 0.05."""


@dataclass(frozen=True)
class Split:
    """A window of groups and the place where it is split.

    Attributes:
        start, end: the window, without the group `end`.
        at: the first group of its second part.
        distance: between the mean ranks of the parts, in standard deviations under chance.
    """

    start: int
    at: int
    end: int
    distance: float


def splits_tried(counts: Sequence[int], least: int) -> int:
    """In how many places groups of so many values are split, by windows.

    Args:
        counts: values in each group.
        least: values that each side of a split has to have.
    """
    return len(_places(tuple(counts), least)[0])


def outstanding_splits(
    groups: Sequence[Sequence[float]], least: int, share: float = 0.0, scatter: float = 0.0
) -> Iterator[Split]:
    """The splits that stand out, the most outstanding first.

    Args:
        groups: the values of each group, in the order of time.
        least: values that each side of a split has to have.
        share: leaves out splits whose sides have means nearer to each other than this share,
        scatter: and those that groups of this scatter (of the logarithm) would have by chance.
    """
    import numpy as np

    start, at, end = _places(tuple(map(len, groups)), least)
    if not len(at):
        return
    apart = _distances(groups, start, at, end)
    means = np.array([sum(group) / len(group) if group else 0.0 for group in groups])
    known = np.array([bool(group) for group in groups], dtype=float)
    before, n_before = _mean(means, known, start, at)
    after, n_after = _mean(means, known, at, end)
    reach = np.maximum(share, np.expm1(scatter * np.sqrt(1 / n_before + 1 / n_after)))
    smaller = np.minimum(np.abs(before), np.abs(after))
    kept = (apart > LEAST_DISTANCE) & (np.abs(after - before) > reach * smaller)
    chosen = np.flatnonzero(kept)
    # of equally outstanding ones the widest first, so that the answer is the same every time
    order = np.lexsort((start[chosen], start[chosen] - end[chosen], -apart[chosen].round(9)))
    for index in chosen[order]:
        yield Split(int(start[index]), int(at[index]), int(end[index]), float(apart[index]))


def farthest(n_first: int, n_second: int) -> float:
    """The distance of two sides of which one lies wholly above the other."""
    return math.sqrt(3 * n_first * n_second / (n_first + n_second + 1))


@lru_cache(maxsize=8)  # the series of a case have the same counts
def _places(counts: tuple[int, ...], least: int) -> tuple[Whole, Whole, Whole]:
    import numpy as np

    total = np.concatenate(([0], np.cumsum(counts)))
    found = []
    for length in _lengths(len(counts)):
        starts = np.arange(0, len(counts) - length + 1, max(1, length // 2))
        starts = np.unique(np.append(starts, len(counts) - length))
        start, offset = np.meshgrid(starts, np.arange(1, length), indexing="ij")
        found.append((start.ravel(), (start + offset).ravel(), (start + length).ravel()))
    if not found:
        empty = np.zeros(0, dtype=np.intp)
        return empty, empty, empty
    start, at, end = (np.concatenate(part) for part in zip(*found, strict=True))
    enough = (total[at] - total[start] >= least) & (total[end] - total[at] >= least)
    enough &= np.asarray(counts)[at] > 0  # a split beside an empty group is the same split
    return start[enough], at[enough], end[enough]


def _lengths(n: int) -> Iterator[int]:
    length = n
    while length >= 2:
        yield length
        length = (length + 1) // 2


def _distances(
    groups: Sequence[Sequence[float]], start: Whole, at: Whole, end: Whole
) -> npt.NDArray[np.float64]:
    """|mean rank of the second part - that of the window|, over its deviation under chance.

    The ranks are those in the whole sequence, which serve as scores in each window.
    """
    import numpy as np

    values = np.array([value for group in groups for value in group], dtype=float)
    _, level, ties = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(ties) - (ties - 1) / 2)[level] - (len(values) + 1) / 2
    ends = np.concatenate(([0], np.cumsum([len(group) for group in groups])))
    sums = np.concatenate(([0.0], np.cumsum(ranks)))[ends]
    squares = np.concatenate(([0.0], np.cumsum(ranks**2)))[ends]
    n, n_after = ends[end] - ends[start], ends[end] - ends[at]
    mean = (sums[end] - sums[start]) / n
    spread = np.maximum(squares[end] - squares[start] - n * mean**2, 0.0)
    variance = n_after * (n - n_after) * spread / (n * (n - 1))
    apart: Real = np.abs(sums[end] - sums[at] - n_after * mean)
    found: Real = np.zeros_like(apart)
    np.divide(apart, np.sqrt(variance), out=found, where=variance > 1e-9)
    return found


def _mean(means: Real, known: Real, start: Whole, end: Whole) -> tuple[Real, Real]:
    """The mean of the groups from `start` to `end` that have values, and their number."""
    import numpy as np

    sums, counts = (np.concatenate(([0.0], np.cumsum(one))) for one in (means, known))
    number: Real = counts[end] - counts[start]
    return (sums[end] - sums[start]) / number, number

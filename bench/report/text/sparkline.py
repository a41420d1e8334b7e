"""A row of figures as one line of characters, for terminals with block characters and without."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from bench.judge.statistics import stats

if TYPE_CHECKING:
    from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII = "_.-:=+*#"
GAP = "x"
"""Stands where a value is missing, in either set of characters."""

_LEAST_SPAN = 0.2
"""Share of a figure that the full height stands for at least, so that noise looks flat."""


def sparkline(values: Sequence[float | None], width: int, levels: str = BLOCKS) -> str:
    """At most `width` characters; where there are more values, each stands for several.

    Then it is their median, or a gap where any of them is one.
    """
    cells = [_cell(part) for part in _parts(values, width)]
    known = [cell for cell in cells if cell is not None]
    if not known:
        return GAP * len(cells)
    low, high = min(known), max(known)
    middle = (low + high) / 2
    span = max(high - low, _LEAST_SPAN * abs(middle)) or 1.0
    bottom = middle - span / 2
    if span > high - low:  # the middle is not to lie between two levels
        bottom -= span / len(levels) / 2
    most = len(levels) - 1
    return "".join(
        GAP if cell is None else levels[min(most, int((cell - bottom) / span * len(levels)))]
        for cell in cells
    )


def _parts(values: Sequence[float | None], width: int) -> list[Sequence[float | None]]:
    count = min(len(values), max(1, width))
    ends = [index * len(values) // count for index in range(count + 1)] if count else []
    return [values[start:end] for start, end in pairwise(ends)]


def _cell(part: Sequence[float | None]) -> float | None:
    known = [value for value in part if value is not None]
    return stats.median(known) if len(known) == len(part) else None

"""Tables of numbers as text, all rows at once: for CSV files of millions of cells.

A cell is a stretch of bytes of one width in every row, and what it does not need of that is NUL,
which is taken out at the end. Whole numbers are taken apart into groups of four digits, and the
text of each group is looked up.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.journal.columns import Values

Texts = np.ndarray[Any, np.dtype[np.uint8]]
Whole = np.ndarray[Any, np.dtype[np.int64]]

_GROUP = 10_000
_FULL = [f"{number:04d}" for number in range(_GROUP)]
_LAST = np.array([*map(str, range(_GROUP)), *_FULL], dtype="S4").view(np.uint32)
"""Texts of the last group of a number: where it is the only one, then where it is not."""

_UPPER = np.where(np.arange(2 * _GROUP) == 0, np.uint32(0), _LAST)
"""The same of the groups before it, which may be empty."""

_FRACTION = np.array([*(text.rstrip("0") for text in _FULL), *_FULL], dtype="S4").view(np.uint32)
"""Texts of four digits after the point: where none but zeros follow, then where others do."""

_PER_SECOND = 1_000_000_000
_LONGEST_NS = 10**15
"""Below this a number of seconds has no more than 15 digits, which a float holds."""

_SHORTEST_NS = 10**5
"""Below this Python writes a number of seconds with an exponent."""


def cells_of(table: Values) -> list[Texts | bytes]:
    """The cells of each row of `table`, which become a column of CSV.

    Whole numbers have no point, fractions nine digits at most; a gap is empty. Where a row has the
    same number throughout that is given once.
    """
    gaps = np.isnan(table)
    known = np.where(gaps, 0.0, table)
    top = known.max(axis=1)
    is_whole = (known == np.trunc(known)).all(axis=1) & (known.min(axis=1) >= 0) & (top < 2**53)
    widths = np.where(is_whole, 1 + sum((top >= _GROUP**power) for power in (1, 2, 3)), 0)
    is_constant = is_whole & (known.min(axis=1) == top) & (gaps == gaps[:, :1]).all(axis=1)
    cells: list[Texts | bytes] = [b""] * len(table)
    for row in np.flatnonzero(is_constant & ~gaps[:, 0]).tolist():
        cells[row] = b"%d" % int(top[row])
    for width in set(widths[~is_constant].tolist()):
        rows = np.flatnonzero((widths == width) & ~is_constant)
        numbers = known[rows]
        texts = _whole(numbers.astype(np.int64)) if width else _others(numbers)
        texts[gaps[rows]] = 0
        for row, text in zip(rows.tolist(), texts, strict=True):
            cells[row] = text
    return cells


def seconds_cells(times_ns: Values) -> Texts | bytes:
    """Nanoseconds as cells of seconds."""
    whole_ns = times_ns.astype(np.int64)
    is_usual = whole_ns.min() >= _SHORTEST_NS and whole_ns.max() < _LONGEST_NS
    if not is_usual or (whole_ns != times_ns).any() or not (whole_ns % _PER_SECOND).any():
        return cells_of(np.round(times_ns[np.newaxis] / _PER_SECOND, 9))[0]
    seconds = whole_ns // _PER_SECOND
    rest = (whole_ns - seconds * _PER_SECOND) * 1000  # three groups of digits
    first, others = np.divmod(rest, _GROUP**2)
    second, third = np.divmod(others, _GROUP)
    groups = [first + _GROUP * (others > 0), second + _GROUP * (third > 0), third]
    fraction = _FRACTION[np.stack(groups, axis=-1)].view(np.uint8)
    fraction[rest == 0, 0] = ord("0")
    point = np.full((len(seconds), 1), ord("."), dtype=np.uint8)
    return np.concatenate([_whole(seconds), point, fraction], axis=1)


def plain_numbers(values: Values) -> list[Any]:
    """Numbers as Python's own: whole ones where all are, else fractions of nine digits at most."""
    is_whole = bool(((values == np.trunc(values)) & (np.abs(values) < 2**53)).all())
    numbers: list[Any] = (values.astype("int64") if is_whole else np.round(values, 9)).tolist()
    return numbers


def joined(cells: Sequence[Texts | bytes], count: int) -> bytes:
    """The cells of `count` rows, row by row; those that are bytes stand in every row."""
    parts: list[Texts] = []
    constant = b""
    for cell in cells:
        if isinstance(cell, bytes):
            constant += cell
        else:
            parts += [np.frombuffer(constant, dtype=np.uint8), cell]
            constant = b""
    parts.append(np.frombuffer(constant, dtype=np.uint8))
    ends = list(accumulate(part.shape[-1] for part in parts))
    table = np.empty((count, ends[-1]), dtype=np.uint8)
    for begin, end, part in zip([0, *ends], ends, parts, strict=False):
        table[:, begin:end] = part
    return table.tobytes().translate(None, b"\0")


def _whole(numbers: Whole) -> Texts:
    """Whole numbers from zero on; the result has one more axis, of bytes."""
    groups: list[np.ndarray[Any, np.dtype[np.uint32]]] = []
    rest, texts, top = numbers, _LAST, int(numbers.max(initial=0))
    while not groups or top:
        above = rest // _GROUP
        groups.append(texts[rest - (above - (above > 0)) * _GROUP])
        rest, texts, top = above, _UPPER, top // _GROUP
    return np.stack(groups[::-1], axis=-1).view(np.uint8)


def _others(numbers: Values) -> Texts:
    """Fractions, and numbers below zero or very large, one by one; of the same shape as those."""
    texts = np.array([list(map(str, plain_numbers(row))) for row in numbers], dtype="S")
    return texts.view(np.uint8).reshape(*numbers.shape, -1)

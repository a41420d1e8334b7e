"""Samples and threads as columns of numbers, in events and as arrays."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

Values = np.ndarray[Any, np.dtype[np.float64]]
Samples = dict[str, Values]

_NUMBERS = {int, float, type(None)}

THREAD_COLUMNS = ("thread", "t_ns", "run_ns", "wait_ns")


def are_plain_threads(event: dict[str, Any]) -> bool:
    """Whether a `threads` event has integer columns: a faster check than the model's."""
    columns: list[Any] = [event.get(name) for name in THREAD_COLUMNS]
    if type(event.get("trial_id")) is not str or any(
        type(column) is not list for column in columns
    ):
        return False
    even = len({len(column) for column in columns}) == 1
    whole = all(set(map(type, column)) == {int} for column in columns)
    return even and whole and all(0 <= min(column) <= max(column) < 2**63 for column in columns)


def thread_columns(event: dict[str, Any]) -> Samples:
    """The columns of a `threads` event as arrays."""
    return dict(zip(THREAD_COLUMNS, _table([event[name] for name in THREAD_COLUMNS]), strict=True))


def sample_columns(event: dict[str, Any]) -> Samples:
    """The columns of a `samples` event as arrays; missing readings are NaN.

    Raises:
        ValueError: columns of several lengths, no stamps, or values that no counter has.
        KeyError: a field is missing.
    """
    named = event["columns"]
    table = _table(list(named.values()))
    if table.ndim != 2:
        raise ValueError("it has no columns of readings")
    if ((table < 0) | (table >= 2.0**64)).any():
        raise ValueError("it has values that no counter has")
    columns: Samples = dict(zip(named, table, strict=True))
    if np.isnan(columns["t_ns"]).any():
        raise ValueError("a sample has no stamp")
    return columns


def _table(columns: list[Any]) -> Values:
    """Columns of numbers as the rows of one array.

    Packed as integers first: numpy checks the type of every value, which takes half as long again.
    It converts columns with gaps or fractions, and reports what is wrong with others.
    """
    if not columns or not all(type(column) is list and column for column in columns):
        return np.array(columns, dtype=np.float64)
    whole = struct.Struct(f"{len(columns[0])}q")
    packed, mixed = [], []
    for row, column in enumerate(columns):
        try:
            packed.append(whole.pack(*column))
        except struct.error:
            if len(column) != len(columns[0]) or not set(map(type, column)) <= _NUMBERS:
                return np.array(columns, dtype=np.float64)
            packed.append(bytes(whole.size))
            mixed.append(row)
    table = np.frombuffer(b"".join(packed), dtype=np.int64).astype(np.float64)
    table = table.reshape(len(columns), -1)
    for row in mixed:
        table[row] = np.array(columns[row], dtype=np.float64)
    return table

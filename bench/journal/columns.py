"""Samples and threads as columns of numbers, as an event holds them and as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

Samples = dict[str, "np.ndarray[Any, np.dtype[np.float64]]"]


THREAD_COLUMNS = ("thread", "t_ns", "run_ns", "wait_ns")


def are_plain_threads(event: dict[str, Any]) -> bool:
    """Whether a `threads` event has its columns of whole numbers: quicker than by the model."""
    columns: list[Any] = [event.get(name) for name in THREAD_COLUMNS]
    if type(event.get("trial_id")) is not str or any(type(one) is not list for one in columns):
        return False
    even = len({len(one) for one in columns}) == 1
    whole = all(set(map(type, one)) == {int} for one in columns)
    return even and whole and all(0 <= min(one) <= max(one) < 2**63 for one in columns)


def thread_columns(event: dict[str, Any]) -> Samples:
    """The columns of a `threads` event as arrays."""
    table = np.array([event[name] for name in THREAD_COLUMNS], dtype=np.float64)
    return dict(zip(THREAD_COLUMNS, table, strict=True))


def sample_columns(event: dict[str, Any]) -> Samples:
    """The columns of a `samples` event as arrays; a reading that is absent is not-a-number.

    Raises:
        ValueError: columns of several lengths, no stamps, or values that no counter has.
        KeyError: a field is missing.
    """
    named = event["columns"]
    table = np.array(list(named.values()), dtype=np.float64)
    if table.ndim != 2:
        raise ValueError("it has no columns of readings")
    if ((table < 0) | (table >= 2.0**64)).any():
        raise ValueError("it has values that no counter has")
    columns: Samples = dict(zip(named, table, strict=True))
    if np.isnan(columns["t_ns"]).any():
        raise ValueError("a sample has no stamp")
    return columns

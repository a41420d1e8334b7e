"""The times of threads: plain numbers are passed quickly, and everything else goes to the model."""

from __future__ import annotations

from typing import Any

import pytest

from bench.journal.events import check_event

PLAIN = {"event": "threads", "trial_id": "t0000", "t_ns": [1, 2], "thread": [7, 8]}


def threads(**columns: Any) -> dict[str, Any]:
    return PLAIN | {"run_ns": [0, 5], "wait_ns": [0, 2**63 - 1]} | columns


@pytest.mark.parametrize("columns", [{}, {"t_ns": [1, True]}, {"run_ns": [0, 5.0]}])
def test_whole_numbers_are_taken(columns):
    check_event(threads(**columns))


def test_no_thread_at_all_is_taken():
    check_event(threads(t_ns=[], thread=[], run_ns=[], wait_ns=[]))


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        ({"run_ns": [0, -1]}, "run_ns"),
        ({"wait_ns": [0, 2**63]}, "wait_ns"),
        ({"thread": [7, "eight"]}, "thread"),
        ({"t_ns": [1, None]}, "t_ns"),
        ({"run_ns": 5}, "run_ns"),
        ({"run_ns": [0, 0.5]}, "run_ns"),
        ({"trial_id": 5}, "trial_id"),
        ({"run_ns": [0]}, "differ in length"),
    ],
)
def test_what_no_kernel_writes_is_refused_and_named(columns, field):
    with pytest.raises(ValueError, match=field):
        check_event(threads(**columns))

"""The exit codes of the contract, and the most serious of several."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MET = 0
NOT_MET = 1
NOT_JUDGED = 3
INTERRUPTED = (130, 143)
"""SIGINT and SIGTERM."""


def gravest(codes: Iterable[int]) -> int:
    """The most serious: an interruption before 3 before 1 before 0."""
    known = set(codes)
    return next((code for code in (*INTERRUPTED, NOT_JUDGED, NOT_MET) if code in known), MET)

"""Kinds of failures: two are of one kind if their reasons differ only in incidental numbers."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"(?<!code )\b\d+(\.\d+)?")
"""Numbers that vary between failures of a kind: attempts, seconds, ports; exit codes do not."""


def failure_kind(reason: str) -> str:
    """The part of `reason` that all failures of its kind share."""
    return _NUMBER.sub("#", reason)

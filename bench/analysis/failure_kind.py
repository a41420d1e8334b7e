"""When two failures are of a kind: the same reason, whatever numbers of the moment are in it."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"(?<!code )\b\d+(\.\d+)?")
"""What differs between two failures of a kind: attempts, seconds, ports; an exit code does not."""


def failure_kind(reason: str) -> str:
    """What `reason` has in common with others of its kind."""
    return _NUMBER.sub("#", reason)

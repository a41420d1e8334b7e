"""A finding about this host or engine, as `bench doctor` prints it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """How a finding bears on measuring."""

    GOOD = "good"
    LESS = "less"
    """Something cannot be measured, or not as well."""
    BAD = "bad"
    """Trials cannot be run."""


@dataclass(frozen=True)
class HostFinding:
    """One thing looked at: what it is, how it stands, and what would mend it."""

    subject: str
    health: Health
    text: str
    remedy: str = ""

"""The clock as a parameter: the monotonic clock used for every duration.

Containers share CLOCK_MONOTONIC with the host, so timestamps of both can be compared.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The clock and sleep used by measuring code."""

    def monotonic_ns(self) -> int:
        """CLOCK_MONOTONIC in nanoseconds."""
        ...

    def utc_now(self) -> datetime:
        """Wall-clock time, for labels only, never for durations."""
        ...


class SystemClock:
    """The clocks of this machine."""

    def monotonic_ns(self) -> int:
        """CLOCK_MONOTONIC in nanoseconds."""
        return time.monotonic_ns()

    def utc_now(self) -> datetime:
        """Wall-clock time in UTC."""
        return datetime.now(UTC)

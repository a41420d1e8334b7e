"""The limits of a container: as requested, and as enforced by the kernel."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.journal.facts.form import LEFT_OUT, Amount


@dataclass(frozen=True)
class LimitsAsked:
    """The limits requested from the engine; None if not set.

    Attributes:
        swap_bytes: in addition to memory.
    """

    memory_bytes: Amount | None = None
    swap_bytes: Amount | None = None
    cpus: float | None = None
    pids: Amount | None = None


@dataclass(frozen=True)
class LimitsHeld:
    """The limits enforced by the kernel; None if there is none, or if unknown.

    Attributes:
        swap_bytes: in addition to memory; `unlimited` if there is no limit.
    """

    memory_bytes: Amount | None = field(default=None, metadata=LEFT_OUT)
    swap_bytes: Amount | str | None = field(default=None, metadata=LEFT_OUT)
    cpus: float | None = field(default=None, metadata=LEFT_OUT)
    pids: Amount | None = field(default=None, metadata=LEFT_OUT)


@dataclass(frozen=True)
class LimitsFact:
    """Both; `applied` is None if a container ended before it could be read back."""

    requested: LimitsAsked = LimitsAsked()
    applied: LimitsHeld | None = field(default=None, metadata=LEFT_OUT)

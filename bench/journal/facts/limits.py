"""The limits of a container: as they were asked for, and as the kernel held them."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.journal.facts.form import LEFT_OUT, Amount


@dataclass(frozen=True)
class LimitsAsked:
    """What the engine was asked for; None where it was left open.

    Attributes:
        swap_bytes: beside the memory.
    """

    memory_bytes: Amount | None = None
    swap_bytes: Amount | None = None
    cpus: float | None = None
    pids: Amount | None = None


@dataclass(frozen=True)
class LimitsHeld:
    """What the kernel held; None where that is nothing, or it did not say.

    Attributes:
        swap_bytes: beside the memory; `unlimited` where there is no bound.
    """

    memory_bytes: Amount | None = field(default=None, metadata=LEFT_OUT)
    swap_bytes: Amount | str | None = field(default=None, metadata=LEFT_OUT)
    cpus: float | None = field(default=None, metadata=LEFT_OUT)
    pids: Amount | None = field(default=None, metadata=LEFT_OUT)


@dataclass(frozen=True)
class LimitsFact:
    """Both; `applied` is None where a container ended before it could be read back."""

    requested: LimitsAsked = LimitsAsked()
    applied: LimitsHeld | None = field(default=None, metadata=LEFT_OUT)

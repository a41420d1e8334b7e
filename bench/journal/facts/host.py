"""The activity of the host beside a run and during a trial."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from bench.journal.facts.form import FINITE, LEFT_OUT, Amount, Label, Seconds

if TYPE_CHECKING:
    from pydantic import ConfigDict


@dataclass(frozen=True)
class Busy:
    """A running program that uses CPU time."""

    name: str
    pid: Amount
    cores: Annotated[float, Field(ge=0)]

    def __str__(self) -> str:
        return f"{self.name} (pid {self.pid}, {self.cores:.1f} cores)"


@dataclass(frozen=True)
class HostWait:
    """A wait for a quiet host before a trial.

    Attributes:
        in_vain: whether the host was still busy at the end.
        other_share, steal_share: the largest share of core time taken by others meanwhile.
        busy: the programs that took it, the busiest first.
    """

    waited_s: Seconds
    in_vain: bool
    other_share: float
    steal_share: float
    busy: tuple[Busy, ...]


@dataclass(frozen=True, kw_only=True)
class HostWaited(HostWait):
    """The event `host_wait`; `at` is its UTC label."""

    __pydantic_config__: ClassVar[ConfigDict] = FINITE

    at: Label

    @property
    def wait(self) -> HostWait:
        """The wait without its UTC label."""
        return HostWait(**{field.name: getattr(self, field.name) for field in fields(HostWait)})


@dataclass(frozen=True)
class Heat:
    """Counts of the thermal sensor with the highest count; None if the host has none.

    Attributes:
        events: how often its core or package was throttled.
        slowed_s: for how long.
    """

    events: Seconds | None = field(default=None, metadata=LEFT_OUT)
    slowed_s: Seconds | None = field(default=None, metadata=LEFT_OUT)


@dataclass(frozen=True)
class HostUse:
    """The load of the host over a period; None means not observed.

    Attributes:
        wall_s: length of the period.
        core_s: total core time available.
        steal_share, busy_share: shares of it, taken by other tenants, and used in total.
        swapped_pages: pages moved to or from swap.
        swap_used_bytes, memory_available_bytes: at the start of the period.
        clock_step_s: step of the wall clock relative to the monotonic one.
        cpu_s: CPU seconds by user.
        other_share: share of the core time used by none of these; None if the workload, or an
            engine that took part, is not among them.
        stalled_s: seconds in which some task was stalled, by resource; empty without PSI.
        thermal: None if the host has no such counters.
    """

    wall_s: Seconds | None = None
    core_s: Seconds | None = None
    steal_share: float | None = None
    busy_share: float | None = None
    swapped_pages: int | None = None
    swap_used_bytes: Amount | None = None
    memory_available_bytes: Amount | None = None
    clock_step_s: float | None = None
    cpu_s: dict[str, Seconds] = field(default_factory=dict)
    other_share: float | None = field(default=None, metadata=LEFT_OUT)
    stalled_s: dict[str, Seconds] = field(default_factory=dict, metadata=LEFT_OUT)
    thermal: Heat | None = field(default=None, metadata=LEFT_OUT)

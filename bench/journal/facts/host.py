"""What the host did beside a run, and while a trial lasted."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from bench.journal.facts.form import FINITE, LEFT_OUT, Amount, Label, Seconds

if TYPE_CHECKING:
    from pydantic import ConfigDict


@dataclass(frozen=True)
class Busy:
    """A program that is running now."""

    name: str
    pid: Amount
    cores: Annotated[float, Field(ge=0)]

    def __str__(self) -> str:
        return f"{self.name} (pid {self.pid}, {self.cores:.1f} cores)"


@dataclass(frozen=True)
class HostWait:
    """A trial has waited for a quiet host.

    Attributes:
        in_vain: whether the host was still busy in the end.
        other_share, steal_share: the largest share of the core time that others took meanwhile.
        busy: the programs that did, the busiest first.
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
        """The wait alone."""
        return HostWait(**{field.name: getattr(self, field.name) for field in fields(HostWait)})


@dataclass(frozen=True)
class Heat:
    """What the sensor of heat counted that counted most; None where the host does not say.

    Attributes:
        events: how often it said that its core or package is too hot.
        slowed_s: for how long.
    """

    events: Seconds | None = field(default=None, metadata=LEFT_OUT)
    slowed_s: Seconds | None = field(default=None, metadata=LEFT_OUT)


@dataclass(frozen=True)
class HostUse:
    """How busy the host was over a stretch of time; None is what nobody saw.

    Attributes:
        wall_s: how long that was.
        core_s: all core time that there was.
        steal_share, busy_share: of it, taken by other tenants, and used by whomever.
        swapped_pages: pages moved to or from swap.
        swap_used_bytes, memory_available_bytes: as they were before.
        clock_step_s: how far the wall clock moved against the monotonic one.
        cpu_s: CPU seconds by who used them.
        other_share: of the core time, what none of these used; None where the workload, or an
            engine that took part, is not among them.
        stalled_s: seconds in which some task was held up, by resource; empty without PSI.
        thermal: None where the host has no such counters.
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

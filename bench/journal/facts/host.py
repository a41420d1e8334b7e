"""What the host did beside a run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Busy:
    """A program that is running now."""

    name: str
    pid: int
    cores: float

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

    waited_s: float
    in_vain: bool
    other_share: float
    steal_share: float
    busy: tuple[Busy, ...]

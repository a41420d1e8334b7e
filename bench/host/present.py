"""The current load of other programs on this host, from two readings a moment apart."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.host.load import load_between
from bench.host.others import busiest, read_processes
from bench.scenario.host_bounds import DISTURBED_SHARE, HostBounds

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from bench.host.load import HostLoad
    from bench.journal.facts.host import Busy

_WORTH_A_WORD = 0.05


@dataclass(frozen=True)
class Present:
    """Core time that others used while they were watched.

    Attributes:
        other_share: other programs of this host, and kernel work that belongs to no program.
        steal_share: other tenants of the machine.
        busy: the programs, the busiest first; empty where they were not looked for.
    """

    other_share: float
    steal_share: float
    busy: tuple[Busy, ...] = ()

    def is_quiet(self, bounds: HostBounds) -> bool:
        """Whether others leave the host alone; a share without a bound is nothing to wait for."""
        return not (
            _is_much(self.other_share, bounds.other_share)
            or _is_much(self.steal_share, bounds.steal_share)
        )

    def __str__(self) -> str:
        text = f"other programs take {self.other_share:.0%} of the core time"
        text += f": {', '.join(map(str, self.busy))}" if self.busy else ""
        if self.steal_share >= _WORTH_A_WORD:
            text += f"; other tenants of the machine take {self.steal_share:.0%}"
        return text


def _is_much(share: float, bound: float) -> bool:
    return bound < 1 and share >= min(DISTURBED_SHARE, bound)


def look(
    read_load: Callable[[], HostLoad],
    seconds: float,
    *,
    names: int = 0,
    own: Collection[int] = (),
    root: Path = Path("/"),
    sleep: Callable[[float], None] = time.sleep,
) -> Present:
    """See what others do for so many seconds.

    Args:
        read_load: reads the counters of the host, and those of bench and its daemons.
        seconds: how long; ticks of 10 ms make less than 200 ms too coarse.
        names: how many programs to name at most; to look at every process takes time of its own.
        own: processes that are not named, as they are bench's.
        root: where `proc` is.
        sleep: passes the time.
    """
    before, processes = read_load(), read_processes(root) if names else {}
    sleep(seconds)
    after, later = read_load(), read_processes(root) if names else {}
    load = load_between(before, after, 0.0, with_engine=False)
    lasted_s = after.monotonic_s - before.monotonic_s or seconds
    other, steal = load.other_share or 0.0, load.steal_share or 0.0
    return Present(other, steal, busiest(processes, later, lasted_s, own=own)[:names])

"""The sampler's source for the threads of a container: how often, and which figures, it reads."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.sampling.demand import TaskTimes
from bench.sampling.exits import ExitReports

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.core.clock import Clock
    from bench.sampling.threads import ThreadReading, ThreadTimes

_COST_BOUND = 100
"""Times a reading's time on a core until the next: reading takes 1 % of a core at most."""


@dataclass
class ThreadChanges:
    """Readings of threads that had run since the last look at them.

    Attributes:
        t_ns, thread: when and whose (CLOCK_MONOTONIC, the host's thread id).
        run_ns, wait_ns: on a core, and ready without one, since the thread began.
    """

    t_ns: list[int] = field(default_factory=list)
    thread: list[int] = field(default_factory=list)
    run_ns: list[int] = field(default_factory=list)
    wait_ns: list[int] = field(default_factory=list)

    def add(self, at_ns: int, reading: ThreadReading) -> None:
        """Take down those of a reading that had run."""
        for name, schedstat in reading.changed:
            ran, waited, *_ = schedstat.split()
            self.t_ns.append(at_ns)
            self.thread.append(int(name))
            self.run_ns.append(int(ran))
            self.wait_ns.append(int(waited))


@dataclass(frozen=True)
class RawThreads:
    """The threads in one sample.

    Attributes:
        begin_ns, end_ns: when they were looked at.
        is_due: whether they were to be looked at in this sample.
        on_record: whether the container was not ready yet.
        reading: the threads; None where they were not looked at, or have gone.
        ended: the kernel's reports of tasks that have ended since the last sample.
        is_lost: whether it dropped some of them.
    """

    begin_ns: int
    end_ns: int
    is_due: bool
    on_record: bool
    reading: ThreadReading | None
    ended: tuple[bytes, ...]
    is_lost: bool


class ThreadSource:
    """A sampler source: every thread at every sample, to the end where demand is wanted.

    Reading costs by the thread, so that it is done less often where there are many. What ends
    meanwhile is heard of from the kernel, where it tells.
    """

    def __init__(
        self,
        times: ThreadTimes,
        clock: Clock,
        *,
        demand: bool,
        exits: ExitReports | None = None,
        cpu_ns: Callable[[], int] = time.thread_time_ns,
    ) -> None:
        """`demand` adds up running and waiting in columns, to the container's end.

        `exits` tells of tasks that have ended. `cpu_ns` is what the reading thread has used of a
        core: a reading that had to wait for one itself cost no more for that, and must not put
        off the next.
        """
        self._times = times
        self._cpu_ns = cpu_ns
        self._clock = clock
        self._demand = demand
        self._exits = exits
        self._is_ready = False
        self._due_ns = 0
        self._sums = TaskTimes()
        self._lost = 0
        self._changes = ThreadChanges()

    def ask(self) -> None:
        """Let the next sample read the threads, however short a time ago they were read."""
        self._due_ns = 0

    def container_is_ready(self) -> None:
        """It is ready: single threads are of no interest any more."""
        self._is_ready = True

    def read(self) -> RawThreads | None:
        """The threads, and what has ended since; None where nothing of it is wanted."""
        if self._is_ready and not self._demand:
            return None
        begin_ns = self._clock.monotonic_ns()
        found, is_due = None, begin_ns >= self._due_ns
        if is_due:
            used_ns = self._cpu_ns()
            found = self._times.read()
            self._due_ns = begin_ns + _COST_BOUND * (self._cpu_ns() - used_ns)
        end_ns = self._clock.monotonic_ns()
        ended, is_lost = self._exits.read() if self._exits is not None else ((), False)
        if found is None and not ended and not is_lost and not is_due:
            return None
        return RawThreads(begin_ns, end_ns, is_due, not self._is_ready, found, ended, is_lost)

    def parse(self, raw: RawThreads) -> dict[str, int]:
        """How many threads there are and what they do; their times go to `take_changes`."""
        reading = raw.reading
        self._lost += raw.is_lost
        if self._demand:
            exits = ExitReports.parse(raw.ended)
            self._sums.add(raw.begin_ns, raw.end_ns, reading, exits)
        columns: dict[str, int | None] = {}
        if reading is not None:
            if raw.on_record:
                self._changes.add(raw.begin_ns, reading)
            columns = {
                "threads": reading.number,
                "threads_runnable": reading.runnable,
                "threads_blocked": reading.blocked,
            }
        if self._demand and raw.is_due:
            columns |= {
                "cpu_wait_ns": self._sums.wait_ns,
                "cpu_seen_ns": self._sums.run_ns,
                "cpu_ending_ns": self._sums.ending_ns,
                "exit_reports_lost": self._lost,
            }
        return {name: value for name, value in columns.items() if value is not None}

    def take_changes(self) -> ThreadChanges:
        """Changes parsed since the last call."""
        taken, self._changes = self._changes, ThreadChanges()
        return taken

    def close(self) -> None:
        """Close the files."""
        self._times.close()
        if self._exits is not None:
            self._exits.close()

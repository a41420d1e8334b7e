"""What the kernel keeps by thread: time on a core, time ready without one, and what it does now.

`schedstat` (Documentation/scheduler/sched-stats.rst) counts both times in nanoseconds, each when
it ends: a wait when the thread gets its core, a run at the latest at the next tick of the
scheduler. What a thread used and waited between the last look at it and its end is not seen here.
"""

from __future__ import annotations

import errno
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench.sampling.cgroup import CgroupVersion

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.clock import Clock
    from bench.sampling.cgroup import ContainerCgroup

_MOST_OPEN = 48
"""Threads whose files stay open; a process may have 1024 files open, for all its containers."""

_COST_BOUND = 100
"""Times a reading's time on a core until the next: reading takes 1 % of a core at most."""

_DEMAND_EVERY_NS = 100_000_000
_GONE = (errno.ENOENT, errno.ESRCH, errno.ENODEV)
_BLOCK = 65536


class _Thread:
    """One thread as it was last seen."""

    __slots__ = ("descriptor", "schedstat", "state")

    def __init__(self) -> None:
        self.descriptor = -1
        self.schedstat = b"0 0 0\n"
        self.state = b""


@dataclass(frozen=True)
class ThreadReading:
    """The threads of a container at one moment.

    Attributes:
        number: how many there are.
        changed: id and `schedstat` of those that have run since the last reading.
        runnable: how many were on a core or ready for one; None where states are not read.
        blocked: how many slept uninterruptibly, which is nearly always for a disk; likewise.
    """

    number: int
    changed: tuple[tuple[bytes, bytes], ...]
    runnable: int | None
    blocked: int | None


class ThreadTimes:
    """The threads of one container, read again and again."""

    def __init__(
        self, cgroup: ContainerCgroup, *, states: bool, proc: Path = Path("/proc")
    ) -> None:
        """`states` also reads what each thread does at that moment."""
        version = cgroup.mounts.version
        name = "tasks" if version is CgroupVersion.V1 else "cgroup.threads"
        controller = "cpuacct" if version is CgroupVersion.V1 else "cpu"
        self._list = f"{cgroup.mounts.path(controller, cgroup.child)}/{name}"
        self._proc = str(proc)
        self._states = states
        self._threads: dict[bytes, _Thread] = {}
        self._was_there = False

    @staticmethod
    def is_available(schedstat: Path = Path("/proc/self/schedstat")) -> bool:
        """Whether this kernel keeps the times; where it does not, the file is all zeros."""
        try:
            fields = [int(one) for one in schedstat.read_text().split()]
        except (OSError, ValueError):
            return False
        return len(fields) == 3 and fields[0] > 0  # time on a core, which the reader has had

    def read(self) -> ThreadReading | None:
        """The threads that there are: none before the start, None once they have gone.

        Raises:
            OSError: they are there and cannot be read.
        """
        try:
            names = _contents(self._list).split()
        except OSError as error:
            if error.errno not in _GONE:
                raise
            return None if self._was_there else ThreadReading(0, (), None, None)
        self._was_there = self._was_there or bool(names)
        before, self._threads = self._threads, {}
        changed = []
        for name in names:
            one = before.pop(name, None) or _Thread()
            try:
                has_run = self._look(name, one)
            except OSError as error:
                _close(one)
                if error.errno not in _GONE:
                    raise
                continue  # its number is looked at afresh in the next reading
            self._threads[name] = one
            if has_run:
                changed.append((name, one.schedstat))
        for gone in before.values():
            _close(gone)
        return self._reading(changed)

    def _look(self, name: bytes, one: _Thread) -> bool:
        """Whether it has run since it was last looked at; only then its state can be another."""
        if one.descriptor >= 0:
            raw = os.pread(one.descriptor, 128, 0)
        else:
            path = f"{self._proc}/{name.decode()}/schedstat"
            if len(self._threads) < _MOST_OPEN:
                one.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                raw = os.pread(one.descriptor, 128, 0)
            else:
                raw = _contents(path)
        has_run = raw != one.schedstat
        one.schedstat = raw
        if self._states and (has_run or not one.state):
            stat = _contents(f"{self._proc}/{name.decode()}/stat")
            one.state = stat.rpartition(b")")[2][1:2]
        return has_run

    def _reading(self, changed: list[tuple[bytes, bytes]]) -> ThreadReading:
        number = len(self._threads)
        if not self._states:
            return ThreadReading(number, tuple(changed), None, None)
        states = [one.state for one in self._threads.values()]
        return ThreadReading(number, tuple(changed), states.count(b"R"), states.count(b"D"))

    def close(self) -> None:
        """Close the files."""
        for one in self._threads.values():
            _close(one)
        self._threads.clear()


def _contents(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        blocks = []
        while block := os.read(descriptor, _BLOCK):
            blocks.append(block)
        return b"".join(blocks)
    finally:
        os.close(descriptor)


def _close(one: _Thread) -> None:
    if one.descriptor >= 0:
        os.close(one.descriptor)
        one.descriptor = -1


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


class ThreadSource:
    """A sampler source: every thread at every sample until the container is ready.

    After that only its demand for cores is of interest, ten times a second. Reading costs by the
    thread, so that it is done less often where there are many.
    """

    def __init__(
        self,
        times: ThreadTimes,
        clock: Clock,
        *,
        demand: bool,
        cpu_ns: Callable[[], int] = time.thread_time_ns,
    ) -> None:
        """`demand` adds up the waiting in a column, to the container's end.

        `cpu_ns` is what the reading thread has used of a core: a reading that had to wait for one
        itself cost no more for that, and must not put off the next.
        """
        self._times = times
        self._cpu_ns = cpu_ns
        self._clock = clock
        self._demand = demand
        self._is_ready = False
        self._due_ns = 0
        self._waits_ns: dict[int, int] = {}
        self._waited_ns = 0
        self._changes = ThreadChanges()

    def ask(self) -> None:
        """Let the next sample read the threads, however short a time ago they were read."""
        self._due_ns = 0

    def container_is_ready(self) -> None:
        """It is ready: single threads are of no interest any more."""
        self._is_ready = True

    def read(self) -> tuple[int, bool, ThreadReading] | None:
        """When, whether that was before it was ready, and the threads; None between readings."""
        now_ns = self._clock.monotonic_ns()
        if now_ns < self._due_ns or (self._is_ready and not self._demand):
            return None
        used_ns = self._cpu_ns()
        found = self._times.read()
        cost_ns = self._cpu_ns() - used_ns
        rest_ns = _DEMAND_EVERY_NS if self._is_ready else 0
        self._due_ns = now_ns + max(_COST_BOUND * cost_ns, rest_ns)
        return None if found is None else (now_ns, not self._is_ready, found)

    def parse(self, raw: tuple[int, bool, ThreadReading]) -> dict[str, int]:
        """How many threads there are and what they do; their times go to `take_changes`."""
        at_ns, on_record, reading = raw
        for name, schedstat in reading.changed:
            thread, (ran, waited, *_) = int(name), schedstat.split()
            self._count(thread, int(waited))
            if on_record:
                self._changes.t_ns.append(at_ns)
                self._changes.thread.append(thread)
                self._changes.run_ns.append(int(ran))
                self._changes.wait_ns.append(int(waited))
        columns: dict[str, int | None] = {
            "threads": reading.number,
            "threads_runnable": reading.runnable,
            "threads_blocked": reading.blocked,
            "cpu_wait_ns": self._waited_ns if self._demand else None,
        }
        return {name: value for name, value in columns.items() if value is not None}

    def _count(self, thread: int, wait_ns: int) -> None:
        """Add what a thread has waited since; one that waited less than before is another."""
        before_ns = self._waits_ns.get(thread, 0)
        self._waited_ns += wait_ns - before_ns if wait_ns >= before_ns else wait_ns
        self._waits_ns[thread] = wait_ns

    def take_changes(self) -> ThreadChanges:
        """What was parsed since this was last called."""
        taken, self._changes = self._changes, ThreadChanges()
        return taken

    def close(self) -> None:
        """Close the files."""
        self._times.close()

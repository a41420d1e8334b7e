"""The kernel's figures of each thread: time on a core, time waiting for one, and its state.

`schedstat` (Documentation/scheduler/sched-stats.rst) counts both times in nanoseconds, each when
it ends: a wait when the thread gets its core, a run at the latest at the next tick of the
scheduler. What a thread used and waited between the last look at it and its end is not there any
more: that is in the kernel's report of its end (exits.py).
"""

from __future__ import annotations

import contextlib
import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.cgroup.mounts import CgroupVersion

if TYPE_CHECKING:
    from bench.cgroup.mounts import ContainerCgroup

_MOST_OPEN = 48
"""Threads whose files stay open; a process may have 1024 files open, for all its containers."""

_LINKS_OF_A_LEAF = 2
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
        threads: their ids.
        changed: id and `schedstat` of those that have run since the last reading.
        runnable: how many were on a core or ready for one; None where states are not read.
        blocked: how many slept uninterruptibly, which is nearly always for a disk; likewise.
    """

    threads: tuple[bytes, ...]
    changed: tuple[tuple[bytes, bytes], ...]
    runnable: int | None
    blocked: int | None

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self.threads)


class ThreadTimes:
    """The threads of one container, read again and again."""

    def __init__(
        self, cgroup: ContainerCgroup, *, states: bool, proc: Path = Path("/proc")
    ) -> None:
        """`states` also reads what each thread does at that moment."""
        version = cgroup.mounts.version
        name = "tasks" if version is CgroupVersion.V1 else "cgroup.threads"
        controller = "cpuacct" if version is CgroupVersion.V1 else "cpu"
        self._folder = str(cgroup.mounts.path(controller, cgroup.child))
        self._name = name
        self._proc = str(proc)
        self._states = states
        self._threads: dict[bytes, _Thread] = {}
        self._was_there = False

    @staticmethod
    def is_available(schedstat: Path = Path("/proc/self/schedstat")) -> bool:
        """Whether this kernel keeps the times; where it does not, the file is all zeros."""
        try:
            fields = [int(field) for field in schedstat.read_text().split()]
        except (OSError, ValueError):
            return False
        return len(fields) == 3 and fields[0] > 0  # time on a core, which the reader has had

    def read(self) -> ThreadReading | None:
        """The threads that there are: none before the start, None once they have gone.

        Raises:
            OSError: they are there and cannot be read.
        """
        try:
            names = self._names(self._folder)
        except OSError as error:
            if error.errno not in _GONE:
                raise
            return None if self._was_there else ThreadReading((), (), None, None)
        self._was_there = self._was_there or bool(names)
        before, self._threads = self._threads, {}
        changed = []
        for name in names:
            thread = before.pop(name, None) or _Thread()
            try:
                has_run = self._look(name, thread)
            except OSError as error:
                _close(thread)
                if error.errno not in _GONE:
                    raise
                continue  # its number is looked at afresh in the next reading
            self._threads[name] = thread
            if has_run:
                changed.append((name, thread.schedstat))
        for gone in before.values():
            _close(gone)
        return self._reading(changed)

    def _names(self, folder: str) -> list[bytes]:
        """The threads of a cgroup and of those that the container made below it.

        A folder that has no other in it has two links, so that this is not looked up again.
        """
        names = _contents(f"{folder}/{self._name}").split()
        if os.stat(folder).st_nlink == _LINKS_OF_A_LEAF:  # noqa: PTH116 - fifty times a second
            return names
        with os.scandir(folder) as entries:
            below = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
        for path in below:
            with contextlib.suppress(OSError):  # it was removed in between, or is of another kind
                names += self._names(path)
        return names

    def _look(self, name: bytes, thread: _Thread) -> bool:
        """Whether it has run since it was last looked at; only then its state can be another."""
        if thread.descriptor >= 0:
            raw = os.pread(thread.descriptor, 128, 0)
        else:
            path = f"{self._proc}/{name.decode()}/schedstat"
            if len(self._threads) < _MOST_OPEN:
                thread.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                raw = os.pread(thread.descriptor, 128, 0)
            else:
                raw = _contents(path)
        has_run = raw != thread.schedstat
        thread.schedstat = raw
        if self._states and (has_run or not thread.state):
            stat = _contents(f"{self._proc}/{name.decode()}/stat")
            thread.state = stat.rpartition(b")")[2][1:2]
        return has_run

    def _reading(self, changed: list[tuple[bytes, bytes]]) -> ThreadReading:
        names = tuple(self._threads)
        if not self._states:
            return ThreadReading(names, tuple(changed), None, None)
        states = [thread.state for thread in self._threads.values()]
        return ThreadReading(names, tuple(changed), states.count(b"R"), states.count(b"D"))

    def close(self) -> None:
        """Close the files."""
        for thread in self._threads.values():
            _close(thread)
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


def _close(thread: _Thread) -> None:
    if thread.descriptor >= 0:
        os.close(thread.descriptor)
        thread.descriptor = -1

"""Which files of its image a container opens until it is ready, and when.

The kernel reports each opening on the container's root file system. That is mounted by the engine
some tens of milliseconds before the container's first process begins: a thread waits for the mount
and listens from then on. What the engine itself opens there is counted too: a few small files.
"""

from __future__ import annotations

import os
import re
import select
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.images.opened import opened_files
from bench.journal.facts.opened import OpenedUnknown
from bench.observe.fanotify import OpenEvents
from bench.observe.observer import Observer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.core.clock import Clock
    from bench.images.layers import LayerContent
    from bench.journal.facts.trial import TrialFacts
    from bench.runtimes.workload import WorkloadFiles, WorkloadState

_MOUNTS = Path("/proc/self/mountinfo")
_ROOT_FIELD, _MOUNT_POINT_FIELD = 3, 4
_OVERLAYS = (" - overlay ", " - fuse.fuse-overlayfs ")
"""File systems of its own for each container; of others, the whole host's would be reported."""
_OCTAL = re.compile(r"\\([0-7]{3})")
_START_TIME_FIELD = 19  # of those after the name of the program
_MOST_EVENTS = 1_000_000
_NO_MOUNT = "the engine shows no overlay file system of the container on this host"
_TOO_LATE = "its first process began before its file system could be watched"
_GONE = "its first process ended before it could be looked at"
_TOO_MANY = f"it opened files more than {_MOST_EVENTS:,} times"
_NO_LAYERS = "the files of its layers are not known"


class OpenedFilesObserver(Observer):
    """Records the files that a container opens until it is ready."""

    def __init__(
        self,
        clock: Clock,
        files: WorkloadFiles,
        layers: Callable[[], Sequence[LayerContent] | None],
        unknown: str = "",
    ) -> None:
        """Nothing is recorded before `created`.

        Args:
            clock: stamps the openings.
            files: the file system of the container.
            layers: reads which files the layers hold.
            unknown: why nothing can be told of this case; nothing is observed then.
        """
        self._clock = clock
        self._files = files
        self._layers = layers
        self._unknown = unknown
        self._endings: tuple[str, ...] = ()
        self._root = ""
        self._watched_s: float | None = None  # by CLOCK_BOOTTIME, as processes are stamped
        self._begun_s: float | None = None
        self._opened: list[tuple[int, str]] = []
        self._end: _Signal | None = None
        self._thread = threading.Thread(target=self._follow, name="opened files", daemon=True)

    def created(self) -> None:
        """Wait for its file system, and record from then on."""
        if self._unknown:
            return
        self._endings = self._files.mounted_at()
        self._end = _Signal()
        self._thread.start()

    def started(self, state: WorkloadState, sent_ns: int) -> None:  # noqa: ARG002 - of every step
        """Note when process 1 began: nothing was missed if it was watched before."""
        self._begun_s = _begun_s(state.pid)

    def ready(self, facts: TrialFacts) -> None:  # noqa: ARG002 - of every step
        """Record no longer."""
        if self._end is not None:
            self._end.send()

    def finish(self, facts: TrialFacts) -> None:
        """Record which files were opened, of a container that became ready."""
        if self._end is not None:
            self._end.send()
            self._thread.join()
            self._end.close()
        if facts.ready is None:
            return
        unknown = self._unknown or self._missed()
        layers = None if unknown else self._layers()
        if layers is None:
            facts.opened = OpenedUnknown(unknown or _NO_LAYERS)
            return
        facts.opened = opened_files(self._opened, facts.ready.at_ns, layers)

    def _missed(self) -> str:
        """Why something may have been opened before the file system was watched; or empty."""
        if self._begun_s is None:
            return _GONE
        is_whole = self._watched_s is not None and self._watched_s <= self._begun_s
        return "" if is_whole else _TOO_LATE

    def _follow(self) -> None:
        try:
            events = OpenEvents()
        except OSError as error:
            self._unknown = f"the kernel does not report opened files: {error.strerror}"
            return
        try:
            if self._await_mount():
                events.add(Path(self._root))
                self._watched_s = time.clock_gettime(time.CLOCK_BOOTTIME)
                self._record(events)
            else:
                self._unknown = _NO_MOUNT
        except OSError as error:
            self._unknown = f"the kernel does not report opened files: {error.strerror}"
        finally:
            events.close()  # what is queued holds the file system

    def _record(self, events: OpenEvents) -> None:
        assert self._end is not None, "the thread is started with it"
        waiter = select.poll()
        waiter.register(events.fileno(), select.POLLIN)
        waiter.register(self._end.fileno(), select.POLLIN)
        own, is_over = os.getpid(), False
        while not is_over:
            is_over = any(fd == self._end.fileno() for fd, _ in waiter.poll())
            for event in events.read():
                if event.pid != own:
                    path = event.path.removeprefix(self._root)  # seen from outside, or inside
                    self._opened.append((self._clock.monotonic_ns(), path))
            if len(self._opened) > _MOST_EVENTS:
                self._unknown = _TOO_MANY
                return

    def _await_mount(self) -> bool:
        """Wait for the file system; whether it was mounted before the container was ready."""
        assert self._end is not None, "the thread is started with it"
        with _MOUNTS.open(errors="surrogateescape") as file:
            waiter = select.poll()
            waiter.register(file, select.POLLPRI | select.POLLERR)  # as proc_pid_mounts(5) says
            waiter.register(self._end.fileno(), select.POLLIN)
            while True:
                file.seek(0)
                self._root = next(filter(self._is_its_own, map(_mount_point, file)), "")
                if self._root:
                    return True
                if any(fd == self._end.fileno() for fd, _ in waiter.poll()):
                    return False

    def _is_its_own(self, point: str) -> bool:
        return point.endswith(self._endings)


class _Signal:
    """Wakes a thread that polls, once and for good."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

    def fileno(self) -> int:
        return self._read

    def send(self) -> None:
        os.write(self._write, b"\0")

    def close(self) -> None:
        os.close(self._read)
        os.close(self._write)


def _mount_point(line: str) -> str:
    """Where an overlay is mounted as a whole, by a line of mountinfo; of other mounts empty."""
    if not any(kind in line for kind in _OVERLAYS):
        return ""
    fields = line.split(" ")
    if fields[_ROOT_FIELD] != "/":
        return ""
    return _OCTAL.sub(lambda found: chr(int(found[1], 8)), fields[_MOUNT_POINT_FIELD])


def _begun_s(pid: int) -> float | None:
    """When a process began, in seconds of CLOCK_BOOTTIME, at most a tick early; None if unknown."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return int(fields[_START_TIME_FIELD]) / os.sysconf("SC_CLK_TCK")

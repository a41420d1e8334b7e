"""Which files of its image a container opens until it is ready, and when.

The kernel reports each opening on the container's root file system. That is mounted by the engine
some tens of milliseconds before the container's own program is executed: a thread waits for the
mount and listens from then on. What the engine itself opens there is counted too: a few small
files.
"""

from __future__ import annotations

import os
import select
import threading
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
_MOUNT_POINT_FIELD = 4
_OVERLAY = " - overlay "
"""A file system of its own for each container; of others, the whole host's would be reported."""
_MOST_EVENTS = 1_000_000
_NO_MOUNT = "the engine shows no overlay file system of the container on this host"
_TOO_LATE = "the container's program was executed before its file system could be watched"
_TOO_MANY = f"it opened files more than {_MOST_EVENTS:,} times"
_NO_LAYERS = "the files of its layers are not known"


class OpenedFilesObserver(Observer):
    """Records the files that a container opens until it is ready."""

    def __init__(
        self,
        clock: Clock,
        files: WorkloadFiles,
        layers: Callable[[], Sequence[LayerContent] | None],
    ) -> None:
        """Nothing is recorded before `created`.

        Args:
            clock: stamps the openings.
            files: the file system of the container.
            layers: reads which files the layers hold.
        """
        self._clock = clock
        self._files = files
        self._endings: tuple[str, ...] = ()
        self._layers = layers
        self._events: OpenEvents | None = None
        self._unknown = ""
        self._root = ""
        self._pid = 0
        self._executed: set[int] = set()
        self._opened: list[tuple[int, str]] = []
        self._ended, self._end = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._thread = threading.Thread(target=self._follow, name="opened files", daemon=True)

    def created(self) -> None:
        """Wait for its file system, and record from then on."""
        self._endings = self._files.mounted_at()
        try:
            self._events = OpenEvents()
        except OSError as error:
            self._unknown = f"the kernel does not report opened files: {error.strerror}"
            return
        self._thread.start()

    def started(self, state: WorkloadState, sent_ns: int) -> None:  # noqa: ARG002 - of every step
        """Note process 1, whose execution has to be among the events."""
        self._pid = state.pid

    def ready(self, facts: TrialFacts) -> None:  # noqa: ARG002 - of every step
        """Record no longer."""
        os.write(self._end, b"\0")

    def finish(self, facts: TrialFacts) -> None:
        """Record which files were opened, of a container that became ready."""
        os.write(self._end, b"\0")
        if self._thread.ident is not None:
            self._thread.join()
        if self._events is not None:
            self._events.close()
        os.close(self._ended)
        os.close(self._end)
        if facts.ready is None:
            return
        unknown = self._unknown or ("" if self._pid in self._executed else _TOO_LATE)
        layers = None if unknown else self._layers()
        if layers is None:
            facts.opened = OpenedUnknown(unknown or _NO_LAYERS)
            return
        facts.opened = opened_files(self._opened, facts.ready.at_ns, layers)

    def _follow(self) -> None:
        assert self._events is not None, "the thread is started with it"
        try:
            if not self._await_mount():
                self._unknown = _NO_MOUNT
                return
            self._events.add(Path(self._root))
            waiter = select.poll()
            waiter.register(self._events.fileno(), select.POLLIN)
            waiter.register(self._ended, select.POLLIN)
            while True:
                is_over = any(fd == self._ended for fd, _ in waiter.poll())
                self._take()
                if is_over:
                    return
        except OSError as error:
            self._unknown = f"the kernel does not report opened files: {error.strerror}"

    def _await_mount(self) -> bool:
        """Wait for the file system; whether it was mounted before the container was ready."""
        with _MOUNTS.open() as file:
            waiter = select.poll()
            waiter.register(file, select.POLLPRI | select.POLLERR)  # as proc_pid_mounts(5) says
            waiter.register(self._ended, select.POLLIN)
            while True:
                file.seek(0)
                overlays = (line for line in file if _OVERLAY in line)
                points = (line.split(" ")[_MOUNT_POINT_FIELD] for line in overlays)
                self._root = next((point for point in points if point.endswith(self._endings)), "")
                if self._root:
                    return True
                if any(fd == self._ended for fd, _ in waiter.poll()):
                    return False

    def _take(self) -> None:
        assert self._events is not None, "the thread is started with it"
        own = os.getpid()
        for event in self._events.read():
            if len(self._opened) >= _MOST_EVENTS:
                self._unknown = _TOO_MANY
                return
            if event.pid == own:
                continue
            if event.is_executed:
                self._executed.add(event.pid)
            path = event.path.removeprefix(self._root)  # seen from outside, or from inside
            self._opened.append((self._clock.monotonic_ns(), path))

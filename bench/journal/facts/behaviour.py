"""The behaviour of a container besides its times: process 1, its stop, its workers, its writes.

A trial records these as facts; judging and reports read them back from there. None means not
observed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

Disposition = Literal["handler", "blocked", "ignored", "default"]
"""How process 1 handles a signal."""


@dataclass(frozen=True)
class Standing:
    """Process 1 of a container, and the processes below it, just before the stop.

    Attributes:
        signal: the stop signal that will be sent.
        disposition: how process 1 treats that signal: `handler`, `blocked` (taken by sigwait or a
            signalfd, or never), `ignored`, or `default`, which the kernel treats like ignored for
            process 1 (pid_namespaces(7)); None if it is not a known signal.
        command: of process 1, without secrets.
        chain: names from process 1 on, as long as a shell or an init precedes another process; the
            last one does the work.
        shell: whether a shell precedes another process there.
        init: whether an init does.
        children: names of the living processes below process 1, at most the first 20.
        zombies: number of dead processes that were not reaped.
    """

    signal: str
    disposition: Disposition | None
    command: str
    chain: Annotated[tuple[str, ...], Field(min_length=1)]
    shell: bool
    init: bool
    children: tuple[str, ...]
    zombies: int


@dataclass(frozen=True)
class Unseen:
    """Why process 1 was not inspected."""

    unseen: str


@dataclass(frozen=True)
class Killed:
    """A process below process 1 that was ended by SIGKILL."""

    inner_pid: int
    name: str


@dataclass(frozen=True)
class Stop:
    """How a container reacted to the stop request.

    Attributes:
        grace_s: its grace period.
        killed: whether it was killed at the end of that.
        ended_s: from sending the request to the end of process 1.
        killed_below: processes that were still running when process 1 ended, and that the kernel
            killed then (or process 1 did); None if the kernel does not report it.
    """

    grace_s: float
    killed: bool
    ended_s: float | None = None
    killed_below: tuple[Killed, ...] | None = None


@dataclass(frozen=True)
class ProcessUse:
    """The resource usage of one process.

    Attributes:
        inner_pid: its pid in the container.
        parent: its parent's pid there; 0 for process 1.
        is_init: whether it is a program designed to run as process 1.
        is_shell: whether it is a shell.
        cpu_s: CPU seconds since its start, and `observed_cpu_s` over the second or so before.
        anon_bytes: its share of anonymous memory, None if it cannot be read.
    """

    inner_pid: int
    parent: int
    name: str
    is_init: bool
    is_shell: bool
    cpu_s: float
    observed_cpu_s: float
    anon_bytes: int | None


@dataclass(frozen=True)
class Write:
    """A path that a container has added, changed or deleted."""

    path: str
    kind: Literal["added", "changed", "deleted"]


@dataclass(frozen=True)
class Folder:
    """A folder and the number of paths written below it, or a single written path."""

    path: str
    paths: int


@dataclass(frozen=True)
class Writes:
    """Paths that a container wrote outside its writable mounts.

    Attributes:
        count: number of paths.
        folders: the folders with most of them.
        paths: the first of them, sorted by name.
    """

    count: int
    folders: tuple[Folder, ...]
    paths: tuple[Write, ...]

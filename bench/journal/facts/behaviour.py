"""How a container behaved beside its times: its process 1, its stop, its workers, its writes.

A trial records these as facts; judging and reports read them back from there. What is None was
not seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

Disposition = Literal["handler", "blocked", "ignored", "default"]
"""What becomes of a signal in process 1."""


@dataclass(frozen=True)
class Standing:
    """Process 1 of a container, and what stands behind it, just before it is asked to stop.

    Attributes:
        signal: what it will be asked to stop with.
        disposition: what becomes of that signal in process 1: `handler`, `blocked` (taken by
            sigwait or a signalfd, or never), `ignored`, or `default`, which the kernel treats
            like ignored for process 1 (pid_namespaces(7)); None where it is no known signal.
        command: of process 1, without secrets.
        chain: names from process 1 on, for as long as a shell or an init stands before another
            process; the last is what does the work.
        shell: whether a shell stands there before another process.
        init: whether an init does.
        children: names of the living processes below process 1, at most the first 20.
        zombies: how many are dead, and were not waited for.
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
    """Why process 1 was not looked at."""

    unseen: str


@dataclass(frozen=True)
class Killed:
    """A process below process 1 that SIGKILL ended."""

    inner_pid: int
    name: str


@dataclass(frozen=True)
class Stop:
    """How a container took the request to stop.

    Attributes:
        grace_s: time that it had.
        killed: whether it was killed at the end of that.
        ended_s: from sending the request to the end of process 1.
        killed_below: processes that were still there when process 1 ended, and that the kernel
            killed then (or process 1 did); None where the kernel does not tell.
    """

    grace_s: float
    killed: bool
    ended_s: float | None = None
    killed_below: tuple[Killed, ...] | None = None


@dataclass(frozen=True)
class ProcessUse:
    """What one process has used.

    Attributes:
        inner_pid: its number in the container.
        parent: its parent's number there; 0 for process 1.
        is_init: whether it is one of the programs that are made to be process 1.
        is_shell: whether it is a shell.
        cpu_s: CPU seconds since its start, and `observed_cpu_s` over the second or so before.
        anon_bytes: its share of anonymous memory, None where it cannot be read.
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
    """A folder and how many paths were written below it, or a path written itself."""

    path: str
    paths: int


@dataclass(frozen=True)
class Writes:
    """What a container wrote outside of where it may.

    Attributes:
        count: paths in all.
        folders: where most of them are.
        paths: the first of them, in the order of their names.
    """

    count: int
    folders: tuple[Folder, ...]
    paths: tuple[Write, ...]

"""A workload: the calls that a runtime answers about it, and the values that come back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.cgroup.mounts import CgroupMounts, ContainerCgroup
    from bench.core.capability import Capabilities
    from bench.runtimes.specs import ContainerFile, ContainerSetup


@dataclass(frozen=True)
class HealthChecks:
    """The health checks of a container, as far as its engine remembers them.

    Attributes:
        first_s: seconds from the container's start to the first of them that it remembers.
        span_s: from the beginning of the last but one (where there was none, the container's
            start) to the end of the last.

    Both are None where none was made, or the engine does not say when.
    """

    first_s: float | None = None
    span_s: float | None = None


@dataclass(frozen=True)
class WorkloadState:
    """The state of a workload; `pid` is 0 and `address` empty when it does not run.

    Attributes:
        stop_signal: the signal that a stop sends first, as the image or the case has it; empty
            where neither says, for then it is SIGTERM.
        mac: its address on the link; empty when not running or not known.
        health_checks: those that the engine has made; None where it has none to make.
        setup: what it runs; None where the runtime does not say.
    """

    running: bool
    pid: int
    address: str
    exit_code: int
    oom_killed: bool
    health: str
    error: str = ""
    stop_signal: str = ""
    mac: str = ""
    health_checks: HealthChecks | None = None
    setup: ContainerSetup | None = None


@dataclass(frozen=True)
class Change:
    """A path of a container that differs from its image."""

    path: str
    kind: Literal["added", "changed", "deleted"]


@dataclass(frozen=True)
class OutputChunk:
    """Bytes of a workload's output: `stream` is 1 for stdout, 2 for stderr."""

    stream: int
    data: bytes


class OutputStream(Protocol):
    """The output of a workload as it comes; ends when the workload's output ends."""

    def __iter__(self) -> Iterator[OutputChunk]: ...

    def close(self) -> None:
        """End the stream, from any thread."""
        ...


class WorkloadFiles(Protocol):
    """The file system of a workload."""

    def changes(self) -> list[Change]:
        """Paths that differ from the image; volumes and file systems in memory are no part of it.

        A folder is named too where something in it has changed.
        """
        ...

    def read(self, path: str, most_bytes: int) -> ContainerFile | None:
        """A file with at most its first `most_bytes`; None where there is none."""
        ...


class Workload(Protocol):
    """A container or a process. Every call may raise EngineError, and nothing else.

    Attributes:
        id: full id.
        warnings: of its creation.
    """

    id: str
    warnings: tuple[str, ...]

    @property
    def capabilities(self) -> Capabilities:
        """Those of its runtime."""
        ...

    @property
    def files(self) -> WorkloadFiles | None:
        """Its file system; None where it has none of its own."""
        ...

    def attach(self) -> OutputStream:
        """Follow the output; opened before the start, it misses nothing."""
        ...

    def start(self) -> None:
        """Start it; returns when the runtime says so."""
        ...

    def state(self) -> WorkloadState:
        """Inspect it."""
        ...

    def wait(self, timeout_s: float) -> int:
        """Exit code, once it has ended."""
        ...

    def execute(self, command: tuple[str, ...], timeout_s: float) -> int:
        """Run a command in it and return its exit code.

        One that has not ended within `timeout_s` raises EngineTimeoutError, and is ended as far as
        that can be done.
        """
        ...

    def stop(self, grace_s: int) -> None:
        """Ask it to stop, and kill it after `grace_s`: engines wait whole seconds."""
        ...

    def remove(self) -> None:
        """Kill and remove it with its anonymous volumes; absent is fine."""
        ...

    def log_tail(self, lines: int) -> list[str]:
        """The last lines of its output, as far as the runtime keeps them."""
        ...

    def usage(self) -> Mapping[str, int]:
        """The runtime's own counters, now: the columns of samples that it can give."""
        ...

    def usages(self) -> Iterator[Mapping[str, int]]:
        """The same as they come, about once a second, until it is removed."""
        ...

    def cgroup(self, mounts: CgroupMounts, parent: str) -> ContainerCgroup:
        """Where its counters will be, known before it starts.

        Args:
            mounts: this host's mounts.
            parent: bench's cgroup for the trial; empty where the runtime takes none.
        """
        ...

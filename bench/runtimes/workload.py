"""A workload: the protocol of its calls, and the values that they return."""

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
        first_s: seconds from the container's start to the first remembered check.
        span_s: from the start of the last check but one (or the container's start, if there was
            none) to the end of the last.

    Both are None if no check was made, or if the engine does not report when.
    """

    first_s: float | None = None
    span_s: float | None = None


@dataclass(frozen=True)
class WorkloadState:
    """The state of a workload; `pid` is 0 and `address` empty when it does not run.

    Attributes:
        stop_signal: the signal that a stop sends first, from the image or the case; empty if
            neither sets it, which means SIGTERM.
        mac: its MAC address; empty when not running or unknown.
        health_checks: those that the engine has made; None if it has no health check.
        setup: its command and user; None if the runtime does not report it.
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
    """The output of a workload as it arrives; ends when the workload's output ends."""

    def __iter__(self) -> Iterator[OutputChunk]: ...

    def close(self) -> None:
        """End the stream, from any thread."""
        ...


class WorkloadFiles(Protocol):
    """The file system of a workload."""

    def mounted_at(self) -> tuple[str, ...]:
        """How the path may end where it is mounted on the engine's host while the workload runs."""
        ...

    def changes(self) -> list[Change]:
        """Paths that differ from the image, without volumes and in-memory file systems.

        A folder is listed too if anything in it has changed.
        """
        ...

    def read(self, path: str, most_bytes: int) -> ContainerFile | None:
        """A file with at most its first `most_bytes`; None if there is none."""
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
        """Its file system; None if it has none of its own."""
        ...

    def attach(self) -> OutputStream:
        """Follow the output; nothing is missed if opened before the start."""
        ...

    def start(self) -> None:
        """Start it; returns when the runtime reports the start."""
        ...

    def state(self) -> WorkloadState:
        """Inspect it."""
        ...

    def wait(self, timeout_s: float) -> int:
        """Exit code, once it has ended."""
        ...

    def execute(self, command: tuple[str, ...], timeout_s: float) -> int:
        """Run a command in it and return its exit code.

        A command that has not ended within `timeout_s` raises EngineTimeoutError, and is killed if
        possible.
        """
        ...

    def stop(self, grace_s: int) -> None:
        """Stop it, and kill it after `grace_s`: engines wait whole seconds."""
        ...

    def remove(self) -> None:
        """Kill and remove it with its anonymous volumes; no error if it is absent."""
        ...

    def log_tail(self, lines: int) -> list[str]:
        """The last lines of its output, as far as the runtime keeps them."""
        ...

    def usage(self) -> Mapping[str, int]:
        """The runtime's own counters, now: the columns of samples that it can provide."""
        ...

    def usages(self) -> Iterator[Mapping[str, int]]:
        """The same as they arrive, about once a second, until it is removed."""
        ...

    def cgroup(self, mounts: CgroupMounts, parent: str) -> ContainerCgroup:
        """Location of its counters, known before it starts.

        Asked only of a workload that declares `Capability.LOCAL`.

        Args:
            mounts: this host's mounts.
            parent: bench's cgroup for the trial; empty if the runtime does not accept one.
        """
        ...

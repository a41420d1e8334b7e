"""What bench asks of a container engine, and the values that pass between them.

Everything above this boundary is the same whatever runs the container. An engine takes no
times and keeps no state of a trial: callers stamp around its calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from bench.runtimes.build_request import quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from bench.runtimes.build_request import Builder, BuildRequest, BuildResult
    from bench.runtimes.specs import ContainerFile, ContainerSetup, WorkloadSpec, Created

LABEL = "org.container-bench"
"""Label on everything that bench makes; its value is the id of the run."""


@dataclass(frozen=True)
class HealthChecks:
    """The checks that an engine has made of a container's health, as far as it remembers.

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
    """What the engine says of a container; `pid` is 0 and `address` empty when not running.

    Attributes:
        stop_signal: the signal that a stop sends first, as the image or the case has it; empty
            where neither says, for then it is SIGTERM.
        mac: its address on the link; empty when not running or not known.
        health_checks: those that the engine has made; None where it has none to make.
        setup: what it runs; None where the engine does not say.
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
class RuntimeInfo:
    """Which engine this is, for the record and for finding its cgroups and its network.

    Attributes:
        bridge: device that the containers of its default network are on; empty where the engine
            does not say.
        architecture: of its machine, as images name theirs (`amd64`); empty likewise.
        runtimes: what can run a container, by name; empty likewise.
        data_folder: where it keeps images and containers; empty likewise.
    """

    kind: str
    version: str
    api_version: str
    engine_id: str
    address: str
    storage_driver: str
    image_store: str
    cgroup_driver: str
    cgroup_version: str
    runtime: str
    kernel: str
    cpus: int
    memory_bytes: int
    is_local: bool
    decoder: str = ""
    security: tuple[str, ...] = ()
    bridge: str = ""
    architecture: str = ""
    runtimes: tuple[str, ...] = ()
    data_folder: str = ""


@dataclass(frozen=True)
class OutputChunk:
    """Bytes of the container's output: `stream` is 1 for stdout, 2 for stderr."""

    stream: int
    data: bytes


class OutputStream(Protocol):
    """The output of a container as it comes; ends when the container's output ends."""

    def __iter__(self) -> Iterator[OutputChunk]: ...

    def close(self) -> None:
        """End the stream, from any thread."""
        ...


class Runtime(Protocol):
    """A container engine. Every call may raise EngineError, and nothing else."""

    @property
    def facts(self) -> RuntimeInfo:
        """Which engine this is."""
        ...

    def pull(self, reference: str) -> Iterator[Mapping[str, Any]]:
        """The lines of the pull stream as they arrive; an error line raises PullError."""
        ...

    def create(self, spec: WorkloadSpec) -> Created:
        """Create a container; the image must be present."""
        ...

    def attach(self, container_id: str) -> OutputStream:
        """Follow the output; opened before the start, it misses nothing."""
        ...

    def start(self, container_id: str) -> None:
        """Start it; returns when the engine says so."""
        ...

    def state(self, container_id: str) -> WorkloadState:
        """Inspect it."""
        ...

    def wait(self, container_id: str, timeout_s: float) -> int:
        """Exit code, once it has ended."""
        ...

    def execute(self, container_id: str, command: tuple[str, ...], timeout_s: float) -> int:
        """Run a command in it and return its exit code.

        One that has not ended within `timeout_s` raises EngineTimeoutError, and is ended as far as
        that can be done.
        """
        ...

    def stop(self, container_id: str, grace_s: int) -> None:
        """Ask it to stop, and kill it after `grace_s`: engines wait whole seconds."""
        ...

    def changes(self, container_id: str) -> list[Change]:
        """What its own layer holds; volumes and file systems in memory are no part of it.

        A folder is named too where something in it has changed.
        """
        ...

    def file(self, container_id: str, path: str, most_bytes: int) -> ContainerFile | None:
        """A file of a container with at most its first `most_bytes`; None where there is none."""
        ...

    def log_tail(self, container_id: str, lines: int) -> list[str]:
        """The last lines of its output."""
        ...

    def usage(self, container_id: str) -> Mapping[str, Any]:
        """The engine's one-shot stats, in the engine's own form."""
        ...

    def usages(self, container_id: str) -> Iterator[Mapping[str, Any]]:
        """The engine's stats as they come, about one a second, until the container is removed."""
        ...

    def remove(self, container_id: str) -> None:
        """Kill and remove it with its anonymous volumes; absent is fine."""
        ...

    def containers(self, label: str) -> list[tuple[str, str]]:
        """(id, value of the label) of all containers that carry `label`."""
        ...

    def volumes(self, label: str) -> list[tuple[str, str]]:
        """(name, value of the label) of all volumes that carry `label`."""
        ...

    def create_volume(
        self, name: str, labels: Mapping[str, str], options: Mapping[str, str] | None = None
    ) -> None:
        """Make a named volume; `options` are those of its driver."""
        ...

    def remove_volume(self, name: str) -> None:
        """Remove a volume; absent is fine."""
        ...

    def networks(self, label: str) -> list[tuple[str, str]]:
        """(name, value of the label) of all networks that carry `label`."""
        ...

    def create_network(
        self,
        name: str,
        labels: Mapping[str, str],
        *,
        internal: bool,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Make a bridge network; from an `internal` one no route leads out.

        `options` are more of it in the engine's own words.
        """
        ...

    def remove_network(self, name: str) -> None:
        """Remove a network that no container is in; absent is fine."""
        ...

    def has_image(self, reference: str) -> bool:
        """Whether the image is in the engine's store."""
        ...

    def image_details(self, reference: str) -> Mapping[str, Any]:
        """The engine's inspection of an image."""
        ...

    def image_references(self, label: str) -> list[tuple[str, str]]:
        """(reference or id, value of the label) of all images that carry `label`."""
        ...

    def remove_image(self, reference: str) -> None:
        """Remove an image and the layers that nothing else uses; absent is fine."""
        ...

    def image_ids(self) -> list[str]:
        """Ids of all images in the store."""
        ...

    @property
    def builder(self) -> Builder:
        """What images are built by."""
        ...

    def build(self, request: BuildRequest, say: Callable[[str], None] = quiet) -> BuildResult:
        """Build and tag an image, telling `say` each step as it starts; raises BuildError."""
        ...

    def tag(self, reference: str, new_reference: str) -> None:
        """Give an image another name."""
        ...

    def push(self, reference: str) -> str:
        """Push to the registry that the reference names; the digest, or empty where unknown."""
        ...

    def import_rootfs(self, tar: Path, tag: str, changes: tuple[str, ...]) -> None:
        """Make a one-layer image of a root file system; `changes` are Dockerfile instructions."""
        ...

    def transfer_image(self, reference: str, target: Runtime) -> None:
        """Copy an image into another engine's store, leaving this one as it is."""
        ...

    def load_image(self, chunks: Iterator[bytes]) -> None:
        """Take in an image archive as `save` makes it."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...

"""The boundary to whatever runs a workload: a small protocol, and optional parts beside it.

Everything above this boundary is the same whatever runs the workload. A runtime takes no times and
keeps no state of a trial: callers stamp around its calls. What it lacks is `None` here, with the
reason in its capabilities; nothing is stubbed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from bench.core.capability import Capability
from bench.core.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.core.capability import Capabilities
    from bench.runtimes.images import Builder, ImageStore
    from bench.runtimes.specs import WorkloadSpec
    from bench.runtimes.workload import Workload

LABEL = "org.container-bench"
"""Label on everything that bench makes; its value is the id of the run."""


@dataclass(frozen=True)
class RuntimeInfo:
    """Which runtime this is, for the record.

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


class OwnedKind(StrEnum):
    """Kinds of things that a runtime can hold for bench, in the order in which they are removed."""

    CONTAINER = "container"
    NETWORK = "network"
    VOLUME = "volume"
    IMAGE = "image"


@dataclass(frozen=True)
class Owned:
    """Something that carries bench's label.

    Attributes:
        name: id or name by which it is removed.
        run_id: value of the label.
    """

    kind: OwnedKind
    name: str
    run_id: str

    def __str__(self) -> str:
        """Such as `container 0123456789ab of RUN`."""
        shown = self.name[:12] if self.kind is OwnedKind.CONTAINER else self.name
        return f"{self.kind} {shown} of {self.run_id}"


class Volumes(Protocol):
    """Named volumes."""

    def names(self, label: str) -> list[str]:
        """Those that carry `label`."""
        ...

    def create(
        self, name: str, labels: Mapping[str, str], options: Mapping[str, str] | None = None
    ) -> None:
        """Make one; `options` are those of its driver."""
        ...

    def remove(self, name: str) -> None:
        """Remove one; absent is fine."""
        ...


class Networks(Protocol):
    """Networks of containers."""

    def create(
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

    def remove(self, name: str) -> None:
        """Remove one that no container is in; absent is fine."""
        ...


class Runtime(Protocol):
    """Something that runs workloads. Every call may raise EngineError, and nothing else."""

    @property
    def info(self) -> RuntimeInfo:
        """Which one it is."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """Everything that it offers, and why not where it does not."""
        ...

    @property
    def images(self) -> ImageStore | None:
        """The images that it holds; None where it has none."""
        ...

    @property
    def builder(self) -> Builder | None:
        """Builds images; likewise."""
        ...

    @property
    def networks(self) -> Networks | None:
        """Networks that are made for workloads; likewise."""
        ...

    @property
    def volumes(self) -> Volumes | None:
        """Named volumes; likewise."""
        ...

    def create(self, spec: WorkloadSpec) -> Workload:
        """Create a workload; its image must be present."""
        ...

    def workload(self, name: str) -> Workload:
        """A handle for a workload by its id or name; the runtime is asked for nothing."""
        ...

    def owned(self, label: str) -> list[Owned]:
        """Everything that carries `label`, in the order in which it can be removed."""
        ...

    def remove(self, item: Owned) -> None:
        """Remove it; absent is fine."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class ContainerEngine(Runtime, Protocol):
    """A runtime with all further parts: it builds, holds and runs images."""

    @property
    def images(self) -> ImageStore:
        """The images that it holds."""
        ...

    @property
    def builder(self) -> Builder:
        """Builds images."""
        ...

    @property
    def networks(self) -> Networks:
        """Networks that are made for workloads."""
        ...

    @property
    def volumes(self) -> Volumes:
        """Named volumes."""
        ...


def container_engine(runtime: Runtime) -> ContainerEngine:
    """`runtime`, which has all further parts.

    Raises:
        EngineError: it has not.
    """
    parts = (runtime.images, runtime.builder, runtime.networks, runtime.volumes)
    if any(part is None for part in parts):
        raise EngineError(
            runtime.info.kind,
            runtime.capabilities.why_not(Capability.IMAGE) or "it does not hold images",
            "use a case with an image on a container engine",
        )
    return runtime  # type: ignore[return-value]  # it has just been looked at

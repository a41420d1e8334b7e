"""The boundary to the runtimes that run workloads: a small protocol, and optional parts.

Code above this boundary is the same for every runtime. A runtime takes no timestamps and keeps no
state of a trial: callers take them around its calls. Parts that it lacks are `None` here, with the
reason in its capabilities; there are no stubs.
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
    """The properties of a runtime, for the record.

    Attributes:
        bridge: device that the containers of its default network are on; empty if unknown.
        architecture: of its machine, as images name theirs (`amd64`); empty if unknown.
        runtimes: the OCI runtimes it offers, by name; empty if unknown.
        data_folder: where it keeps images and containers; empty if unknown.
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
    """Kinds of resources that a runtime can hold for bench, in removal order."""

    CONTAINER = "container"
    NETWORK = "network"
    VOLUME = "volume"
    IMAGE = "image"


@dataclass(frozen=True)
class Owned:
    """A resource that carries bench's label.

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
        """Names of the volumes that carry `label`."""
        ...

    def create(
        self, name: str, labels: Mapping[str, str], options: Mapping[str, str] | None = None
    ) -> None:
        """Create a volume; `options` are those of its driver."""
        ...

    def remove(self, name: str) -> None:
        """Remove a volume; no error if it is absent."""
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
        """Create a bridge network; an `internal` one has no route to the outside.

        `options` are additional fields of the engine's API.
        """
        ...

    def remove(self, name: str) -> None:
        """Remove a network without containers."""
        ...


class Runtime(Protocol):
    """A runtime that runs workloads. Every call may raise EngineError, and nothing else."""

    @property
    def info(self) -> RuntimeInfo:
        """Its properties."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """Its capabilities, and the reason for each that it lacks."""
        ...

    @property
    def images(self) -> ImageStore | None:
        """Its image store; None if it has none."""
        ...

    @property
    def builder(self) -> Builder | None:
        """Its builder; None if it has none."""
        ...

    @property
    def networks(self) -> Networks | None:
        """Its networks for workloads; None if it has none."""
        ...

    @property
    def volumes(self) -> Volumes | None:
        """Its named volumes; None if it has none."""
        ...

    def create(self, spec: WorkloadSpec) -> Workload:
        """Create a workload; its image must be present."""
        ...

    def workload(self, name: str) -> Workload:
        """A handle for a workload by its id or name; no call is made."""
        ...

    def owned(self, label: str) -> list[Owned]:
        """Everything that carries `label`, in removal order."""
        ...

    def remove(self, item: Owned) -> None:
        """Remove it; no error if it is absent."""
        ...

    def close(self) -> None:
        """Close its connections."""
        ...


class ContainerEngine(Runtime, Protocol):
    """A runtime with all optional parts: it builds, stores and runs images."""

    @property
    def images(self) -> ImageStore:
        """Its image store."""
        ...

    @property
    def builder(self) -> Builder:
        """Its builder."""
        ...

    @property
    def networks(self) -> Networks:
        """Its networks for workloads."""
        ...

    @property
    def volumes(self) -> Volumes:
        """Named volumes."""
        ...


def container_engine(runtime: Runtime) -> ContainerEngine:
    """`runtime`, checked to have all optional parts.

    Raises:
        EngineError: it does not.
    """
    parts = (runtime.images, runtime.builder, runtime.networks, runtime.volumes)
    if any(part is None for part in parts):
        raise EngineError(
            runtime.info.kind,
            runtime.capabilities.why_not(Capability.IMAGE) or "it does not hold images",
            "use a case with an image on a container engine",
        )
    return runtime  # type: ignore[return-value]  # it has just been looked at

"""The inputs of a trial: its prepared case, and what all trials of a run share."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.cgroup.counters import CounterFiles
from bench.cgroup.mounts import make_parent, takes_parent
from bench.core.capability import Capability
from bench.core.domain import CacheState, TrialStatus
from bench.host.load import HostLoad, read_load
from bench.scenario.host_bounds import HostBounds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bench.cgroup.mounts import CgroupMounts, ContainerCgroup
    from bench.core.clock import Clock
    from bench.images.bases.layers import BaseLayers
    from bench.images.layers import LayerContent
    from bench.journal.facts.image import LayerFacts
    from bench.journal.writer import Journal
    from bench.runtimes.managed.access_log import AccessLog
    from bench.runtimes.managed.registry import Manifest
    from bench.runtimes.protocol import ContainerEngine, Runtime
    from bench.scenario.allow import Allowed
    from bench.scenario.model import Case
    from bench.trial.cache_state import CacheKeeper
    from bench.trial.progress import Progress


def _none() -> str:
    return ""


def _no_layers(_: Manifest) -> None:
    return None


@dataclass(frozen=True)
class PreparedCase:
    """A case with its image, as resolved for this run.

    Attributes:
        base: which of its layers belong to its base, if known.
        secrets: secrets to remove from its output, besides those of the case itself.
        load_reference: the image of its load tool; empty if it has none.
    """

    name: str
    case: Case
    reference: str
    manifest: Manifest | None
    layers: tuple[LayerFacts, ...]
    folder: Path
    extra_hosts: Mapping[str, str] = field(default_factory=dict)
    base: BaseLayers | None = None
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    load_reference: str = ""

    @property
    def blobs(self) -> list[str]:
        """Digests that a cold pull fetches."""
        if self.manifest is None:
            return []
        return [layer.digest for layer in self.manifest.layers] + [self.manifest.config.digest]

    def base_layers(self, state: CacheState) -> int:
        """How many of its layers are present before a pull in this state."""
        return self.base.count if self.base and state is CacheState.BASE else 0


@dataclass(frozen=True)
class TrialContext:
    """Everything that all trials of a run share.

    Attributes:
        runtime: runs the trials.
        mounts: this host's cgroups, None if they cannot be read.
        daemons: pids by name of bench's own daemons, whose load is recorded.
        gpu: whether NVML finds a device.
        allow: outside contacts that the scenario declares.
        slowest_ready_s: by case, the slowest start with an open network so far, from the return of
            the start call to ready; used for the time-out of trials with the network cut off.
        access_log: of the registry that trials pull from; None if it is not bench's own.
        auxiliary: runs unmeasured containers such as load tools; None if there are none.
        link_bit_s: rate that the link from that registry is shaped to; None if it is not shaped.
        services: the counter folders of the scenario's services.
        dead_service: names a service that has exited and should not have; empty if there is none.
        bounds: the largest share of the host's core time that other programs may take in a trial.
        known_layers: the files in the layers of an image, if they were read before.
        read_load: reads the load of the host and the daemons up to now.
    """

    run_id: str
    runtime: Runtime
    keeper: CacheKeeper
    journal: Journal
    clock: Clock
    progress: Progress
    mounts: CgroupMounts | None
    daemons: Mapping[str, int]
    log_folder: Path
    gpu: bool = False
    allow: tuple[Allowed, ...] = ()
    slowest_ready_s: dict[str, float] = field(default_factory=dict)
    access_log: AccessLog | None = None
    auxiliary: ContainerEngine | None = None
    link_bit_s: int | None = None
    services: tuple[ContainerCgroup, ...] = ()
    dead_service: Callable[[], str] = _none
    bounds: HostBounds = field(default_factory=HostBounds)
    known_layers: Callable[[Manifest], list[LayerContent] | None] = _no_layers
    read_load: Callable[[dict[str, int]], HostLoad] = read_load

    @property
    def is_local(self) -> bool:
        """Whether workloads run under this kernel, so that their processes are visible."""
        return Capability.LOCAL in self.runtime.capabilities

    def cgroup_parent(self, trial_id: str) -> str:
        """Create the parent cgroup of a trial's containers; empty if that is not possible."""
        driver = self.runtime.info.cgroup_driver
        if self.mounts is None or not self.is_local or not takes_parent(driver):
            return ""
        return make_parent(self.mounts, f"{self.run_id}-{trial_id}")

    def excused(self, status: TrialStatus, reason: str) -> tuple[TrialStatus, str]:
        """The outcome of a trial, which does not blame an image if a service died before it."""
        dead = self.dead_service() if status is TrialStatus.FAILED else ""
        return (TrialStatus.ERROR, f"{dead}; {reason}") if dead else (status, reason)

    def load_now(self) -> HostLoad:
        """The load of the host, of bench with its daemons, and of the services up to now."""
        load = self.read_load({"bench": os.getpid(), **self.daemons})
        used_ns = [CounterFiles(cgroup).cpu_ns() for cgroup in self.services]
        known_ns = [used for used in used_ns if used is not None]
        if not used_ns or len(known_ns) < len(used_ns):
            return load
        daemon_s = load.daemon_s | {"services": sum(known_ns) / 1e9}
        return dataclasses.replace(load, daemon_s=daemon_s)

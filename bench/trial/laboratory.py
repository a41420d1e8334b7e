"""What a trial is given: its subject, and what all trials of a run share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.host.load import HostLoad, read_load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bench.clock import Clock
    from bench.engine.protocol import Engine
    from bench.engine.registry import Manifest
    from bench.results.journal import Journal
    from bench.results.model import LayerFacts
    from bench.sampling.cgroup import CgroupMounts
    from bench.scenario.model import Case
    from bench.trial.cachestate import CacheKeeper
    from bench.trial.progress import Progress


@dataclass(frozen=True)
class Subject:
    """What a trial measures: a case with its image, as resolved for this run."""

    name: str
    case: Case
    reference: str
    manifest: Manifest | None
    layers: tuple[LayerFacts, ...]
    folder: Path
    extra_hosts: Mapping[str, str] = field(default_factory=dict)

    @property
    def blobs(self) -> list[str]:
        """Digests of what a cold pull fetches."""
        if self.manifest is None:
            return []
        return [layer.digest for layer in self.manifest.layers] + [self.manifest.config.digest]


@dataclass(frozen=True)
class Laboratory:
    """What all trials of a run share.

    Attributes:
        engine: the measuring engine.
        mounts: this host's cgroups, None where they cannot be read.
        daemons: pids by name of bench's own daemons, whose load is recorded.
        gpu: whether NVML finds a device.
        read_load: how busy the host and the daemons were up to now.
    """

    run_id: str
    engine: Engine
    keeper: CacheKeeper
    journal: Journal
    clock: Clock
    progress: Progress
    mounts: CgroupMounts | None
    daemons: Mapping[str, int]
    log_folder: Path
    gpu: bool = False
    read_load: Callable[[dict[str, int]], HostLoad] = read_load

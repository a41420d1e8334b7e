"""The sampler's sources for one container, whichever way its counters can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.errors import EngineError
from bench.sampling.network_counters import NetworkCounters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.cgroup.counters import CounterFiles
    from bench.runtimes.workload import Workload


class CgroupSource:
    """The counter files."""

    def __init__(self, files: CounterFiles) -> None:
        self._files = files

    def read(self) -> tuple[bytes | None, ...]:
        """Raw bytes of every file."""
        return self._files.read()

    def parse(self, raw: tuple[bytes | None, ...]) -> dict[str, int]:
        """Their columns."""
        return self._files.parse(raw)


class NetworkSource:
    """The network counters of the container's namespace."""

    def __init__(self, counters: NetworkCounters) -> None:
        self._counters = counters

    def read(self) -> bytes | None:
        """The raw table."""
        return self._counters.read()

    def parse(self, raw: bytes) -> dict[str, int]:
        """Bytes in and out."""
        return NetworkCounters.parse(raw) if raw else {}


class EngineSource:
    """The engine's own counters, where the workload's cgroup cannot be seen from here.

    Engines before 25 answer only once a second; a container that is gone has no figures.
    """

    method = "engine-stats"

    def __init__(self, workload: Workload) -> None:
        self._workload = workload

    def read(self) -> Mapping[str, int] | None:
        """The engine's answer."""
        try:
            return self._workload.usage()
        except EngineError:
            return None  # it is gone, or going: the trial finds out by itself

    def parse(self, raw: Mapping[str, int]) -> dict[str, int]:
        """The same columns as the cgroups have, as far as the engine gives them."""
        return dict(raw)

"""The sampler's sources for one container, whichever way its counters can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.core.errors import EngineError
from bench.sampling.network_counters import NetworkCounters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.cgroup.counters import CounterFiles
    from bench.runtimes.protocol import Engine


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
    """The engine's one-shot stats, for engines whose cgroups cannot be seen from here.

    Engines before 25 answer only once a second; a container that is gone has no figures.
    """

    method = "engine-stats"

    def __init__(self, engine: Engine, container_id: str) -> None:
        self._engine = engine
        self._container_id = container_id

    def read(self) -> Mapping[str, Any] | None:
        """The engine's answer."""
        try:
            return self._engine.usage(self._container_id)
        except EngineError:
            return None  # it is gone, or going: the trial finds out by itself

    def parse(self, raw: Mapping[str, Any]) -> dict[str, int]:
        """The same columns as the cgroups have, as far as the engine gives them."""
        memory, cpu = raw.get("memory_stats") or {}, raw.get("cpu_stats") or {}
        if not memory and not (cpu.get("cpu_usage") or {}).get("total_usage"):
            return {}  # it has ended: these zeros are nobody's figures
        detail = memory.get("stats") or {}
        networks = raw.get("networks") or {}
        throttling = cpu.get("throttling_data") or {}
        found = {
            "memory_usage_bytes": memory.get("usage"),
            "memory_anon_bytes": detail.get("anon", detail.get("total_rss")),
            "memory_shmem_bytes": detail.get("shmem", detail.get("total_shmem")),
            "memory_file_bytes": detail.get("file", detail.get("total_cache")),
            "memory_inactive_file_bytes": detail.get(
                "inactive_file", detail.get("total_inactive_file")
            ),
            "cpu_ns": (cpu.get("cpu_usage") or {}).get("total_usage"),
            "tasks": (raw.get("pids_stats") or {}).get("current"),
            "throttled_ns": throttling.get("throttled_time"),
            "throttled_n": throttling.get("throttled_periods"),
            "quota_periods_n": throttling.get("periods"),
        }
        if networks:
            found["net_rx_bytes"] = sum(network["rx_bytes"] for network in networks.values())
            found["net_tx_bytes"] = sum(network["tx_bytes"] for network in networks.values())
        return {name: int(value) for name, value in found.items() if value is not None}

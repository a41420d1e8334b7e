"""An engine's container statistics, converted to the columns of bench's samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def usage_columns(stats: Mapping[str, Any]) -> dict[str, int]:
    """The columns that cgroups provide, as far as the engine reports them.

    Args:
        stats: an answer of `GET /containers/ID/stats`, of cgroup v1 or v2.

    Returns:
        Values by column; empty for a container that has ended.
    """
    memory, cpu = stats.get("memory_stats") or {}, stats.get("cpu_stats") or {}
    if not memory and not (cpu.get("cpu_usage") or {}).get("total_usage"):
        return {}  # it has ended: these zeros are not its figures
    detail = memory.get("stats") or {}
    networks = stats.get("networks") or {}
    throttling = cpu.get("throttling_data") or {}
    found = {
        "memory_usage_bytes": memory.get("usage"),
        "memory_anon_bytes": detail.get("anon", detail.get("total_rss")),
        "memory_shmem_bytes": detail.get("shmem", detail.get("total_shmem")),
        "memory_file_bytes": detail.get("file", detail.get("total_cache")),
        "memory_inactive_file_bytes": detail.get(
            "total_inactive_file", detail.get("inactive_file")
        ),
        "cpu_ns": (cpu.get("cpu_usage") or {}).get("total_usage"),
        "tasks": (stats.get("pids_stats") or {}).get("current"),
        "throttled_ns": throttling.get("throttled_time"),
        "throttled_n": throttling.get("throttled_periods"),
        "quota_periods_n": throttling.get("periods"),
    }
    if networks:
        found["net_rx_bytes"] = sum(network["rx_bytes"] for network in networks.values())
        found["net_tx_bytes"] = sum(network["tx_bytes"] for network in networks.values())
    return {name: int(value) for name, value in found.items() if value is not None}

"""The sampler's sources: how often they are read, and the engine's own statistics."""

from __future__ import annotations

import os
from typing import Any

import pytest

from bench.cgroup.counters import CounterFiles
from bench.cgroup.mounts import CgroupVersion
from bench.core.errors import EngineTimeoutError
from bench.runtimes.docker.usage import usage_columns
from bench.sampling.network_counters import NetworkCounters
from bench.sampling.sources import CgroupSource, EngineSource, NetworkSource
from tests.fakes import FakeRuntime
from tests.sampling.trees import cgroup_of


def test_the_counter_files_are_a_source():
    files = CounterFiles(cgroup_of(CgroupVersion.V1))
    source = CgroupSource(files)
    assert source.parse(source.read())["tasks"] == 2
    files.close()


def test_the_network_is_a_source_and_may_be_empty():
    source = NetworkSource(NetworkCounters(os.getpid()))
    raw = source.read()
    assert raw is not None
    assert set(source.parse(raw)) == {"net_rx_bytes", "net_tx_bytes"}
    assert source.parse(b"") == {}
    source._counters.close()


V1: dict[str, Any] = {
    "read": "2026-11-22T08:31:07.1Z",
    "memory_stats": {
        "usage": 100,
        "max_usage": 120,
        "stats": {
            "rss": 1,
            "total_rss": 60,
            "total_shmem": 5,
            "total_cache": 30,
            "total_inactive_file": 20,
        },
        "limit": 1000,
    },
    "cpu_stats": {
        "cpu_usage": {"total_usage": 5_000_000},
        "throttling_data": {"periods": 3, "throttled_periods": 1, "throttled_time": 900},
    },
    "pids_stats": {"current": 4},
    "networks": {
        "eth0": {"rx_bytes": 10, "tx_bytes": 20},
        "eth1": {"rx_bytes": 1, "tx_bytes": 2},
    },
}
V2 = V1 | {
    "memory_stats": {
        "usage": 100,
        "stats": {"anon": 60, "shmem": 5, "file": 30, "inactive_file": 20},
    }
}
COLUMNS = {
    "memory_usage_bytes": 100,
    "memory_anon_bytes": 60,
    "memory_shmem_bytes": 5,
    "memory_file_bytes": 30,
    "memory_inactive_file_bytes": 20,
    "cpu_ns": 5_000_000,
    "tasks": 4,
    "throttled_ns": 900,
    "throttled_n": 1,
    "quota_periods_n": 3,
    "net_rx_bytes": 11,
    "net_tx_bytes": 22,
}


def parse(statistics: dict[str, Any]) -> dict[str, int]:
    return EngineSource(FakeRuntime().workload("c1")).parse(usage_columns(statistics))


@pytest.mark.parametrize("statistics", [V1, V2])
def test_the_engines_statistics_have_the_same_columns_as_the_cgroups(statistics):
    assert parse(statistics) == COLUMNS


def test_podman_gives_less_and_what_it_leaves_out_is_absent():
    podman = V1 | {"memory_stats": {"usage": 100, "limit": 1000}, "networks": None}
    found = parse(podman)
    assert found["memory_usage_bytes"] == 100
    assert not {"memory_anon_bytes", "memory_inactive_file_bytes", "net_rx_bytes"} & set(found)


def test_a_container_that_has_ended_has_no_figures_rather_than_zeros():
    ended = {
        "read": "0001-01-01T00:00:00Z",
        "preread": "0001-01-01T00:00:00Z",
        "pids_stats": {},
        "cpu_stats": {
            "cpu_usage": {"total_usage": 0, "usage_in_kernelmode": 0, "usage_in_usermode": 0},
            "throttling_data": {"periods": 0, "throttled_periods": 0, "throttled_time": 0},
        },
        "memory_stats": {},
        "networks": None,
    }
    assert parse(ended) == {}


@pytest.mark.parametrize("statistics", [{}, {"cpu_stats": None, "memory_stats": None}])
def test_an_answer_without_figures_is_empty(statistics):
    assert parse(statistics) == {}


def test_a_container_that_the_engine_cannot_find_is_no_reading():
    engine = FakeRuntime()
    engine.trouble("usage", EngineTimeoutError("c1", "the engine did not answer in time"))
    assert EngineSource(engine.workload("c1")).read() is None

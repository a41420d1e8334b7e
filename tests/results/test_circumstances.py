"""Runs are in one trend where `bench compare` would compare them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bench.results.circumstances import circumstances, circumstances_differ
from bench.results.comparable import differences
from bench.results.run import Run, load_run
from tests.histories import write_run
from tests.journals import _engine, _host


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> Run:
    return load_run(write_run(tmp_path_factory.mktemp("plain"), 0))


def host(**facts: Any) -> dict[str, Any]:
    return {"header": {"host": _host() | facts}}


def engine(**facts: Any) -> dict[str, Any]:
    return {"header": {"engine": _engine() | facts}}


CASE = {
    "build": {"context": "../images/web", "dockerfile": "good.Dockerfile"},
    "repeat": 6,
    "limits": {"cpus": 4, "memory": "8g", "pids": 512},
    "ready": {"http": {"port": 8080, "path": "/healthz", "status": 200}, "timeout": "60s"},
    "observe": "1s",
    "stop_grace_period": "3s",
}


def case(**changes: Any) -> dict[str, Any]:
    return {"scenario": {"cases": {"good": CASE | changes}}}


@pytest.mark.parametrize(
    "change",
    [
        {},
        host(cpu_model="another"),
        host(cores=2),
        host(memory_bytes=64 * 2**30 + 2**20),
        host(memory_bytes=32 * 2**30),
        host(kernel="6.1.0-30-amd64"),
        host(kernel="6.12.0"),
        host(hostname="build-8"),
        engine(version="26.1.5"),
        engine(image_store="containerd"),
        engine(decoder="unpigz"),
        {"header": {"link": {"rate_bit_s": 200e6, "text": "200 Mbit/s"}}},
        case(limits={"cpus": 2, "memory": "8g", "pids": 512}),
        case(ready={"tcp": {"port": 8080}, "timeout": "60s"}),
        case(observe="2s"),
        case(cache=["cold", "warm"]),
        case(stop_grace_period="5s"),
        case(environment={"A": "b"}),
    ],
    ids=json.dumps,
)
def test_they_differ_where_a_comparison_is_refused(plain, tmp_path, change):
    other = load_run(write_run(tmp_path, 1, rounds=1, **change))
    refused = differences(plain, other, ("good", "good"))
    found = circumstances_differ(circumstances(plain, "good"), circumstances(other, "good"))
    assert bool(found) == bool(refused), (found, refused)
    assert len(found) == len(refused)


def test_a_difference_names_both_sides_where_they_are_short():
    assert circumstances_differ({"link": "loopback"}, {"link": "200 Mbit/s"}) == [
        "link 200 Mbit/s, not loopback"
    ]
    assert circumstances_differ({"probe": '{"tcp": 1}'}, {"probe": '{"tcp": 2}'}) == [
        "another probe"
    ]
    assert circumstances_differ({"decompression": ""}, {"decompression": "unpigz"}) == [
        "decompression unpigz, not none"
    ]


def test_a_base_that_only_one_has_is_no_difference():
    assert circumstances_differ({"base a": "hub"}, {"base b": "made"}) == []
    assert circumstances_differ({"base a": "hub"}, {"base a": "made"}) == ["base a made, not hub"]

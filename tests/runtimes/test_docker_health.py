"""When an engine made its health checks, from what it says of the container."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import pytest

from bench.core.capability import Capability
from bench.runtimes.docker.health import (
    health_checks,
    ignored_start_interval,
)
from bench.runtimes.docker.runtime import DockerRuntime
from bench.runtimes.podman.runtime import PodmanRuntime
from bench.runtimes.workload import HealthChecks
from tests.fakes import FACTS, local

S = 10**9


def config() -> dict[str, Any]:
    return {"Config": {"Healthcheck": {"Test": ["CMD", "true"]}}}


def inspected(*log: tuple[str, str], started: str = "2026-11-30T12:00:00.000000000Z") -> Any:
    """What an engine says of a container with a check; of each that was made, seconds of 12:00."""
    entries = [{"Start": at(begun), "End": at(ended)} for begun, ended in log]
    return config() | {"State": {"StartedAt": started, "Health": {"Log": entries}}}


def at(second: str) -> str:
    return f"2026-11-30T13:00:{second}+01:00"


def test_the_first_check_reaches_back_to_the_start_and_a_later_one_to_the_one_before():
    assert health_checks(inspected(("02.000000001", "02.5"))) == approx(2.0, 2.5)
    assert health_checks(inspected(("02", "02.5"), ("04.5", "04.75"))) == approx(2.0, 2.75)


def approx(first_s: float, span_s: float) -> HealthChecks:
    return HealthChecks(
        pytest.approx(first_s, abs=1e-5),  # type: ignore[arg-type]
        pytest.approx(span_s, abs=1e-5),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    "details",
    [
        config(),
        config() | {"State": {"Health": None}},
        config() | {"State": {"StartedAt": "0001-01-01T00:00:00Z", "Health": {"Log": []}}},
        config() | {"State": {"Health": {"Log": [{"Start": at("01"), "End": at("02")}]}}},
        inspected(("soon", "02")),
        inspected(("99", "02")),
    ],
)
def test_of_checks_that_nobody_timed_nothing_is_known(details):
    assert health_checks(details) == HealthChecks()


@pytest.mark.parametrize("found", [{}, {"Healthcheck": None}, {"Healthcheck": {"Test": ["NONE"]}}])
def test_a_container_without_a_check_has_none(found):
    assert health_checks({"Config": found}) is None


@pytest.mark.parametrize(
    ("kind", "is_local", "has_systemd", "makes_them"),
    [
        ("podman", True, False, False),
        ("podman", True, True, True),
        ("podman", False, False, True),  # of its host nothing is known
        ("docker", True, False, True),
    ],
)
def test_podman_makes_none_on_a_host_without_systemd(
    kind, is_local, has_systemd, makes_them, tmp_path
):
    systemd = tmp_path / "system"
    if has_systemd:
        systemd.mkdir()
    client: Any = SimpleNamespace(api=None, info=local() if is_local else FACTS)
    if kind == "podman":
        capabilities = PodmanRuntime(client, systemd=systemd).capabilities
    else:
        capabilities = DockerRuntime(client).capabilities
    assert (Capability.HEALTH_CHECKS in capabilities) is makes_them


BRIEFLY: dict[str, Any] = {"StartInterval": S // 5, "StartPeriod": 9 * S}
MODERN = dataclasses.replace(FACTS, version="26.1.5", api_version="1.45")


@pytest.mark.parametrize(("own_s", "of_image"), [((0.2, 9.0), {}), ((None, None), BRIEFLY)])
def test_an_engine_that_ignores_a_start_interval_is_said_to(own_s, of_image):
    words = ignored_start_interval(FACTS, own_s[0], own_s[1], of_image)
    assert words.startswith("the engine (20.10.24, API 1.41) ignores `start_interval`")
    assert ignored_start_interval(MODERN, own_s[0], own_s[1], of_image) == ""


@pytest.mark.parametrize(
    ("own_s", "of_image"),
    [
        ((0.2, None), {}),
        ((0.2, 0.0), BRIEFLY),
        ((None, None), {"StartInterval": S}),
    ],
)
def test_a_start_interval_without_a_start_period_has_no_effect_on_any_engine(own_s, of_image):
    words = ignored_start_interval(MODERN, own_s[0], own_s[1], of_image)
    assert words.startswith("`start_interval` has no effect without a `start_period`")


def test_where_there_is_no_start_interval_nothing_is_said():
    assert ignored_start_interval(FACTS, None, 9.0, {"StartPeriod": S}) == ""

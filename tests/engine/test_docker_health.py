"""How often an engine makes a health check, from what it says of the container."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from bench.engine.docker_health import health_interval_s, why_no_health_checks
from tests.fakes import FACTS, local

S = 10**9
OLD, NEW = (1, 41), (1, 44)


def config(**check: Any) -> dict[str, Any]:
    return {"Healthcheck": {"Test": ["CMD", "true"], **check}}


@pytest.mark.parametrize("api", [OLD, NEW])
@pytest.mark.parametrize(("check", "seconds"), [({}, 30.0), ({"Interval": S // 2}, 0.5)])
def test_it_is_made_every_interval_or_30_s(api, check, seconds):
    assert health_interval_s(config(**check), api) == seconds


@pytest.mark.parametrize(
    ("api", "check", "seconds"),
    [
        (NEW, {"StartInterval": 2 * S, "StartPeriod": 9 * S}, 2.0),
        (NEW, {"StartPeriod": 9 * S}, 5.0),
        (NEW, {"StartInterval": 2 * S}, 10.0),  # without a period it never holds
        (OLD, {"StartInterval": 2 * S, "StartPeriod": 9 * S}, 10.0),
    ],
)
def test_a_start_interval_holds_in_a_start_period_on_engines_that_know_it(api, check, seconds):
    assert health_interval_s(config(Interval=10 * S, **check), api) == seconds


@pytest.mark.parametrize("found", [{}, {"Healthcheck": None}, {"Healthcheck": {"Test": ["NONE"]}}])
def test_a_container_without_a_check_has_no_interval(found):
    assert health_interval_s(found, NEW) is None


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
    facts = dataclasses.replace(local() if is_local else FACTS, kind=kind)
    assert (why_no_health_checks(facts, systemd) == "") is makes_them

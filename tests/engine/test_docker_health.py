"""How often an engine makes a health check, from what it says of the container."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from bench.engine.docker_health import (
    health_interval_s,
    ignored_start_interval,
    later_interval,
    why_no_health_checks,
)
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


@pytest.mark.parametrize(
    ("api", "check", "later"),
    [
        (NEW, {"StartInterval": 2 * S, "StartPeriod": 9 * S}, (11.0, 10.0)),
        (NEW, {"StartInterval": 10 * S, "StartPeriod": 9 * S}, None),
        (NEW, {}, None),
        (OLD, {"StartInterval": 2 * S, "StartPeriod": 9 * S}, None),
    ],
)
def test_after_a_start_period_the_checks_come_at_the_usual_interval(api, check, later):
    assert later_interval(config(Interval=10 * S, **check), api) == later


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

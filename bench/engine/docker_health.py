"""Whether an engine makes health checks, and how often while a container is still starting."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.engine.protocol import EngineFacts

_START_INTERVAL_API = (1, 44)

# Defaults of the Docker Engine: daemon/health.go
_INTERVAL_S = 30.0
_START_INTERVAL_S = 5.0


_SYSTEMD = Path("/run/systemd/system")
"""There where systemd is the host's first process: sd_booted(3)."""


def why_no_health_checks(engine: EngineFacts, systemd: Path = _SYSTEMD) -> str:
    """Why the engine never makes a health check; empty where it does."""
    if engine.kind == "podman" and engine.is_local and not systemd.is_dir():
        return (
            "Podman leaves health checks to systemd, which this host does not run; "
            "use another probe, such as `exec` with the same command"
        )
    return ""


def ignored_start_interval(
    engine: EngineFacts,
    start_interval_s: float | None,
    start_period_s: float | None,
    of_image: Mapping[str, Any],
) -> str:
    """Why a `start_interval` has no effect; empty where it has, or there is none.

    Args:
        engine: the engine.
        start_interval_s: that the container is given; None leaves it to the image.
        start_period_s: likewise.
        of_image: the image's `Healthcheck`.
    """
    if not (start_interval_s or of_image.get("StartInterval")):
        return ""
    if _numbers(engine.api_version) < _START_INTERVAL_API:
        return (
            f"the engine ({engine.version}, API {engine.api_version}) ignores `start_interval`, "
            "which API 1.44 brought: it checks every `interval` from the start; set that as short"
        )
    if not (of_image.get("StartPeriod") if start_period_s is None else start_period_s):
        return (
            "`start_interval` has no effect without a `start_period`: the engine checks every "
            "`interval` from the start"
        )
    return ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())


def health_interval_s(config: Mapping[str, Any], api: tuple[int, ...]) -> float | None:
    """Seconds from one check to the next, and from the start to the first.

    Engines from API 1.44 on know a start interval, which holds during the start period only: where
    that is not set, there is none.

    Args:
        config: `Config` of an inspected container.
        api: the engine's API version.

    Returns:
        None where the container has no check.
    """
    check = config.get("Healthcheck") or {}
    test = check.get("Test") or []
    if not test or test[0] == "NONE":
        return None
    if api >= _START_INTERVAL_API and check.get("StartPeriod"):
        return _seconds(check.get("StartInterval")) or _START_INTERVAL_S
    return _seconds(check.get("Interval")) or _INTERVAL_S


def later_interval(config: Mapping[str, Any], api: tuple[int, ...]) -> tuple[float, float] | None:
    """From when on the checks come at the interval of afterwards, and that interval, in seconds.

    The first check after the start period may still be one that was due within it.

    Args:
        config: `Config` of an inspected container.
        api: the engine's API version.

    Returns:
        None where the interval does not change.
    """
    first = health_interval_s(config, api)
    check = config.get("Healthcheck") or {}
    later = _seconds(check.get("Interval")) or _INTERVAL_S
    if first is None or first == later:
        return None
    return _seconds(check.get("StartPeriod")) + first, later


def _seconds(nanoseconds: object) -> float:
    return float(nanoseconds) / 1e9 if isinstance(nanoseconds, int | float) else 0.0

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


def _seconds(nanoseconds: object) -> float:
    return float(nanoseconds) / 1e9 if isinstance(nanoseconds, int | float) else 0.0

"""The times of an engine's health checks, and when a start interval has no effect."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from bench.runtimes.workload import HealthChecks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.runtimes.protocol import RuntimeInfo

_START_INTERVAL_API = (1, 44)

_INSTANT = re.compile(
    r"(?P<whole>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(?P<part>\d+))?(?P<zone>Z|[+-]\d\d:\d\d)"
)


def ignored_start_interval(
    engine: RuntimeInfo,
    start_interval_s: float | None,
    start_period_s: float | None,
    of_image: Mapping[str, Any],
) -> str:
    """Why a `start_interval` has no effect; empty if it has one, or if there is none.

    Args:
        engine: the engine.
        start_interval_s: set for the container; None leaves it to the image.
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


def health_checks(details: Mapping[str, Any]) -> HealthChecks | None:
    """The checks that an engine has made of a container; None if it has no health check.

    They are read from its log of the last five rather than computed from the configuration:
    engines treat an unset start interval differently.

    Args:
        details: the engine's inspection of the container.
    """
    test = ((details.get("Config") or {}).get("Healthcheck") or {}).get("Test") or []
    if not test or test[0] == "NONE":
        return None
    state = details.get("State") or {}
    log = (state.get("Health") or state.get("Healthcheck") or {}).get("Log") or []
    begun = [instant for entry in log if (instant := _instant_s(entry.get("Start"))) is not None]
    started_s = _instant_s(state.get("StartedAt"))
    ended_s = _instant_s(log[-1].get("End")) if log else None
    if not begun or started_s is None or ended_s is None:
        return HealthChecks()
    before_s = begun[-2] if len(begun) > 1 else started_s
    return HealthChecks(max(0.0, begun[0] - started_s), max(0.0, ended_s - before_s))


def _instant_s(text: object) -> float | None:
    """Seconds since the epoch; None if the text is not a time.

    Engines write nanoseconds; Python reads at most six digits.
    """
    match = _INSTANT.fullmatch(str(text))
    if match is None:
        return None
    zone = "+00:00" if match["zone"] == "Z" else match["zone"]
    try:
        whole = dt.datetime.fromisoformat(f"{match['whole']}{zone}").timestamp()
    except ValueError:
        return None
    return whole + float(f"0.{match['part'] or 0}")

"""Short ways to write containers that were started at once, for the tests of judging."""

from __future__ import annotations

from typing import Any

from bench.analysis.model import PhaseSpan, TrialResult
from bench.core.domain import TrialKey, TrialStatus
from tests.facts import facts_of

QUIET: dict[str, Any] = {
    "process": {
        "signal": "SIGTERM",
        "disposition": "handler",
        "command": "uvicorn app:app",
        "chain": ["uvicorn"],
        "shell": False,
        "init": False,
        "children": [],
        "zombies": 0,
    },
    "stop": {"killed": False, "grace_s": 3.0, "ended_s": 0.4, "killed_below": []},
    "exit": {"code": 0, "at_ns": 1, "resolution_ns": 1},
    "processes": [],
    "writes": {"count": 0, "folders": [], "paths": []},
    "egress": {"observed": True, "reach": "all", "way_out": "open", "attempts": [], "dropped": 0},
}
"""What is on record of a replica that does nothing wrong."""


def use(
    inner_pid: int, name: str, mib: float | None, *, parent: int = 0, **more: Any
) -> dict[str, Any]:
    """One process of a container, as it is on record."""
    return {
        "inner_pid": inner_pid,
        "parent": parent,
        "name": name,
        "is_init": more.get("is_init", False),
        "is_shell": more.get("is_shell", False),
        "cpu_s": more.get("cpu_s", 0.0),
        "observed_cpu_s": more.get("observed_cpu_s", 0.0),
        "anon_bytes": None if mib is None else round(mib * 2**20),
    }


def replica(
    number: int,
    of: int = 3,
    *,
    startup_s: float | None = None,
    status: TrialStatus = TrialStatus.OK,
    reason: str = "",
    attempt: int = 0,
    round_: int = 20,
    facts: dict[str, Any] | None = None,
    **metrics: float,
) -> TrialResult:
    """One of `of` containers that were started at once; ready after 1.0 s, 1.1 s, …"""
    key = TrialKey("app", round_, "image", replica=number, replicas=of)
    if startup_s is None:
        startup_s = 0.9 + 0.1 * number
    ready = {"startup_s": startup_s} if startup_s else {}
    own = QUIET | {"processes": [use(1, "uvicorn", 40, cpu_s=1.0)]} | (facts or {})
    own = {name: value for name, value in own.items() if value is not None}
    name = f"t0020-r{number}.{attempt}"
    again = [PhaseSpan("restart", 3.0, 5.0, "monotonic")] if number == 1 else []
    return TrialResult(
        name,
        key,
        attempt,
        status,
        reason,
        metrics=ready | metrics,
        phases=tuple(again),
        facts=facts_of(**own),
    )


def replicas(of: int = 3, **more: Any) -> list[TrialResult]:
    """All of them, alike."""
    return [replica(number, of, **more) for number in range(1, of + 1)]


def lost_replicas(status: TrialStatus, reason: str, of: int = 3, **more: Any) -> list[TrialResult]:
    """All of them, come to nothing for another's fault."""
    return replicas(of, status=status, reason=reason, startup_s=0.0, **more)

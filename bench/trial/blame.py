"""Whose fault it is when a trial does not end well: the image's, the host's, or the engine's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.results.model import TrialStatus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from bench.errors import BenchError, EngineRefusedError

STEAL_BOUND = 0.30
"""Share of core time taken by other tenants of the machine, above which a trial is invalid."""

CLOCK_STEP_BOUND_S = 1.0
"""A wall clock that moved further than this against the monotonic one makes a trial invalid."""

_ABOUT_THE_COMMAND = (
    "executable file not found",
    "no such file or directory",
    "permission denied",
    "exec format error",
    "is a directory",
    "unable to find user",
)
_ABOUT_THE_HOST = ("mount", "cgroup", "device")


class InvalidTrialError(Exception):
    """The trial was not in the state that it should have been in."""


class FailedTrialError(Exception):
    """The image's fault."""


def outcome_of(
    error: BenchError | FailedTrialError | InvalidTrialError,
) -> tuple[TrialStatus, str]:
    """How a trial has ended that broke off with `error`, and why."""
    if isinstance(error, InvalidTrialError):
        return TrialStatus.INVALID, str(error)
    if isinstance(error, FailedTrialError):
        return TrialStatus.FAILED, str(error)
    return TrialStatus.ERROR, f"{error.subject}: {error.cause}"


def judge_host(load: Mapping[str, Any]) -> tuple[TrialStatus, str]:
    """Whether the host was fit for a measurement while it lasted, as `load_between` saw it."""
    if load["steal_share"] > STEAL_BOUND:
        share = load["steal_share"]
        return TrialStatus.INVALID, f"{share:.0%} of the core time went to other tenants"
    if abs(load["clock_step_s"]) > CLOCK_STEP_BOUND_S:
        return TrialStatus.INVALID, f"the wall clock jumped by {load['clock_step_s']} s"
    return TrialStatus.OK, ""


def is_images_fault(error: EngineRefusedError) -> bool:
    """Whether a refused start is about the command in the image, not about engine or host."""
    text = error.cause.lower()
    return (
        error.status in (400, 404, 500)
        and any(words in text for words in _ABOUT_THE_COMMAND)
        and not any(words in text for words in _ABOUT_THE_HOST)
    )

"""Whose fault it is when a trial does not end well: the image's, the host's, or the engine's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.domain import TrialStatus
from bench.core.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.core.errors import BenchError
    from bench.journal.facts.host import HostUse
    from bench.scenario.host_bounds import HostBounds

SWAP_BOUND_PAGES = 4096
"""Pages moved to or from swap; 16 MiB where a page has 4 KiB."""

HEAT_BOUND = 0.05
"""Share of the trial's time in which a core was slowed down for its heat."""

CLOCK_STEP_BOUND_S = 1.0
"""A wall clock that moved further than this against the monotonic one makes a trial invalid."""


class _TrialError(Exception):
    """Why a trial broke off; what it quotes from outside is cleaned."""

    def __init__(self, reason: str) -> None:
        super().__init__(clean(reason))


class InvalidTrialError(_TrialError):
    """The trial was not in the state that it should have been in."""


class FailedTrialError(_TrialError):
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


def judge_host(load: HostUse, bounds: HostBounds) -> tuple[TrialStatus, str]:
    """Whether the host was fit for a measurement while it lasted, as `load_between` saw it."""
    doubt = next(_doubts(load, bounds), "")
    return (TrialStatus.INVALID, doubt) if doubt else (TrialStatus.OK, "")


def _doubts(load: HostUse, bounds: HostBounds) -> Iterator[str]:
    """What makes the trial invalid; what the host does not count makes none."""
    if doubt := bounds.exceeded(load.other_share, load.steal_share):
        yield doubt
    if (load.swapped_pages or 0) > SWAP_BOUND_PAGES:
        yield f"the host moved {load.swapped_pages} pages of memory to or from swap"
    slowed_s, wall_s = (load.thermal and load.thermal.slowed_s) or 0.0, load.wall_s or 0.0
    if slowed_s > HEAT_BOUND * wall_s:
        yield f"a core was slowed down for its heat for {slowed_s:.1f} s of {wall_s:.1f} s"
    if abs(load.clock_step_s or 0.0) > CLOCK_STEP_BOUND_S:
        yield f"the wall clock jumped by {load.clock_step_s} s"

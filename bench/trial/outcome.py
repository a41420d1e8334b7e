"""The blame for a trial that does not end well: the image, the host, or the engine."""

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
"""Share of the trial's time in which a core was thermally throttled."""

CLOCK_STEP_BOUND_S = 1.0
"""A larger step of the wall clock against the monotonic one makes a trial invalid."""


class _TrialError(Exception):
    """Why a trial was aborted; text quoted from outside is cleaned."""

    def __init__(self, reason: str) -> None:
        super().__init__(clean(reason))


class InvalidTrialError(_TrialError):
    """The trial did not run in the required state."""


class FailedTrialError(_TrialError):
    """The trial failed because of the image."""


def outcome_of(
    error: BenchError | FailedTrialError | InvalidTrialError,
) -> tuple[TrialStatus, str]:
    """The status and reason of a trial that was aborted by `error`."""
    if isinstance(error, InvalidTrialError):
        return TrialStatus.INVALID, str(error)
    if isinstance(error, FailedTrialError):
        return TrialStatus.FAILED, str(error)
    return TrialStatus.ERROR, f"{error.subject}: {error.cause}"


def judge_host(load: HostUse, bounds: HostBounds) -> tuple[TrialStatus, str]:
    """Whether the host was fit for measurement during the trial, from `load_between`."""
    doubt = next(_doubts(load, bounds), "")
    return (TrialStatus.INVALID, doubt) if doubt else (TrialStatus.OK, "")


def _doubts(load: HostUse, bounds: HostBounds) -> Iterator[str]:
    """Reasons to call the trial invalid; counters that the host lacks give none."""
    if doubt := bounds.exceeded(load.other_share, load.steal_share):
        yield doubt
    if (load.swapped_pages or 0) > SWAP_BOUND_PAGES:
        yield f"the host moved {load.swapped_pages} pages of memory to or from swap"
    slowed_s, wall_s = (load.thermal and load.thermal.slowed_s) or 0.0, load.wall_s or 0.0
    if slowed_s > HEAT_BOUND * wall_s:
        yield f"a core was slowed down for its heat for {slowed_s:.1f} s of {wall_s:.1f} s"
    if abs(load.clock_step_s or 0.0) > CLOCK_STEP_BOUND_S:
        yield f"the wall clock jumped by {load.clock_step_s} s"

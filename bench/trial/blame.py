"""Whose fault it is when a trial does not end well: the image's, the host's, or the engine's."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench.errors import EngineRefusedError
from bench.results.model import TrialStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from bench.errors import BenchError
    from bench.host.bounds import HostBounds

SWAP_BOUND_PAGES = 4096
"""Pages moved to or from swap; 16 MiB where a page has 4 KiB."""

HEAT_BOUND = 0.05
"""Share of the trial's time in which a core was slowed down for its heat."""

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


def judge_host(load: Mapping[str, Any], bounds: HostBounds) -> tuple[TrialStatus, str]:
    """Whether the host was fit for a measurement while it lasted, as `load_between` saw it."""
    doubt = next(_doubts(load, bounds), "")
    return (TrialStatus.INVALID, doubt) if doubt else (TrialStatus.OK, "")


def _doubts(load: Mapping[str, Any], bounds: HostBounds) -> Iterator[str]:
    """What makes the trial invalid; what the host does not count makes none."""
    if doubt := bounds.exceeded(load.get("other_share"), load["steal_share"]):
        yield doubt
    if load["swapped_pages"] > SWAP_BOUND_PAGES:
        yield f"the host moved {load['swapped_pages']} pages of memory to or from swap"
    slowed_s = load.get("thermal", {}).get("slowed_s", 0.0)
    if slowed_s > HEAT_BOUND * load["wall_s"]:
        yield f"a core was slowed down for its heat for {slowed_s:.1f} s of {load['wall_s']:.1f} s"
    if abs(load["clock_step_s"]) > CLOCK_STEP_BOUND_S:
        yield f"the wall clock jumped by {load['clock_step_s']} s"


@contextmanager
def image_blamed() -> Iterator[None]:
    """While this lasts a container is made to start.

    Raises:
        FailedTrialError: it was refused for the command in its image.
    """
    try:
        yield
    except EngineRefusedError as error:
        if _is_images_fault(error):
            raise FailedTrialError(f"it could not be started: {error.cause}") from error
        raise


def _is_images_fault(error: EngineRefusedError) -> bool:
    """Whether a refused start is about the command in the image, not about engine or host.

    Podman refuses as soon as the container is attached to (409), Docker when it is started.
    """
    text = error.cause.lower()
    return (
        error.status in (400, 404, 409, 500)
        and any(words in text for words in _ABOUT_THE_COMMAND)
        and not any(words in text for words in _ABOUT_THE_HOST)
    )

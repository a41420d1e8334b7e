"""A single attempt of a probe, and the protocol of probes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class NotReadyError(Exception):
    """The container did not become ready; the text says why, without naming the container.

    Attributes:
        hint: a likely remedy; empty if none is known.
    """

    def __init__(self, text: str, hint: str = "") -> None:
        self.hint = hint
        super().__init__(text)


@dataclass(frozen=True)
class Attempt:
    """One attempt: whether it succeeded, when it was sent and when its response had arrived.

    Attributes:
        detail: the result in a few words, if it was not a success.
        resolution_ns: resolution of the moment, if it does not depend on the probe interval:
            for events stamped on arrival, and for the engine's own checks. Otherwise None.
        connected_ns: when a connection was established, None if there was none.
        floor_ns: time of the engine's first own check after the start; None for bench's probes.
        unanswered: it reached its time-out: the container is known not to have been ready only
            at the moment of sending.
        working: the server was nevertheless seen working on it, so the next may take longer.
    """

    ok: bool
    sent_ns: int
    answered_ns: int
    detail: str = ""
    resolution_ns: int | None = None
    connected_ns: int | None = None
    floor_ns: int | None = None
    unanswered: bool = False
    working: bool = False


class Probe(Protocol):
    """A check that decides whether a container is ready.

    Attributes:
        name: its display name.
        least_interval_s: shortest useful interval.
    """

    name: str
    least_interval_s: float

    def attempt(self, within_s: float, at_most_s: float) -> Attempt:
        """Make one attempt.

        Args:
            within_s: longest time without a sign of the server.
            at_most_s: longest time in total.
        """
        ...

    def hint(self) -> str:
        """A likely remedy, once it has failed for good; empty if none is known."""
        ...

    def abort(self) -> None:
        """End an attempt that another thread is waiting for; no later one can succeed."""
        ...

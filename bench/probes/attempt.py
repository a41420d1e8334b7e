"""One attempt of a probe, and what a probe is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class NotReadyError(Exception):
    """It never got ready; the text says why, without naming the container.

    Attributes:
        hint: what would probably help; empty where nothing is known.
    """

    def __init__(self, text: str, hint: str = "") -> None:
        self.hint = hint
        super().__init__(text)


@dataclass(frozen=True)
class Attempt:
    """One attempt: whether it succeeded, when it was sent and when its answer had arrived.

    Attributes:
        detail: in a few words, what came instead of success.
        resolution_ns: how finely the moment is known where that is not a matter of how often
            bench asks: it was stamped as it came, or the engine asks on its own. Else None.
        connected_ns: when a connection stood, None where there was none.
        floor_ns: when the engine's first own check came after the start, None where bench asks by
            itself.
        unanswered: it was given up at its bound: that nothing was ready is known only of the
            moment at which it was sent.
        working: and yet it was seen to be worked on, so that the next may take longer.
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
    """What decides that a container is ready.

    Attributes:
        name: what people call it.
        least_interval_s: no use in asking more often.
    """

    name: str
    least_interval_s: float

    def attempt(self, within_s: float, at_most_s: float) -> Attempt:
        """Ask once.

        Args:
            within_s: how long it may go without a sign of the server.
            at_most_s: how long it may take in all.
        """
        ...

    def hint(self) -> str:
        """What would probably help, once it has failed for good; empty where nothing is known."""
        ...

    def abort(self) -> None:
        """End an attempt that another thread is waiting in; no other will succeed."""
        ...

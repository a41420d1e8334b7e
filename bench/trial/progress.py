"""What a run tells whoever watches it; how that is shown is decided elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bench.core.domain import TrialKey


class Progress(Protocol):
    """Receives what happens, in order, from the thread that runs the trials."""

    def say(self, text: str) -> None:
        """Something worth a line."""
        ...

    def trial_begins(self, number: int, total: int, key: TrialKey) -> None:
        """Trial `number` (from 1) of `total` begins."""
        ...

    def phase_ended(self, phase: str, seconds: float) -> None:
        """A phase of the current trial has ended."""
        ...

    def trial_ended(self, status: str, reason: str, startup_s: float | None) -> None:
        """The current trial has ended."""
        ...


class Silent:
    """Tells nobody."""

    def say(self, text: str) -> None:
        """Nothing."""

    def trial_begins(self, number: int, total: int, key: TrialKey) -> None:
        """Nothing."""

    def phase_ended(self, phase: str, seconds: float) -> None:
        """Nothing."""

    def trial_ended(self, status: str, reason: str, startup_s: float | None) -> None:
        """Nothing."""


class OnlyLines(Silent):
    """Passes lines on, and nothing of trials: for one of several containers of a trial."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def say(self, text: str) -> None:
        """A line."""
        self._progress.say(text)

"""Progress messages of a run; how they are displayed is decided elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bench.core.domain import TrialKey


class Progress(Protocol):
    """Receives the events of a run, in order, from the thread that runs the trials."""

    def say(self, text: str) -> None:
        """Report a line of text."""
        ...

    def trial_begins(self, number: int, total: int, key: TrialKey) -> None:
        """Report that trial `number` (from 1) of `total` begins."""
        ...

    def phase_ended(self, phase: str, seconds: float) -> None:
        """Report that a phase of the current trial has ended."""
        ...

    def trial_ended(self, status: str, reason: str, startup_s: float | None) -> None:
        """Report that the current trial has ended."""
        ...


class Silent:
    """Ignores all messages."""

    def say(self, text: str) -> None:
        """Ignore it."""

    def trial_begins(self, number: int, total: int, key: TrialKey) -> None:
        """Ignore it."""

    def phase_ended(self, phase: str, seconds: float) -> None:
        """Ignore it."""

    def trial_ended(self, status: str, reason: str, startup_s: float | None) -> None:
        """Ignore it."""


class OnlyLines(Silent):
    """Passes on lines but no trial events: for one of several containers of a trial."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def say(self, text: str) -> None:
        """Pass a line on."""
        self._progress.say(text)

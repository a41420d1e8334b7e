"""How far each service of a stack has come, which the threads of the others wait for."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from bench.trial.outcome import FailedTrialError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bench.compose.model import Condition
    from bench.compose.stack import Wait


class GivenUpError(FailedTrialError):
    """Another service of the stack went wrong; the text says which, and how."""


class DependencyCoordinator:
    """Takes note of what has come to pass, and wakes whoever waits for it.

    Attributes:
        broken: what went wrong first, `service: reason`; empty while all is well.
    """

    def __init__(self, services: Iterable[str], on_break: Callable[[], None]) -> None:
        """`on_break` ends what the others are at, once something went wrong."""
        self._changed = threading.Condition()
        self._services = set(services)
        self._met: set[tuple[str, Condition]] = set()
        self._ready: set[str] = set()
        self._on_break = on_break
        self.broken = ""

    def await_all(self, waits: Sequence[Wait]) -> None:
        """Wait until all these conditions are met.

        Raises:
            GivenUpError: they never will be.
        """
        wanted = {(wait.service, wait.condition) for wait in waits}
        with self._changed:
            self._changed.wait_for(lambda: bool(self.broken) or wanted <= self._met)
        self.go_on()

    def go_on(self) -> None:
        """Nothing where all is well.

        Raises:
            GivenUpError: something went wrong.
        """
        if self.broken:
            raise GivenUpError(f"given up: {self.broken}")

    def note(self, service: str, *conditions: Condition) -> None:
        """These conditions on `service` are met."""
        with self._changed:
            self._met |= {(service, condition) for condition in conditions}
            self._changed.notify_all()

    def note_ready(self, service: str) -> None:
        """The service is ready."""
        with self._changed:
            self._ready.add(service)
            self._changed.notify_all()

    def wake(self) -> None:
        """Something has ended: whoever waits looks again."""
        with self._changed:
            self._changed.notify_all()

    def await_rest(self, has_ended: Callable[[], bool]) -> bool:
        """Wait until all services are ready; false where `has_ended` came first.

        Raises:
            GivenUpError: that will never be.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: bool(self.broken) or self._ready == self._services or has_ended()
            )
            all_ready = self._ready == self._services
        self.go_on()
        return all_ready

    def await_end(self, has_ended: Callable[[], bool], timeout_s: float) -> bool:
        """Wait for so long; whether `has_ended` before."""
        with self._changed:
            return self._changed.wait_for(has_ended, timeout_s)

    def break_up(self, service: str, reason: str) -> None:
        """The service went wrong, and with it the stack; what comes after is its consequence."""
        with self._changed:
            first = not self.broken
            self.broken = self.broken or f"{service}: {reason}"
            self._changed.notify_all()
        if first:
            self._on_break()

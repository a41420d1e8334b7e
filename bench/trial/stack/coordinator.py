"""The progress of each service of a stack, which the threads of the others wait for."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from bench.trial.outcome import FailedTrialError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bench.compose.model import Condition
    from bench.compose.stack import Wait


class GivenUpError(FailedTrialError):
    """Another service of the stack failed; the text says which, and how."""


class DependencyCoordinator:
    """Records which conditions are met, and wakes the threads that wait for them.

    Attributes:
        broken: the first failure, `service: reason`; empty while there is none.
    """

    def __init__(self, services: Iterable[str], on_break: Callable[[], None]) -> None:
        """`on_break` ends the steps of the other services after a failure."""
        self._changed = threading.Condition()
        self._services = set(services)
        self._met: set[tuple[str, Condition]] = set()
        self._ready: set[str] = set()
        self._on_break = on_break
        self.broken = ""

    def await_all(self, waits: Sequence[Wait]) -> None:
        """Wait until all these conditions are met.

        Raises:
            GivenUpError: they can no longer be met.
        """
        wanted = {(wait.service, wait.condition) for wait in waits}
        with self._changed:
            self._changed.wait_for(lambda: bool(self.broken) or wanted <= self._met)
        self.go_on()

    def go_on(self) -> None:
        """Return if no service has failed.

        Raises:
            GivenUpError: a service failed.
        """
        if self.broken:
            raise GivenUpError(f"given up: {self.broken}")

    def note(self, service: str, *conditions: Condition) -> None:
        """Record that these conditions on `service` are met."""
        with self._changed:
            self._met |= {(service, condition) for condition in conditions}
            self._changed.notify_all()

    def note_ready(self, service: str) -> None:
        """Record that the service is ready."""
        with self._changed:
            self._ready.add(service)
            self._changed.notify_all()

    def wake(self) -> None:
        """Make waiting threads check again, after a container has exited."""
        with self._changed:
            self._changed.notify_all()

    def await_rest(self, has_ended: Callable[[], bool]) -> bool:
        """Wait until all services are ready; returns False if `has_ended` becomes true first.

        Raises:
            GivenUpError: that can no longer happen.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: bool(self.broken) or self._ready == self._services or has_ended()
            )
            all_ready = self._ready == self._services
        self.go_on()
        return all_ready

    def await_end(self, has_ended: Callable[[], bool], timeout_s: float) -> bool:
        """Wait for this long; returns whether `has_ended` became true before."""
        with self._changed:
            return self._changed.wait_for(has_ended, timeout_s)

    def break_up(self, service: str, reason: str) -> None:
        """Record that the service failed, and the stack with it; later ones are consequences."""
        with self._changed:
            first = not self.broken
            self.broken = self.broken or f"{service}: {reason}"
            self._changed.notify_all()
        if first:
            self._on_break()

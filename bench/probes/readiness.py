"""Waiting until a container is ready, as long as that is still possible."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.journal.facts.ready import PortFact, ReadyFact
from bench.probes.attempt import Attempt, NotReadyError, Probe
from bench.probes.make import make_probe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.core.clock import Clock
    from bench.observe.output import ExitWatch
    from bench.probes.target import ProbeTarget
    from bench.scenario.probes import Ready


LONG_WAIT_S = 5.0
"""Wait after which the listening ports are inspected for a reason."""


@dataclass
class _Pending:
    probe: Probe
    asked_until_ns: int
    due_ns: int
    within_s: float
    last_detail: str = "no attempt was made"


class Readiness:
    """Runs probes in turn until all of them, or one of them, have succeeded.

    Attributes:
        port_open: the first connection that any of them established, None if there was none.
    """

    def __init__(
        self,
        probes: Sequence[Probe],
        *,
        any_of: bool,
        interval_s: float,
        timeout_s: float,
        attempt_timeout_s: float = 1.0,
        clock: Clock,
        exit_watch: ExitWatch,
        wake: threading.Event,
        on_long_wait: Callable[[], None] = lambda: None,
    ) -> None:
        """No probe runs before `wait`.

        `attempt_timeout_s` bounds an attempt. It doubles after each consecutive attempt that
        reaches it while the server was seen working on it, and is reset once an attempt ends
        otherwise.

        `wake` is set by events that end a wait early: a matching line, the process's exit.
        `on_long_wait` is called once, between two attempts, after `LONG_WAIT_S`.
        """
        self._probes = probes
        self._any_of = any_of
        self._interval_s = interval_s
        self._timeout_s = timeout_s
        self._attempt_timeout_s = attempt_timeout_s
        self._clock = clock
        self._exit = exit_watch
        self._wake = wake
        self._on_long_wait = on_long_wait
        self.port_open: PortFact | None = None

    def wait(self, since_ns: int) -> ReadyFact:
        """Wait for readiness, counting the time-out from `since_ns`.

        Raises:
            NotReadyError: the time-out was reached, or the process exited before.
        """
        deadline_ns = since_ns + round(self._timeout_s * 1e9)
        within_s = self._attempt_timeout_s
        pending = [_Pending(probe, since_ns, since_ns, within_s) for probe in self._probes]
        succeeded: list[ReadyFact] = []
        attempts = 0
        is_long_ns = since_ns + round(LONG_WAIT_S * 1e9)
        while True:
            woken = self._wake.is_set()
            self._wake.clear()
            gone = self._exit.ended
            for asked in list(pending):
                now_ns = self._clock.monotonic_ns()
                if now_ns < asked.due_ns and not (woken or gone):
                    continue
                if now_ns >= deadline_ns:
                    break
                attempt = asked.probe.attempt(asked.within_s, (deadline_ns - now_ns) / 1e9)
                attempts += 1
                self._note_port(asked, attempt)
                if attempt.ok and attempt.answered_ns <= deadline_ns:
                    pending.remove(asked)
                    succeeded.append(self._fact(asked, attempt, attempts))
                else:
                    self._note_refusal(asked, attempt)
            if succeeded and (self._any_of or not pending):
                decisive = min if self._any_of else max
                return decisive(succeeded, key=lambda fact: fact.at_ns)
            if gone:
                raise NotReadyError("it exited before it was ready")
            now_ns = self._clock.monotonic_ns()
            if now_ns >= deadline_ns:
                raise self._given_up(pending, attempts)
            if now_ns >= is_long_ns:
                is_long_ns = deadline_ns
                self._on_long_wait()
            next_ns = min([asked.due_ns for asked in pending] + [deadline_ns])
            self._wake.wait(max(0.0, (next_ns - now_ns) / 1e9))

    def _given_up(self, pending: Sequence[_Pending], attempts: int) -> NotReadyError:
        hints = [asked.probe.hint() for asked in pending]
        details = ", ".join(
            f"{asked.probe.name}: {asked.last_detail}" + (f" ({hint})" if hint else "")
            for asked, hint in zip(pending, hints, strict=True)
        )
        return NotReadyError(
            f"not ready within {self._timeout_s:g} s ({attempts} attempts; last {details})",
            next(filter(None, hints), ""),
        )

    def _note_refusal(self, asked: _Pending, attempt: Attempt) -> None:
        asked.last_detail = attempt.detail
        if attempt.unanswered:
            asked.asked_until_ns = attempt.sent_ns
            grown_s = asked.within_s * 2 if attempt.working else self._attempt_timeout_s
            asked.within_s = min(grown_s, self._timeout_s)
        else:
            asked.asked_until_ns = attempt.answered_ns
            asked.within_s = self._attempt_timeout_s
        rest_s = max(self._interval_s, asked.probe.least_interval_s)
        asked.due_ns = attempt.answered_ns + round(rest_s * 1e9)

    def _note_port(self, asked: _Pending, attempt: Attempt) -> None:
        if self.port_open is None and attempt.connected_ns is not None:
            within_ns = attempt.connected_ns - min(asked.asked_until_ns, attempt.sent_ns)
            self.port_open = PortFact(attempt.connected_ns, within_ns, asked.probe.name)

    @staticmethod
    def _fact(asked: _Pending, attempt: Attempt, attempts: int) -> ReadyFact:
        resolution_ns = attempt.resolution_ns
        if resolution_ns is None:
            waited_ns = max(0, attempt.sent_ns - asked.asked_until_ns)
            resolution_ns = waited_ns + attempt.answered_ns - attempt.sent_ns
        return ReadyFact(
            at_ns=attempt.answered_ns,
            resolution_ns=resolution_ns,
            attempts=attempts,
            probe=asked.probe.name,
            floor_ns=attempt.floor_ns,
        )

    def matched(self) -> None:
        """Note that a probe which is not polled has a result, and check it now.

        If one successful probe is enough, a pending attempt of another is aborted.
        """
        if self._any_of:
            self.abort()
        else:
            self._wake.set()

    def abort(self) -> None:
        """Note that the process has exited, and abort any pending attempt."""
        for probe in self._probes:
            probe.abort()
        self._wake.set()


def make_readiness(
    ready: Ready, target: ProbeTarget, on_long_wait: Callable[[], None] = lambda: None
) -> Readiness:
    """The wait for `target` that a scenario describes, woken by its output and its exit."""
    readiness = Readiness(
        [make_probe(choice, target) for choice in ready.probes()],
        any_of=ready.any is not None,
        interval_s=ready.interval,
        timeout_s=ready.timeout,
        attempt_timeout_s=ready.attempt_timeout,
        clock=target.clock,
        exit_watch=target.exit,
        wake=threading.Event(),
        on_long_wait=on_long_wait,
    )
    target.output.on_match(readiness.matched)
    target.exit.on_end(readiness.abort)
    # lines that came before the callback was set
    if target.output.matched_ns:
        readiness.matched()
    if target.exit.ended:
        readiness.abort()
    return readiness

"""Ready when a command in the container exits with 0; it is charged to the container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.errors import CommandTimeoutError, EngineRefusedError
from bench.probes.attempt import Attempt
from bench.probes.words import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.core.clock import Clock
    from bench.probes.target import ProbeTarget
    from bench.runtimes.workload import Workload
    from bench.scenario.probes import ExecProbeSpec


class ExecProbe:
    """Ready when the command exits with 0."""

    least_interval_s = 0.0

    def __init__(self, command: Sequence[str], workload: Workload, clock: Clock) -> None:
        self.name = f"exec {plain(' '.join(command))[:40]}"
        self._command = tuple(command)
        self._workload = workload
        self._clock = clock

    def attempt(self, within_s: float, at_most_s: float = float("inf")) -> Attempt:
        """Run it once.

        On a time-out the engine kills it if possible; since it was running, the next attempt may
        take longer.
        """
        sent_ns, within_s = self._clock.monotonic_ns(), min(within_s, at_most_s)
        unanswered = False
        try:
            code = self._workload.execute(self._command, within_s)
            detail = "" if code == 0 else f"exit code {code}"
        except CommandTimeoutError:
            unanswered, detail = True, f"still running after {within_s:.3g} s"
        except EngineRefusedError as error:
            detail = error.cause
        return Attempt(
            ok=not detail,
            sent_ns=sent_ns,
            answered_ns=self._clock.monotonic_ns(),
            detail=detail,
            unanswered=unanswered,
            working=unanswered,
        )

    def hint(self) -> str:
        """Empty: only the exit code is known."""
        return ""

    def abort(self) -> None:
        """Do nothing: the engine kills the command with the container."""


def make(spec: ExecProbeSpec, target: ProbeTarget) -> ExecProbe:
    """The probe of a container."""
    command = spec.command
    words = ["/bin/sh", "-c", command] if isinstance(command, str) else command
    return ExecProbe(words, target.workload, target.clock)

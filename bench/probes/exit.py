"""Ready when the main process has ended with code 0: a batch job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.probes.attempt import Attempt

if TYPE_CHECKING:
    from bench.core.clock import Clock
    from bench.observe.output import ExitWatch
    from bench.probes.target import ProbeTarget


class ExitProbe:
    """Ready when the job has finished."""

    name = "exit"
    least_interval_s = 0.0

    def __init__(self, watch: ExitWatch, clock: Clock) -> None:
        self._watch = watch
        self._clock = clock

    def attempt(self, within_s: float, at_most_s: float = float("inf")) -> Attempt:  # noqa: ARG002 - it never waits
        """Whether it has exited, stamped at that moment."""
        at_ns = self._watch.at_ns
        if at_ns is None:
            now_ns = self._clock.monotonic_ns()
            return Attempt(False, now_ns, now_ns, "still running")
        code = self._watch.exit_code()
        lateness_ns = self._watch.resolution_ns
        return Attempt(code == 0, at_ns, at_ns, f"exit code {code}", lateness_ns)

    def hint(self) -> str:
        """Empty: its last lines of output are shown as well."""
        return ""

    def abort(self) -> None:
        """Do nothing: no call is pending."""


def make(_: bool, target: ProbeTarget) -> ExitProbe:
    """The probe of a container."""
    return ExitProbe(target.exit, target.clock)

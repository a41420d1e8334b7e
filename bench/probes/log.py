"""Ready when lines of output match; the output is streamed, not polled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.probes.attempt import Attempt

if TYPE_CHECKING:
    from bench.core.clock import Clock
    from bench.observe.output import ExitWatch, OutputWatch
    from bench.probes.target import ProbeTarget
    from bench.scenario.probes import LogProbeSpec

_LAST_OUTPUT_S = 1.0
_LINE_LATENESS_NS = 1_000_000


class LogProbe:
    """Ready when the configured number of lines has matched."""

    least_interval_s = 0.0

    def __init__(
        self, model: LogProbeSpec, output: OutputWatch, exit_watch: ExitWatch, clock: Clock
    ) -> None:
        again = f" {model.times} times" if model.times > 1 else ""
        self.name = f"log {model.pattern!r}{again}"
        self._pattern = model.pattern
        self._times = model.times
        self._output = output
        self._exit = exit_watch
        self._clock = clock

    def attempt(self, within_s: float, at_most_s: float = float("inf")) -> Attempt:
        """Whether the last match has arrived, stamped at that moment.

        The end of a process is known before its last lines have arrived, so they are waited for.
        """
        if self._exit.ended:
            self._output.wait_end(min(within_s, at_most_s, _LAST_OUTPUT_S))
        self._output.look_at_rest()
        stamps = self._output.matched_ns.get(self._pattern, ())
        if len(stamps) < self._times:
            now_ns = self._clock.monotonic_ns()
            said = f"matched {len(stamps)} of {self._times} times" if stamps else "no such line yet"
            return Attempt(False, now_ns, now_ns, said)
        at_ns = stamps[self._times - 1]
        return Attempt(True, at_ns, at_ns, resolution_ns=_LINE_LATENESS_NS)

    def hint(self) -> str:
        """Empty: its last lines of output are shown as well."""
        return ""

    def abort(self) -> None:
        """Do nothing: no call is pending."""


def make(spec: LogProbeSpec, target: ProbeTarget) -> LogProbe:
    """The probe of a container."""
    return LogProbe(spec, target.output, target.exit, target.clock)

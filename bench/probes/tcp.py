"""Ready when a port, or a Unix socket, accepts a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.probes.attempt import Attempt
from bench.probes.dial import Dialer, Endpoint, said

if TYPE_CHECKING:
    from bench.core.clock import Clock
    from bench.probes.target import ProbeTarget
    from bench.scenario.probes import TcpProbeSpec


class TcpProbe:
    """Ready when a connection is established."""

    least_interval_s = 0.0

    def __init__(self, place: Endpoint, clock: Clock) -> None:
        self.name = f"tcp {f'unix:{place.path}' if place.path else place.port}"
        self._dialer = Dialer(place, clock)
        self._clock = clock

    def attempt(self, within_s: float, at_most_s: float = float("inf")) -> Attempt:
        """Connect and close."""
        sent_ns, within_s = self._clock.monotonic_ns(), min(within_s, at_most_s)
        unanswered, detail = False, ""
        try:
            with self._dialer.connection(within_s):
                now_ns = self._dialer.connected_ns or self._clock.monotonic_ns()
            return Attempt(True, sent_ns, now_ns, connected_ns=now_ns)
        except TimeoutError:
            unanswered, detail = True, "no connection in time"
        except OSError as error:
            detail = said(error)
        return Attempt(False, sent_ns, self._clock.monotonic_ns(), detail, unanswered=unanswered)

    def hint(self) -> str:
        """Empty: the listening ports are reported anyway."""
        return ""

    def abort(self) -> None:
        """Shut down the connection attempt."""
        self._dialer.abort()


def make(spec: TcpProbeSpec, target: ProbeTarget) -> TcpProbe:
    """The probe of a container."""
    return TcpProbe(target.endpoint(spec), target.clock)

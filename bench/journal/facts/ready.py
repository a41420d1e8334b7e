"""When a container was ready, or had at least a port that accepts connections."""

from __future__ import annotations

from dataclasses import dataclass

from bench.journal.facts.form import Amount, Stamp  # noqa: TC001 - pydantic reads the annotations


@dataclass(frozen=True)
class ReadyFact:
    """When readiness was confirmed, and the resolution of that time.

    Attributes:
        at_ns: arrival of the confirming answer.
        resolution_ns: from the end of the last refusal (or from the start of probing) to the
            sending of the successful attempt, plus its round trip. For an attempt that timed out
            without an answer its sending counts, since it was not refused until its end. For events
            stamped on arrival, the lateness of the stamp; for a health check, the time back to the
            start of the check before it.
        attempts: attempts in total.
        probe: the one that decided; for a stack, the service that was ready last.
        floor_ns: time of the engine's first check after the start, if its checks decided: nothing
            is healthy sooner. None for bench's own probes.
    """

    at_ns: Stamp
    resolution_ns: Stamp
    attempts: Amount = 0
    probe: str = ""
    floor_ns: Amount | None = None


@dataclass(frozen=True)
class PortFact:
    """When a port first accepted a connection, whether or not anything was answered on it.

    Attributes:
        at_ns: when the connection was established.
        resolution_ns: from the end of the last refusal to that moment.
        probe: the one that connected.
    """

    at_ns: Stamp
    resolution_ns: Stamp
    probe: str

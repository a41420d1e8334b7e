"""When a container could do something: ready, or at least with a port that takes connections."""

from __future__ import annotations

from dataclasses import dataclass

from bench.journal.facts.form import Amount, Stamp  # noqa: TC001 - pydantic reads the annotations


@dataclass(frozen=True)
class ReadyFact:
    """When readiness was confirmed, and how finely that is known.

    Attributes:
        at_ns: arrival of the confirming answer.
        resolution_ns: from the end of the last refusal (or from the moment that asking began)
            to the sending of the successful attempt, plus its round trip; of an attempt that was
            given up without an answer the sending counts, for it was not refused until its end;
            of what is stamped as it comes, the lateness of the stamp; of a health check, back to
            the beginning of the check before it.
        attempts: attempts in all.
        probe: the one that decided; of a stack, the service that was ready last.
        floor_ns: when the engine's first check came after the start, where its checks decided:
            nothing is healthy sooner. None where bench asked by itself.
    """

    at_ns: Stamp
    resolution_ns: Stamp
    attempts: Amount = 0
    probe: str = ""
    floor_ns: Amount | None = None


@dataclass(frozen=True)
class PortFact:
    """When a port first took a connection, whether or not anything was answered on it.

    Attributes:
        at_ns: when the connection stood.
        resolution_ns: from the end of the last refusal to that moment.
        probe: the one that connected.
    """

    at_ns: Stamp
    resolution_ns: Stamp
    probe: str

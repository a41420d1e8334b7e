"""Destinations that a container tried to reach, as recorded by a trial."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class WayOut(StrEnum):
    """How packets that left the container were treated."""

    OPEN = "open"
    """They were delivered."""
    REFUSED = "refused"
    """They were rejected with an answer: no such name, reset, unreachable."""
    SILENT = "silent"
    """They were dropped without an answer."""


@dataclass(frozen=True)
class Contact:
    """A destination that the container tried to reach.

    Attributes:
        t_s: time of the first attempt, in seconds since the start call was sent.
        kind: `dns` for a name lookup, `tcp`, `udp`, `icmp`, or `ip` for any other protocol.
        name: the name looked up, or the known name of the address; empty if there is none.
        address: the destination; for a lookup, the server's.
        port: of that address; None if the protocol has no ports.
        process: command name of the process, None if it was not seen.
        question: record types of a lookup, such as `A, AAAA`; or the protocol number for `ip`.
        allowed: whether the scenario declares it.
        times: number of packets, including the kernel's own retransmissions.
    """

    t_s: float
    kind: str
    name: str
    address: str
    port: int | None
    process: str | None
    question: str
    allowed: bool
    times: int

    @property
    def destination(self) -> str:
        """The destination as reports show it: a looked-up name, or host and port."""
        if self.kind == "dns":
            return self.name
        host = self.name or (f"[{self.address}]" if ":" in self.address else self.address)
        return host if self.port is None else f"{host}:{self.port}"


@dataclass(frozen=True)
class Observation:
    """The outside contacts observed in one trial.

    Attributes:
        observed: whether contacts could be observed; if not, an empty list means nothing.
        reach: the scope of the observation, or why there is none.
        way_out: how the packets were treated.
        attempts: in the order of their first time.
        dropped: number of packets that the capture missed.
    """

    observed: bool
    reach: str
    way_out: WayOut
    attempts: tuple[Contact, ...] = ()
    dropped: int = 0

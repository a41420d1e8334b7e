"""What a container tried to reach, as a trial's record has it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class WayOut(StrEnum):
    """What became of packets that left the container."""

    OPEN = "open"
    """They went where they were sent."""
    REFUSED = "refused"
    """They led nowhere, and were answered: no such name, reset, unreachable."""
    SILENT = "silent"
    """They led nowhere, and nothing answered."""


@dataclass(frozen=True)
class Contact:
    """One destination that was tried.

    Attributes:
        t_s: of the first try, in seconds since the start call was sent.
        kind: `dns` for a name that was asked for, `tcp`, `udp`, `icmp`, or `ip` for any other
            protocol.
        name: asked for, or what the address is known as; empty where it is not.
        address: that it was sent to; of a question, the server's.
        port: of that address; None where the protocol has none.
        process: command name of the process, None where it could not be seen.
        question: types of record asked for, such as `A, AAAA`; or the protocol's number of `ip`.
        allowed: whether the scenario declares it.
        times: how many packets tried it, the kernel's own repetitions among them.
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
        """Where to, in the words of a report: a name asked for, or host and port."""
        if self.kind == "dns":
            return self.name
        host = self.name or (f"[{self.address}]" if ":" in self.address else self.address)
        return host if self.port is None else f"{host}:{self.port}"


@dataclass(frozen=True)
class Observation:
    """What was seen of one trial's contacts.

    Attributes:
        observed: whether anything could be seen; if not, no attempts mean nothing.
        reach: how far the observation reaches, or why there is none.
        way_out: what became of the packets.
        attempts: in the order of their first time.
        dropped: packets that were missed.
    """

    observed: bool
    reach: str
    way_out: WayOut
    attempts: tuple[Contact, ...] = ()
    dropped: int = 0

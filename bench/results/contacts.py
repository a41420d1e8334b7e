"""What a container tried to reach, as a trial's record has it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from bench.results.facts import read_facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.results.model import TrialResult


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

    @classmethod
    def from_facts(cls, facts: object) -> Observation:
        """As it stands in the record of a trial.

        Raises:
            ValueError: it has another form.
        """
        return read_facts(cls, facts)


def observation(trial: TrialResult) -> Observation | None:
    """What was seen in `trial`; None where its record says nothing of it."""
    facts = trial.facts.get("egress")
    return None if facts is None else Observation.from_facts(facts)


def before_ready(observed: Observation, facts: Mapping[str, Any]) -> tuple[Contact, ...]:
    """The contacts that were tried before the trial was ready.

    Args:
        observed: what was seen.
        facts: of the trial; one that never got ready was before it to its end.
    """
    ready, start_ns = facts.get("ready"), facts.get("start_sent_ns")
    if ready is None or start_ns is None:
        return observed.attempts
    ready_s = (ready["at_ns"] - start_ns) / 1e9
    return tuple(one for one in observed.attempts if one.t_s <= ready_s)

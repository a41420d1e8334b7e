"""The outside contacts of several trials, each destination once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.analysis.contacts import before_ready
from bench.journal.facts.contacts import WayOut

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.analysis.model import TrialResult
    from bench.journal.facts.contacts import Contact


@dataclass(frozen=True)
class TriedDestination:
    """One destination that was tried before ready, over all trials.

    Attributes:
        label: a name that was asked for, or host and port.
        protocol: in words, such as `TCP` or `DNS A, AAAA`.
        name: of the host, empty where none is known.
        allowed: whether the scenario declares it.
        earliest_s: of the first try, in seconds since the start call was sent.
        in_open, in_cut: trials with the network open and cut off in which it was tried.
        processes: command names of those who tried, as far as they could be seen.
    """

    label: str
    protocol: str
    name: str
    allowed: bool
    earliest_s: float
    in_open: int
    in_cut: int
    processes: tuple[str, ...]

    @property
    def trials(self) -> int:
        """In how many trials it was tried."""
        return self.in_open + self.in_cut


def destinations(trials: Iterable[TrialResult]) -> list[TriedDestination]:
    """Destinations tried before ready: undeclared ones first, then by time."""
    found: dict[tuple[str, str, bool], list[tuple[Contact, WayOut]]] = {}
    for trial in trials:
        seen = trial.facts.egress
        if seen is None:
            continue
        for contact in before_ready(trial.facts):
            key = (contact.kind, contact.destination, contact.allowed)
            found.setdefault(key, []).append((contact, seen.way_out))
    merged = [_merged(contacts) for contacts in found.values()]
    return sorted(merged, key=lambda destination: (destination.allowed, destination.earliest_s))


def _merged(contacts: list[tuple[Contact, WayOut]]) -> TriedDestination:
    first = contacts[0][0]
    in_open = sum(way_out is WayOut.OPEN for _, way_out in contacts)
    kinds = [kind for contact, _ in contacts for kind in contact.question.split(", ")]
    processes = dict.fromkeys(contact.process for contact, _ in contacts if contact.process)
    return TriedDestination(
        label=first.destination,
        protocol=_protocol(first, list(dict.fromkeys(kinds))),
        name=first.name,
        allowed=first.allowed,
        earliest_s=min(contact.t_s for contact, _ in contacts),
        in_open=in_open,
        in_cut=len(contacts) - in_open,
        processes=tuple(processes),
    )


def _protocol(contact: Contact, kinds: list[str]) -> str:
    if contact.kind == "dns":
        return f"DNS {', '.join(kinds)}"
    return f"IP protocol {kinds[0]}" if contact.kind == "ip" else contact.kind.upper()

"""From packets to contacts: the packets that open one, its destination, and its name."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.egress.dns import parse_message
from bench.egress.packets import TCP, UDP
from bench.journal.facts.contacts import Contact
from bench.scenario.allow import DNS_PORT, Peer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bench.egress.dns import Message
    from bench.egress.packets import Packet
    from bench.scenario.allow import Address, Allowed

    Owner = Callable[[str, int, int], str | None]

_NAME_PORTS = {DNS_PORT, 5353, 5355}
"""Where names are asked for: of servers, and of everybody on the link (mDNS, LLMNR)."""

_OWNER_TRIES = 3
_MOST_CONTACTS = 1000


@dataclass
class _ContactEntry:
    kind: str
    address: Address
    port: int | None
    at_ns: int
    name: str = ""
    process: str | None = None
    questions: dict[str, None] = field(default_factory=dict)
    times: int = 0
    looked: int = 0


class Ledger:
    """The contacts of one container.

    Attributes:
        unlisted: packets to further destinations, where there were too many to list.
    """

    def __init__(
        self,
        allowed: Iterable[Allowed],
        names: Mapping[Address, Iterable[str]],
        *,
        stand_in: Address | None = None,
        owner: Owner | None = None,
    ) -> None:
        """Begin with nothing.

        Args:
            allowed: contacts that are declared.
            names: what addresses are known as from the start, lower case.
            stand_in: the server that stands in for the container's own DNS server, if any.
            owner: who owns a socket, by protocol, local and remote port.
        """
        self._allowed = tuple(allowed)
        self._names: defaultdict[Address, dict[str, None]] = defaultdict(dict)
        for address, known in names.items():
            self._names[address] |= dict.fromkeys(known)
        self._stand_in = stand_in
        self._entries: dict[tuple[str, str, int | None], _ContactEntry] = {}
        self._asked_by: set[tuple[Address, int, int]] = set()
        self.owner = owner
        self.unlisted = 0

    def incoming(self, packet: Packet) -> None:
        """A packet to the container: it may carry a name, or ask for the reply that follows."""
        if packet.protocol != UDP:
            return
        message = parse_message(packet.payload) if packet.source_port in _NAME_PORTS else None
        if message and message.is_answer:
            for address in message.addresses:
                self._names[address][message.question.name] = None
        else:
            self._asked_by.add((packet.source, packet.source_port, packet.target_port))

    def outgoing(self, packet: Packet, at_ns: int) -> None:
        """A packet of the container, which passed at `at_ns` of the monotonic clock."""
        if packet.is_noise or packet.target.is_loopback or packet.target == packet.source:
            return
        if packet.protocol == UDP:
            self._datagram(packet, at_ns)
        elif packet.protocol == TCP:
            if packet.opens_tcp:
                self._note("tcp", packet, packet.target_port, at_ns)
            elif packet.target_port == DNS_PORT and (asked := parse_message(packet.payload[2:])):
                self._question(asked, packet, at_ns)  # after two bytes of length (RFC 1035, 4.2.2)
        elif packet.is_echo:
            self._note("icmp", packet, None, at_ns)
        else:
            self._note("ip", packet, None, at_ns).questions[str(packet.protocol)] = None

    def _datagram(self, packet: Packet, at_ns: int) -> None:
        if (packet.target, packet.target_port, packet.source_port) in self._asked_by:
            return
        asked = parse_message(packet.payload) if packet.target_port in _NAME_PORTS else None
        if asked:
            self._question(asked, packet, at_ns)
        else:
            self._note("udp", packet, packet.target_port, at_ns)

    def _question(self, message: Message, packet: Packet, at_ns: int) -> None:
        if message.is_answer:
            return
        name = message.question.name
        entry = self._entry(("dns", name, None), "dns", packet, packet.target_port, at_ns)
        entry.name = name
        entry.questions[message.question.kind] = None

    def _note(self, kind: str, packet: Packet, port: int | None, at_ns: int) -> _ContactEntry:
        name = next(iter(self._names.get(packet.target, ())), "")
        entry = self._entry((kind, name or str(packet.target), port), kind, packet, port, at_ns)
        entry.name = name
        return entry

    def _entry(
        self,
        key: tuple[str, str, int | None],
        kind: str,
        packet: Packet,
        port: int | None,
        at_ns: int,
    ) -> _ContactEntry:
        entry = self._entries.get(key)
        if entry is None:
            entry = _ContactEntry(kind, packet.target, port, at_ns)
            if len(self._entries) < _MOST_CONTACTS:
                self._entries[key] = entry
            else:
                self.unlisted += 1
        entry.times += 1
        if entry.process is None and self.owner and packet.source_port:
            self._look(entry, packet)
        return entry

    def _look(self, entry: _ContactEntry, packet: Packet) -> None:
        """Look who it was, while the socket may still be there; a few times at most."""
        if entry.looked < _OWNER_TRIES and self.owner:
            entry.looked += 1
            protocol = "tcp" if packet.protocol == TCP else "udp"
            entry.process = self.owner(protocol, packet.source_port, packet.target_port)

    def contacts(self, start_ns: int) -> tuple[Contact, ...]:
        """Every contact, its times counted from `start_ns`."""
        entries = sorted(self._entries.values(), key=lambda entry: entry.at_ns)
        return tuple(
            Contact(
                t_s=max(0, entry.at_ns - start_ns) / 1e9,
                kind=entry.kind,
                name=entry.name,
                address=str(entry.address),
                port=entry.port,
                process=entry.process,
                question=", ".join(entry.questions),
                allowed=any(self._covers(allowance, entry) for allowance in self._allowed),
                times=entry.times,
            )
            for entry in entries
        )

    def _covers(self, allowed: Allowed, entry: _ContactEntry) -> bool:
        if entry.kind == "dns":
            assert entry.port is not None, "names are asked for at a port"
            return allowed.covers_question(
                entry.name, entry.address, entry.port, stand_in=entry.address == self._stand_in
            )
        known = self._names.get(entry.address, ())
        return allowed.covers(Peer(tuple(known), entry.address, entry.port))

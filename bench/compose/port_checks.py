"""Ports of this host that two containers would publish, of which the second cannot start."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.yamldoc.values import PORTS, ends_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.core.errors import Diagnostic
    from bench.yamldoc.source import Place

_LEAVE_OUT = "publish another, or leave the host's port out: then the engine chooses one"


@dataclass(frozen=True)
class Published:
    """Ports of this host that a container publishes.

    Attributes:
        owner: the service or the case.
        text: the short form that says so.
        place: where it stands.
        address: of the host; None for all.
        first: port of the host.
        last: port of the host.
        protocol: `tcp`, `udp` or `sctp`.
        is_choice: whether one of the ports is enough.
    """

    owner: str
    text: str
    place: Place
    address: ipaddress.IPv4Address | ipaddress.IPv6Address | None
    first: int
    last: int
    protocol: str
    is_choice: bool

    @property
    def ports(self) -> str:
        """The ports, as people write them."""
        several = f"{self.first}-{self.last}" if self.last > self.first else str(self.first)
        return f"{several}/{self.protocol}"


def published(owner: str, text: str, place: Place) -> Published | None:
    """The ports that the short form `text` publishes; None where the engine chooses."""
    match = PORTS.fullmatch(text)
    if match is None or not match["outside"]:
        return None
    try:
        first, last = ends_of(match["outside"])
        inside = ends_of(match["inside"])
        address = ipaddress.ip_address(match["ip"].strip("[]")) if match["ip"] else None
    except ValueError:
        return None  # said where its form is checked
    if first == 0:
        return None
    is_choice = last > first and inside[0] == inside[1]
    protocol = text.partition("/")[2] or "tcp"
    return Published(owner, text, place, address, first, last, protocol, is_choice)


def clashes(found: Sequence[Published]) -> Iterator[Diagnostic]:
    """A fault for each that publishes a port which one before it publishes."""
    fixed = [(order, ports) for order, ports in enumerate(found) if not ports.is_choice]
    fixed.sort(key=lambda pair: (pair[1].protocol, pair[1].first))
    reaching: list[tuple[int, Published]] = []
    for pair in fixed:
        now = pair[1]
        reaching = [
            (order, ports)
            for order, ports in reaching
            if ports.protocol == now.protocol and ports.last >= now.first
        ]
        other = next((before for before in reaching if _is_same(before[1], now)), None)
        reaching.append(pair)
        if other is not None:
            first, second = sorted((other, pair), key=lambda either: either[0])
            yield _clash(first[1], second[1])


def _is_same(port: Published, other: Published) -> bool:
    """Whether both would have a port that they share, and are not one entry written twice."""
    if (port.owner, port.text) == (other.owner, other.text):
        return False
    if port.address is None or other.address is None or port.address == other.address:
        return True
    of_one_version = port.address.version == other.address.version
    return of_one_version and (port.address.is_unspecified or other.address.is_unspecified)


def _clash(before: Published, after: Published) -> Diagnostic:
    shared = f"{max(before.first, after.first)}/{after.protocol}"
    if before.owner == after.owner:
        return after.place.diagnostic(f"port {shared} of this host is published twice", _LEAVE_OUT)
    fault = f"`{before.owner}` publishes port {shared} of this host as well"
    return after.place.diagnostic(fault, _LEAVE_OUT)


def too_few(port: Published, copies: int) -> Iterator[Diagnostic]:
    """A fault where `copies` containers cannot all publish this."""
    width = port.last - port.first + 1
    if copies < 2 or (port.is_choice and width >= copies):
        return
    if port.is_choice:
        fault = (
            f"each of the {copies} containers would publish one of the {width} ports {port.ports}"
        )
        yield port.place.diagnostic(fault, f"write a range of at least {copies}")
    else:
        fault = f"each of the {copies} containers would publish port {port.ports} of this host"
        yield port.place.diagnostic(fault, "leave the host's port out: then the engine chooses")

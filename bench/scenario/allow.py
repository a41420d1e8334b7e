"""Which outside contacts a scenario declares: `host`, `host:port` or `:port`.

Read by the check of a scenario as well, so that a fault is shown with its line; it stays cheap to
import.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection


Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

DNS_PORT = 53

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_ENTRY = re.compile(r"(?P<host>\[[^\]]*\]|[^:\[\]]*)(?::(?P<port>[^:]*))?")
_EXAMPLES = 'write a name, an address or a network, with a port or without: "config:8888"'


@dataclass(frozen=True)
class Peer:
    """Where something was sent.

    Attributes:
        names: what the address is known as, or the name that was asked for; lower case.
        address: the address it was sent to.
        port: None where the protocol has none.
    """

    names: Collection[str]
    address: Address
    port: int | None


@dataclass(frozen=True)
class Allowed:
    """One declared contact; a part that is None allows any.

    Attributes:
        text: as the scenario has it.
        name: a host by its name, lower case.
        network: a host by its address, or a whole network.
        port: of TCP or UDP.
    """

    text: str
    name: str | None
    network: Network | None
    port: int | None

    def covers(self, destination: Peer) -> bool:
        """Whether a contact with `destination` is declared by this."""
        if self.port is not None and self.port != destination.port:
            return False
        if self.name is not None:
            return self.name in destination.names
        if self.network is not None:
            return destination.address in self.network
        return True

    def covers_question(self, name: str, server: Address, port: int, *, stand_in: bool) -> bool:
        """Whether asking for `name` is declared by this.

        Args:
            name: asked for, lower case.
            server: that was asked.
            port: of the server.
            stand_in: whether that server only stands in for the container's own one, whose
                address is not known then.
        """
        if self.name is not None:
            return self.name == name
        if self.port not in (None, port):
            return False
        return self.network is None or server in self.network or (stand_in and self.port == port)


def parse_allowed(text: str) -> Allowed:
    """The contact that `text` declares.

    Raises:
        ValueError: it declares none; says what is wrong, then what to write.
    """
    match = _ENTRY.fullmatch(text)
    if match is None or not (match["host"] or match["port"]):
        hint = _EXAMPLES
        if text.count(":") > 1:
            hint = "an IPv6 address stands in brackets: [2001:db8::1]:443"
        raise ValueError(f"{text!r} is not a destination; {hint}")
    port = _port(text, match["port"]) if match["port"] is not None else None
    host = match["host"]
    if not host:
        return Allowed(text, None, None, port)
    network = _network(text, host)
    if network is not None:
        return Allowed(text, None, network, port)
    if not _NAME.fullmatch(host):
        raise ValueError(f"{host!r} is neither a name nor an address; {_EXAMPLES}")
    return Allowed(text, host.rstrip(".").lower(), None, port)


def _port(text: str, port: str) -> int:
    if not (port.isascii() and port.isdecimal() and 1 <= int(port) <= 65535):
        raise ValueError(f"{text!r} has no port that there is; write one from 1 to 65535")
    return int(port)


def _network(text: str, host: str) -> Network | None:
    """The network that `host` is written as; None where it is a name."""
    bare = host.strip("[]")
    if host == bare and not re.fullmatch(r"[0-9./]+", host):
        if "/" in host:
            raise ValueError(f"{host!r} is not a network; write one as 10.0.0.0/8")
        return None
    try:
        network = ipaddress.ip_network(bare)
    except ValueError as error:
        raise ValueError(f"{bare!r} is no address: {error}; write one as 10.0.0.0/8") from None
    if network.prefixlen == 0:
        raise ValueError(
            f"{text!r} would allow every address; allow a port as `:443`, or switch the row off"
        )
    return network

"""A port that a process of a container listens on."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field


@dataclass(frozen=True, order=True)
class Listener:
    """A TCP port that a process listens on.

    Attributes:
        port: the port.
        address: the address it is bound to; `0.0.0.0` or `::` is every one.
        process: what the kernel calls the process.
    """

    port: Annotated[int, Field(ge=0, lt=2**16)]
    address: str
    process: str

    @property
    def _bound_to(self) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
        return ipaddress.ip_address(self.address)

    def is_reached_at(self, address: str) -> bool:
        """Whether connections to `address` reach it."""
        own = self._bound_to
        return own.is_unspecified or own == ipaddress.ip_address(address)

    @property
    def place(self) -> str:
        """The port, with the address unless it is bound to all of them."""
        own = self._bound_to
        if own.is_unspecified:
            return str(self.port)
        return f"[{own}]:{self.port} only" if own.version == 6 else f"{own}:{self.port} only"

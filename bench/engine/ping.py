"""Whether somebody answers at an address of this host, without loading the SDK for it."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from bench.errors import HostError

if TYPE_CHECKING:
    from pathlib import Path


def listens(address: str | tuple[str, int]) -> bool:
    """Whether somebody takes connections at a socket's path or at (host, port)."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(address)
        except OSError:
            return False
    return True


def docker_answers(path: Path) -> bool:
    """Whether the daemon at `path` answers a ping, without loading the SDK for it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(5)
        try:
            probe.connect(str(path))
            probe.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            return b" 200 " in probe.recv(64)
        except OSError:
            return False


def free_port(preferred: int) -> int:
    """A port of loopback that nobody has: the preferred one where that is free.

    Raises:
        HostError: there is none.
    """
    for port in (preferred, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise HostError("registry", "no free port on loopback")

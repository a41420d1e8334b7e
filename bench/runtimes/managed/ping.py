"""Checks for listeners at an address of this host, without loading the SDK."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from bench.core.errors import HostError

_LISTENING = "0A"


def listens(address: str | tuple[str, int]) -> bool:
    """Whether connections are accepted at a socket's path or at (host, port)."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(address)
        except OSError:
            return False
    return True


def listens_as_this_user(port: int) -> bool:
    """Whether a process of this user accepts connections at `port` of 127.0.0.1.

    A port that was chosen earlier may belong to another user's program by now, which would then
    receive the daemon's requests.
    """
    address = f"0100007F:{port:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    owners = [int(row[7]) for row in rows if (row[1], row[3]) == (address, _LISTENING)]
    return owners == [os.geteuid()] and listens(("127.0.0.1", port))


def docker_answers(path: Path) -> bool:
    """Whether the daemon at `path` answers a ping."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(5)
        try:
            probe.connect(str(path))
            probe.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            return b" 200 " in probe.recv(64)
        except OSError:
            return False


def free_port(preferred: int) -> int:
    """A free loopback port: the preferred one if possible.

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

"""Ports and sockets on which a container's processes listen, for the reason of a failed probe.

Read from the tables of its network namespace, with the owner of each socket among its processes.
A socket without an owner there is not the container's: the engine answers name queries in it, and
a container on the host's network shares its tables with everybody. What cannot be read says
nothing.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.journal.facts.listener import Listener
from bench.observe.inside import open_below
from bench.observe.process_table import PROC, processes_below

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bench.scenario.probes import Ready

_LISTEN = "0A"
_TABLES = ("tcp", "tcp6")
_ACCEPTS = 0x10000  # __SO_ACCEPTCON, in the flags of /proc/net/unix


def listeners(main_pid: int, *, in_container: bool = True, proc: Path = PROC) -> list[Listener]:
    """The listeners of process `main_pid` and those that belong to it, by port.

    Empty where nothing listens; where it cannot be told, too.

    Args:
        main_pid: of the container as this host counts, or of a plain process.
        in_container: whether it is process 1 of a namespace below this one, without which the
            number may be that of another process.
        proc: where the kernel shows processes.

    Raises:
        OSError: it cannot be told.
    """
    pids = processes_below(main_pid, proc, in_container=in_container)
    if not pids:
        raise ProcessLookupError(main_pid)
    sockets = [
        (inode, address, port)
        for table in _TABLES
        for inode, address, port in _listening(proc / str(main_pid) / "net" / table)
    ]
    owners = _owners(pids, proc) if sockets else {}
    held = [socket for socket in sockets if socket[0] in owners]
    return sorted({Listener(port, address, owners[inode]) for inode, address, port in held})


def _listening(table: Path) -> Iterator[tuple[str, str, int]]:
    """Inode, address and port of each socket that listens; none where there is no such table."""
    try:
        lines = table.read_text().splitlines()[1:]
    except FileNotFoundError:
        if not table.parent.exists():
            raise
        return  # a kernel without IPv6
    for line in lines:
        fields = line.split()
        if len(fields) > 9 and fields[3] == _LISTEN:
            address, _, port = fields[1].rpartition(":")
            yield fields[9], _address(address), int(port, 16)


def _address(text: str) -> str:
    """An address as the kernel writes it: words of 32 bits in the machine's own byte order."""
    raw = bytes.fromhex(text)
    if sys.byteorder == "little":
        raw = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
    address = ipaddress.ip_address(raw)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _owners(pids: Iterable[int], proc: Path) -> dict[str, str]:
    """The name of a process that holds each socket, by the socket's inode."""
    found: dict[str, str] = {}
    for pid in pids:
        folder = proc / str(pid)
        try:
            name = (folder / "comm").read_text(errors="replace").strip()
            descriptors = list(os.scandir(folder / "fd"))
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while it was read
        for descriptor in descriptors:
            try:
                target = str(Path(descriptor.path).readlink())
            except (FileNotFoundError, ProcessLookupError):
                continue
            if target.startswith("socket:["):
                found.setdefault(target[len("socket:[") : -1], name)
    return found


def socket_paths(main_pid: int, *, in_container: bool = True, proc: Path = PROC) -> dict[str, str]:
    """The paths at which Unix sockets listen, as the container sees them, each with its process.

    Raises:
        OSError: it cannot be told.
    """
    pids = processes_below(main_pid, proc, in_container=in_container)
    lines = (proc / str(main_pid) / "net" / "unix").read_text(errors="replace").splitlines()[1:]
    rows = [line.split(maxsplit=7) for line in lines]
    named = {
        row[6]: row[7]
        for row in rows
        if len(row) > 7 and int(row[3], 16) & _ACCEPTS and row[7].startswith("/")
    }
    owners = _owners(pids, proc) if named else {}
    return {path: owners[inode] for inode, path in sorted(named.items()) if inode in owners}


def has_read(main_pid: int, port: int, from_port: int, *, proc: Path = PROC) -> bool:
    """Whether the application has taken a connection and read all that was sent on it.

    The kernel completes connections by itself: one that the application has not taken yet has no
    inode. False where it cannot be told.

    Args:
        main_pid: a process in the network of the container.
        port: that is listened on.
        from_port: of the other end.
        proc: where the kernel shows processes.
    """
    for table in _TABLES:
        try:
            lines = (proc / str(main_pid) / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if len(fields) > 9 and _port(fields[1]) == port and _port(fields[2]) == from_port:
                unread = int(fields[4].rpartition(":")[2], 16)
                return fields[9] != "0" and unread == 0
    return False


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)


def asked_ports(ready: Ready) -> list[int]:
    """The ports that probes connect to; none where nothing is asked over the network."""
    asked = (probe.endpoint for probe in ready.probes())
    return [
        endpoint.port
        for endpoint in asked
        if endpoint is not None and isinstance(endpoint.port, int)
    ]


def asked_sockets(ready: Ready) -> list[str]:
    """The Unix sockets that probes connect to."""
    asked = (probe.endpoint for probe in ready.probes())
    return [endpoint.socket for endpoint in asked if endpoint is not None and endpoint.socket]


@dataclass(frozen=True)
class Whereabouts:
    """Where a container listens, against where it is asked.

    Attributes:
        words: that, for the reason of a failure; empty where it cannot be told.
        is_missing: whether it is asked where nothing listens.
        found: the ports.
    """

    words: str = ""
    is_missing: bool = False
    found: tuple[Listener, ...] = ()


def whereabouts(
    ready: Ready, address: str, main_pid: int, *, in_container: bool = True, proc: Path = PROC
) -> Whereabouts:
    """Where the container of process `main_pid` listens, which is asked at `address`.

    What ends by itself listens nowhere, and what cannot be read says nothing.
    """
    if not main_pid or ready.is_an_end:
        return Whereabouts()
    try:
        found = listeners(main_pid, in_container=in_container, proc=proc)
        paths = socket_paths(main_pid, in_container=in_container, proc=proc)
    except (OSError, ValueError):
        return Whereabouts()
    sockets, ports = asked_sockets(ready), asked_ports(ready) if address else []
    root = proc / str(main_pid) / "root"
    missing = [path for path in sockets if not _is_listened_at(path, paths, root)]
    said = [
        _missing_socket_words(missing, paths),
        port_words(ports, found, address),
        "" if ports or sockets else _elsewhere_words(found),
    ]
    is_missing = bool(said[0] or said[1])
    if not is_missing and ports:
        said.append(_listening_words([listener for listener in found if listener.port in ports]))
    words = "; ".join(part for part in said if part)
    return Whereabouts(words, is_missing, tuple(found))


def _is_listened_at(path: str, paths: Iterable[str], root: Path) -> bool:
    """Whether a socket listens at `path`, or at a path of that name that a link may lead to."""
    name = path.rpartition("/")[2]
    if path in paths or all(there.rpartition("/")[2] != name for there in paths):
        return path in paths
    try:
        os.close(open_below(root, path))
    except OSError:
        return False
    return True


def _missing_socket_words(missing: Sequence[str], paths: dict[str, str]) -> str:
    if not missing:
        return ""
    nothing = f"nothing listens at {' or '.join(missing)}"
    others = ", ".join(f"{process} listens at {path}" for path, process in paths.items())
    return f"{nothing}; {others}" if others else nothing


def _elsewhere_words(found: Sequence[Listener]) -> str:
    return _listening_words(found) if found else "nothing listens on any port"


def port_words(asked: Sequence[int], found: Sequence[Listener], address: str) -> str:
    """Which of the ports nothing listens on, and what listens elsewhere; empty where all have one.

    Args:
        asked: the ports that the container is asked at.
        found: what listens in it.
        address: where it is asked.
    """
    missing = [
        port
        for port in asked
        if not any(listener.port == port and listener.is_reached_at(address) for listener in found)
    ]
    if not missing:
        return ""
    at_loopback = [listener for listener in found if listener.port in missing]
    if {listener.port for listener in at_loopback} == set(missing):
        return f"{_listening_words(at_loopback)}, which is not reached from outside the container"
    nothing = f"nothing listens on {' or '.join(map(str, missing))}"
    if not found:
        return f"{nothing}, nor on any other port"
    return f"{nothing}; {_listening_words(found)}"


def _listening_words(found: Sequence[Listener]) -> str:
    by_process: dict[str, list[str]] = {}
    for listener in found:
        by_process.setdefault(listener.process, []).append(listener.place)
    return ", ".join(
        f"{process} listens on {' and '.join(dict.fromkeys(places))}"
        for process, places in by_process.items()
    )

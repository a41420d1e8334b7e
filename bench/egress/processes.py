"""The name of the process behind a packet, while its socket is still open."""

from __future__ import annotations

from pathlib import Path

_TABLES = {"tcp": ("tcp", "tcp6"), "udp": ("udp", "udp6")}


class SocketOwners:
    """Looks for the owners of sockets among the processes of one network namespace.

    A socket that is closed before it is looked for has no owner any more; a program that asks one
    question and ends may well be missed.
    """

    def __init__(self, pid: int, proc: Path = Path("/proc")) -> None:
        """`pid` is any process in that namespace."""
        self._proc = proc
        self._pid = pid

    def owner(self, protocol: str, local_port: int, remote_port: int) -> str | None:
        """The command name of the process that owns a socket, None where none is found.

        Args:
            protocol: `tcp` or `udp`.
            local_port: the socket's own.
            remote_port: the other side's, which a UDP socket need not have.
        """
        inodes = {
            inode
            for table in _TABLES[protocol]
            for local, remote, inode in self._sockets(table)
            if local == local_port and remote in (remote_port, 0)
        }
        inodes.discard("0")  # a socket that nobody owns any more
        if not inodes:
            return None
        wanted = {f"socket:[{inode}]" for inode in inodes}
        for process in self._processes():
            if self._holds(process, wanted):
                try:
                    return (process / "comm").read_text(errors="replace").strip() or None
                except OSError:
                    return None
        return None

    def _sockets(self, table: str) -> list[tuple[int, int, str]]:
        """(local port, remote port, inode) of each socket in the namespace."""
        try:
            lines = (self._proc / str(self._pid) / "net" / table).read_text().splitlines()[1:]
        except OSError:
            return []
        rows = (line.split() for line in lines)
        return [
            (int(row[1].rpartition(":")[2], 16), int(row[2].rpartition(":")[2], 16), row[9])
            for row in rows
            if len(row) > 9
        ]

    def _processes(self) -> list[Path]:
        """Folders of the processes in the namespace."""
        try:
            home = (self._proc / str(self._pid) / "ns" / "net").stat().st_ino
        except OSError:
            return []
        found = []
        for process in self._proc.iterdir():
            if not process.name.isdecimal():
                continue
            try:
                if (process / "ns" / "net").stat().st_ino == home:
                    found.append(process)
            except OSError:
                continue
        return found

    @staticmethod
    def _holds(process: Path, wanted: set[str]) -> bool:
        try:
            descriptors = list((process / "fd").iterdir())
        except OSError:
            return False
        for descriptor in descriptors:
            try:
                if str(descriptor.readlink()) in wanted:
                    return True
            except OSError:
                continue
        return False

"""Network counters of a container, which only /proc has."""

from __future__ import annotations

import contextlib
import os


class NetworkCounters:
    """Bytes in and out of a network namespace, loopback apart."""

    def __init__(self, pid: int) -> None:
        """Open the counters of the namespace that `pid` lives in; absent where it is gone."""
        self._descriptor: int | None = None
        with contextlib.suppress(OSError):
            self._descriptor = os.open(f"/proc/{pid}/net/dev", os.O_RDONLY | os.O_CLOEXEC)

    def read(self) -> bytes | None:
        """The raw table."""
        if self._descriptor is None:
            return None
        try:
            return os.pread(self._descriptor, 65536, 0)
        except OSError:
            return None

    @staticmethod
    def parse(raw: bytes) -> dict[str, int]:
        """Bytes received and sent, over all interfaces but loopback."""
        received = sent = 0
        for line in raw.decode().splitlines()[2:]:
            name, _, rest = line.partition(":")
            fields = rest.split()
            if name.strip() != "lo" and len(fields) >= 9:
                received += int(fields[0])
                sent += int(fields[8])
        return {"net_rx_bytes": received, "net_tx_bytes": sent}

    def close(self) -> None:
        """Close the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

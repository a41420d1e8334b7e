"""What only /proc knows of a container: its network counters and its waiting for a core."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from bench.sampling.cgroup import CgroupVersion, ContainerCgroup


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


class WaitingTime:
    """Nanoseconds that a container's threads were runnable and waited for a core.

    The kernel keeps it by thread (schedstat, Documentation/scheduler/sched-stats.rst); what a
    thread waited between the last look at it and its end is lost.
    """

    def __init__(self, cgroup: ContainerCgroup, proc: Path = Path("/proc")) -> None:
        version = cgroup.mounts.version
        name = "tasks" if version is CgroupVersion.V1 else "cgroup.threads"
        controller = "cpuacct" if version is CgroupVersion.V1 else "cpu"
        self._threads = cgroup.mounts.path(controller, cgroup.child) / name
        self._proc = proc
        self._last: dict[str, int] = {}
        self._total = 0

    @staticmethod
    def is_available(schedstat: Path = Path("/proc/self/schedstat")) -> bool:
        """Whether this kernel keeps the figure; where it does not, the file is all zeros."""
        try:
            fields = [int(field) for field in schedstat.read_text().split()]
        except (OSError, ValueError):
            return False
        return len(fields) == 3 and fields[0] > 0  # time on a core, which the reader has had

    def read_ns(self) -> int:
        """The total so far."""
        try:
            threads = self._threads.read_text().split()
        except OSError:
            return self._total
        current = {}
        for thread in threads:
            try:
                with open(f"{self._proc}/{thread}/schedstat", "rb", buffering=0) as file:  # noqa: PTH123 - hot path
                    waited = int(file.read(128).split()[1])
            except (OSError, IndexError, ValueError):
                continue
            current[thread] = waited
            self._total += max(0, waited - self._last.get(thread, 0))
        self._last = current
        return self._total

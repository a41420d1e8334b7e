"""The cgroup of a plain process, created below the one that bench has for the trial.

It is located where an engine would put that of a container, so that everything which reads counters
finds it there. Its name identifies the bench process that created it: cgroups left by a killed
bench can be told from those in use.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.cgroup.mounts import PARENT_NAME, CgroupMounts, CgroupVersion
from bench.core.errors import HostError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIX = "host-"
_PERIOD_US = 100_000
_PATIENCE_S = 30.0
_PAUSE_S = 0.005


def new_name() -> str:
    """A unique name for a cgroup of this bench."""
    return f"{_PREFIX}{os.getpid()}-{_birth(os.getpid())}-{secrets.token_hex(4)}"


def _birth(pid: int) -> str:
    """Start time of a process, in ticks since boot, which together with its pid identifies it."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]


class ProcessCgroup:
    """The cgroup of one plain process and all its descendants."""

    def __init__(self, mounts: CgroupMounts, path: str) -> None:
        """`path` is absolute in the cgroup tree, below a trial's own; nothing is created yet."""
        self._mounts = mounts
        self.path = path

    @property
    def _folders(self) -> list[Path]:
        """Its folders: one on v2, one for each hierarchy on v1."""
        return sorted(
            {self._mounts.path(controller, self.path) for controller in self._mounts.controllers}
        )

    def make(self, *, memory_bytes: int | None, cpus: float | None, pids: int | None) -> None:
        """Create it with these limits; no swap is allowed beyond the memory.

        Raises:
            HostError: the kernel refuses one of them.
        """
        try:
            for folder in self._folders:
                folder.mkdir(parents=True, exist_ok=True)
            for controller, name, value in self._limits(memory_bytes, cpus, pids):
                self._write(controller, name, value)
        except (OSError, KeyError) as error:
            raise HostError(
                f"cgroup {self.path}", f"cannot be made under its limits: {error}", "run as root"
            ) from error

    def _limits(
        self, memory_bytes: int | None, cpus: float | None, pids: int | None
    ) -> Iterator[tuple[str, str, str]]:
        is_v2 = self._mounts.version is CgroupVersion.V2
        if memory_bytes is not None:
            yield "memory", "memory.max" if is_v2 else "memory.limit_in_bytes", str(memory_bytes)
            swap = "memory.swap.max" if is_v2 else "memory.memsw.limit_in_bytes"
            if (self._mounts.path("memory", self.path) / swap).exists():  # a kernel with swap
                yield "memory", swap, "0" if is_v2 else str(memory_bytes)
        if cpus is not None:
            quota = round(cpus * _PERIOD_US)
            if is_v2:
                yield "cpu", "cpu.max", f"{quota} {_PERIOD_US}"
            else:
                yield "cpu", "cpu.cfs_period_us", str(_PERIOD_US)
                yield "cpu", "cpu.cfs_quota_us", str(quota)
        if pids is not None:
            yield "pids", "pids.max", str(pids)

    def _write(self, controller: str, name: str, value: str) -> None:
        (self._mounts.path(controller, self.path) / name).write_text(value)

    def take(self, pid: int) -> None:
        """Move a process into it; its earlier usage is not charged here.

        Raises:
            OSError: it has ended, or may not be moved.
        """
        for folder in self._folders:
            (folder / "cgroup.procs").write_text(str(pid))

    def processes(self) -> list[int]:
        """The processes in it; none if it does not exist."""
        with contextlib.suppress(OSError):
            text = (self._mounts.path("memory", self.path) / "cgroup.procs").read_text()
            return [int(pid) for pid in text.split()]
        return []

    def kill(self, patience_s: float = _PATIENCE_S) -> None:
        """Kill all processes in it, including any that they start in the meantime.

        Raises:
            HostError: a process cannot be killed, for example one in uninterruptible sleep.
        """
        deadline = time.monotonic() + patience_s
        while left := self.processes():
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if time.monotonic() > deadline:
                raise HostError(f"process {left[0]}", "does not end though it was killed")
            time.sleep(_PAUSE_S)

    def oom_kills(self) -> int:
        """Number of its processes that the kernel has killed for lack of memory."""
        is_v2 = self._mounts.version is CgroupVersion.V2
        name = "memory.events" if is_v2 else "memory.oom_control"
        with contextlib.suppress(OSError):
            for line in (self._mounts.path("memory", self.path) / name).read_text().splitlines():
                key, _, value = line.partition(" ")
                if key == "oom_kill":
                    return int(value)
        return 0

    def remove(self) -> None:
        """Remove it; it must be empty, and may be absent."""
        for folder in self._folders:
            with contextlib.suppress(OSError):
                folder.rmdir()


def abandoned(mounts: CgroupMounts) -> list[ProcessCgroup]:
    """The cgroups whose bench process no longer runs."""
    base = mounts.path("memory", PARENT_NAME)
    found = []
    for folder in sorted(base.glob(f"*/{_PREFIX}*")):
        _, pid, birth, _ = folder.name.split("-")
        if _birth(int(pid)) != birth:
            trial = folder.parent.name
            found.append(ProcessCgroup(mounts, f"/{PARENT_NAME}/{trial}/{folder.name}"))
    return found

"""Killing a command that was run in a container, which the Docker API cannot do."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

PROC = Path("/proc")


def kill_inside(pid: int, container_id: str, proc: Path = PROC) -> bool:
    """Kill the process `pid` with its group if it is in that container; returns whether it was.

    The engine may count processes in another PID namespace than bench: the cgroup shows whether
    the number refers to one of the container's processes here too.
    """
    if pid <= 1 or not _is_inside(pid, container_id, proc):
        return False
    with contextlib.suppress(OSError):  # it has ended, or belongs to somebody else
        if os.getpgid(pid) == pid:  # a runtime makes it the leader of a session
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)
        return True
    return False


def _is_inside(pid: int, container_id: str, proc: Path) -> bool:
    try:
        lines = (proc / str(pid) / "cgroup").read_text(errors="replace").splitlines()
    except OSError:
        return False
    return any(container_id in line.rpartition(":")[2] for line in lines)

"""Which runs are active on this host, to tell their resources from those left by dead runs.

A run binds a name in the kernel's table of abstract sockets. The kernel releases the name when the
process ends, however it ends, so that no stale file is left behind.
"""

from __future__ import annotations

import errno
import hashlib
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def alive(run_id: str) -> Iterator[None]:
    """Mark this process as the one that executes `run_id`, for all processes of this host.

    Raises:
        UsageError: another process executes it.
    """
    with socket.socket(socket.AF_UNIX) as name:
        if not _take(name, run_id):
            raise UsageError(run_id, "is being run by another process", "wait for its end")
        yield


def is_alive(run_id: str) -> bool:
    """Whether a process of this host executes `run_id` now."""
    with socket.socket(socket.AF_UNIX) as name:
        return not _take(name, run_id)


def _take(name: socket.socket, run_id: str) -> bool:
    """Bind the run's name; returns whether it was free. Socket names are short, so it is hashed."""
    digest = hashlib.sha256(run_id.encode()).hexdigest()
    try:
        name.bind(f"\0container-bench-{digest[:32]}")
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return False
    return True

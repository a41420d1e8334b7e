"""Which runs are alive on this host, so that what a dead one left can be told from theirs.

A run takes a name in the kernel's table of abstract sockets. The kernel takes the name back when
the process ends, however it ends: no file is left behind that would have to be doubted.
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
    """Count as the process that runs `run_id`, for every other process of this host.

    Raises:
        UsageError: another process runs it.
    """
    with socket.socket(socket.AF_UNIX) as name:
        if not _take(name, run_id):
            raise UsageError(run_id, "is being run by another process", "wait for its end")
        yield


def is_alive(run_id: str) -> bool:
    """Whether a process of this host runs `run_id` now."""
    with socket.socket(socket.AF_UNIX) as name:
        return not _take(name, run_id)


def _take(name: socket.socket, run_id: str) -> bool:
    """Take the run's name; whether it was free. Names are short, and those of runs need not be."""
    digest = hashlib.sha256(run_id.encode()).hexdigest()
    try:
        name.bind(f"\0container-bench-{digest[:32]}")
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return False
    return True

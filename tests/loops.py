"""Other work on this host, for the tests of what bench does about it."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def busy_loops(count: int) -> Iterator[tuple[int, ...]]:
    """So many programs that each keep a core busy; gives their process ids."""
    loops = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(count)]
    try:
        yield tuple(one.pid for one in loops)
    finally:
        for one in loops:
            one.kill()
            one.wait()

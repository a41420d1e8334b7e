"""The state of a container just before it is stopped, and how its processes ended."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import struct
from typing import TYPE_CHECKING

from bench.core.capability import Capability
from bench.core.stop_signal import DEFAULT_SIGNAL, signal_number
from bench.journal.facts.behaviour import Killed, Standing, Unseen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.core.capability import Capabilities
    from bench.journal.facts.behaviour import Disposition
    from bench.observe.process_table import Process

_MOST_NAMED = 20
_MOST_WATCHED = 100
"""Processes of a container; each takes one of the open files, of which many hosts allow 1024."""

_LONGEST_COMMAND = 300
_EXIT_INFO = 1 << 3
_INFO_BYTES = 64
_EXIT_CODE_AT = 60
# _IOWR(0xFF, 11, struct pidfd_info): include/uapi/linux/pidfd.h
_GET_INFO = 3 << 30 | _INFO_BYTES << 16 | 0xFF << 8 | 11


def standing_fact(
    capabilities: Capabilities,
    table: Sequence[Process],
    stop_signal: str,
    hide: Callable[[str], str],
) -> Standing | Unseen:
    """The fact recorded about process 1: its state, or why it is not visible.

    Args:
        capabilities: of its runtime.
        table: its processes, as far as they could be read.
        stop_signal: of the container; empty for the default.
        hide: removes secrets from command lines.
    """
    why_not = capabilities.why_not(Capability.OWN_PROCESSES, Capability.LOCAL)
    if why_not:
        return Unseen(why_not)
    if not table:
        return Unseen("its processes cannot be seen from here")
    return standing(table, stop_signal or DEFAULT_SIGNAL, hide)


def standing(table: Sequence[Process], stop_signal: str, hide: Callable[[str], str]) -> Standing:
    """Process 1, how it handles the stop signal, and the processes below it.

    Args:
        table: of the container, process 1 first.
        stop_signal: the signal that will be sent.
        hide: removes secrets from command lines.
    """
    first, below = table[0], table[1:]
    chain = _chain(table)
    disposition: Disposition | None = None
    with contextlib.suppress(ValueError):
        disposition = first.signals.of(signal_number(stop_signal))
    return Standing(
        signal=stop_signal,
        disposition=disposition,
        command=hide(" ".join(first.command))[:_LONGEST_COMMAND],
        chain=tuple(process.name for process in chain),
        shell=any(process.is_shell for process in chain[:-1]),
        init=any(process.is_init for process in chain[:-1]),
        children=tuple(process.name for process in below if not process.is_zombie)[:_MOST_NAMED],
        zombies=sum(process.is_zombie for process in below),
    )


def _chain(table: Sequence[Process]) -> list[Process]:
    chain = [table[0]]
    while chain[-1].is_shell or chain[-1].is_init:
        below = [
            process
            for process in table
            if process.parent == chain[-1].pid and not process.is_zombie
        ]
        if not below:
            break
        chain.append(below[0])
    return chain


class Endings:
    """Watches how the processes below process 1 end.

    When process 1 exits, the kernel kills the rest of the container. Which processes those were can
    be read after their end from a pidfd opened before, from Linux 6.15 on; a process killed by
    process 1 itself looks the same. Processes forked after the watch began are missed, and of very
    many processes only the first are watched.
    """

    def __init__(self, processes: Sequence[Process]) -> None:
        """Start watching those of `processes` that are alive."""
        self._watched: list[tuple[Process, int]] = []
        for process in processes:
            if not process.is_zombie and len(self._watched) < _MOST_WATCHED:
                with contextlib.suppress(OSError):
                    self._watched.append((process, os.pidfd_open(process.pid)))

    def killed(self) -> list[Killed] | None:
        """Processes ended by SIGKILL; None if the kernel does not report it. Ends the watch.

        Call it once process 1 has exited, since all others have ended then.
        """
        killed: list[Killed] | None = []
        for process, descriptor in self._watched:
            status = _wait_status(descriptor)
            os.close(descriptor)
            if status is None:
                killed = None
            elif killed is not None and os.WIFSIGNALED(status):
                own = Killed(process.inner_pid, process.name)
                killed += [own] if os.WTERMSIG(status) == signal.SIGKILL else []
        self._watched = []
        return killed

    def close(self) -> None:
        """End the watch without a result."""
        for _, descriptor in self._watched:
            os.close(descriptor)
        self._watched = []


def _wait_status(pidfd: int) -> int | None:
    """How a reaped process ended, as `wait` would have reported it."""
    info = bytearray(_INFO_BYTES)
    struct.pack_into("=Q", info, 0, _EXIT_INFO)
    try:
        fcntl.ioctl(pidfd, _GET_INFO, info)
    except OSError:
        return None
    (mask,) = struct.unpack_from("=Q", info, 0)
    if not mask & _EXIT_INFO:
        return None
    (status,) = struct.unpack_from("=i", info, _EXIT_CODE_AT)
    return int(status)

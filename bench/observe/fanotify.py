"""The files that are opened on a file system, as the kernel reports them: fanotify(7)."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import struct
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLOEXEC, _NONBLOCK = 0x1, 0x2
_UNLIMITED_QUEUE, _UNLIMITED_MARKS = 0x10, 0x20
_MARK_ADD, _MARK_FILESYSTEM = 0x1, 0x100
_OPEN = 0x20
_AT_FDCWD = -100
_EVENT = struct.Struct("=IBBHQii")
_BUFFER_BYTES = 64 * _EVENT.size
"""The kernel opens a file for each event that fits: more at once might be too many."""
_NO_FILE = -1


@dataclass(frozen=True)
class OpenEvent:
    """A file was opened.

    Attributes:
        path: as this process would name it, or within its mount if it cannot reach that.
        pid: of the process that opened it.
    """

    path: str
    pid: int


class OpenEvents:
    """The files that are opened on a file system; Linux 4.20 or newer, with CAP_SYS_ADMIN."""

    def __init__(self) -> None:
        """Listen to nothing yet.

        Raises:
            OSError: this process may not listen, or the kernel cannot report.
        """
        libc = _libc()
        flags = _CLOEXEC | _NONBLOCK | _UNLIMITED_QUEUE | _UNLIMITED_MARKS
        # events hold an open file: one that never blocks, whatever was opened
        self._fd: int = libc.fanotify_init(flags, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        if self._fd < 0:
            raise _error()

    def fileno(self) -> int:
        """To wait for events by."""
        return self._fd

    def add(self, mount: Path) -> None:
        """Report what is opened from now on, on any mount of the file system at `mount`.

        Raises:
            OSError: it cannot be watched.
        """
        flags = _MARK_ADD | _MARK_FILESYSTEM
        if _libc().fanotify_mark(self._fd, flags, _OPEN, _AT_FDCWD, os.fsencode(mount)):
            raise _error()

    def read(self) -> Iterator[OpenEvent]:
        """The events that have not been read so far; waits for none."""
        while True:
            try:
                data = os.read(self._fd, _BUFFER_BYTES)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in (errno.EACCES, errno.EPERM, errno.ENXIO, errno.ETXTBSY):
                    continue  # a file that even its listener may not open: that event is lost
                raise
            yield from _events(data)

    def close(self) -> None:
        """Listen no longer."""
        os.close(self._fd)


def _events(data: bytes) -> list[OpenEvent]:
    """The events in `data`, whose files are closed whatever happens."""
    found = [(fd, pid) for _, _, _, _, _, fd, pid in _EVENT.iter_unpack(data) if fd != _NO_FILE]
    events = []
    try:
        for fd, pid in found:
            with contextlib.suppress(OSError):  # a path may be too long to be told
                path = str(Path(f"/proc/self/fd/{fd}").readlink())
                events.append(OpenEvent(path.removesuffix(" (deleted)"), pid))
    finally:
        for fd, _ in found:
            with contextlib.suppress(OSError):
                os.close(fd)
    return events


@cache
def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.fanotify_mark.argtypes = (
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.c_uint64,
        ctypes.c_int,
        ctypes.c_char_p,
    )
    return libc


def _error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))

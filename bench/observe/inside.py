"""Opening a path as a container sees it, from outside of it.

The kernel would follow an absolute symbolic link in the container, such as /var/run -> /run, from
this host's own root: each part of the path is opened by itself here, and links are followed from
the container's root.
"""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from pathlib import Path

_MOST_LINKS = 40
_FLAGS = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC


def open_inside(pid: int, path: str) -> int:
    """A descriptor that stands for `path` in the root of process `pid`; it can only be referred to.

    Raises:
        PermissionError: bench may not look into that process's root.
        OSError: there is no such path, or no such process.
    """
    return open_below(Path(f"/proc/{pid}/root"), path)


def open_below(root: Path, path: str) -> int:
    """The same, with `root` for the root."""
    opened = [os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)]
    try:
        parts, links = deque(path.split("/")), 0
        while parts:
            name = parts.popleft()
            if name in ("", "."):
                continue
            if name == "..":
                if len(opened) > 1:
                    os.close(opened.pop())
                continue
            found = os.open(name, _FLAGS, dir_fd=opened[-1])
            if not stat.S_ISLNK(os.fstat(found).st_mode):
                opened.append(found)
                continue
            try:
                target = os.readlink("", dir_fd=found)
            finally:
                os.close(found)
            links += 1
            if links > _MOST_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
            if target.startswith("/"):
                while len(opened) > 1:
                    os.close(opened.pop())
            parts.extendleft(reversed(target.split("/")))
        return opened.pop()
    finally:
        for descriptor in opened:
            os.close(descriptor)

"""The registry's access log: the proof of what a pull has fetched.

The log is in Apache's combined form. A line is written when its response ends, with the number of
bytes sent, so that an aborted download shows how far it got.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_BLOB_SERVED = re.compile(
    rb'"GET /v2/(?P<repository>[^ "]+)/blobs/(?P<digest>[a-z0-9]+:[0-9a-f]+) HTTP/[0-9.]+" '
    rb"(?:200|206) (?P<size>\d+) "
)


@dataclass(frozen=True)
class Served:
    """How often a blob was served, and the total number of bytes."""

    requests: int
    size_bytes: int


class AccessLog:
    """The access log of a registry."""

    def __init__(self, path: Path) -> None:
        """The log that the registry writes to `path`."""
        self._path = path

    def mark(self) -> int | None:
        """The current end of the log; None if it cannot be read."""
        try:
            return self._path.stat().st_size
        except OSError:
            return None

    def served(self, repository: str, since: int | None) -> Mapping[str, Served] | None:
        """Blobs of `repository` served since a `mark`, by digest.

        Returns:
            None if the log cannot be read, or is not the one that was marked.
        """
        if since is None:
            return None
        try:
            with self._path.open("rb") as file:
                if file.seek(0, 2) < since:
                    return None
                file.seek(since)
                lines = file.read()
        except OSError:
            return None
        found: dict[str, Served] = {}
        for match in _BLOB_SERVED.finditer(lines):
            if match["repository"].decode() == repository:
                digest = match["digest"].decode()
                before = found.get(digest, Served(0, 0))
                found[digest] = Served(before.requests + 1, before.size_bytes + int(match["size"]))
        return found

"""The lines of a journal: each has a number and a checksum, and follows from the line before.

A line is the JSON of an event with `seq` (0 in the first line, one more in each) at its front and
`crc` at its end: the CRC-32 of everything before `crc` in this line and in all lines before it, in
eight hexadecimal digits. A line that was changed, lost, duplicated or moved does not match, and is
refused. A kill leaves an incomplete line: at the end of the file it is skipped, and elsewhere it is
allowed only if `run_resumed` follows, which continues from the last complete line.

Journals of version 1 have neither: there an unreadable line is skipped, and a missing one cannot be
noticed.

A journal may come from an untrusted source: it must be a regular file, and its size, its lines and
the depth of their JSON are bounded.
"""

from __future__ import annotations

import json
import os
import re
import stat
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from pydantic_core import from_json

from bench.core.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONGEST_LINE = 16 * 2**20
"""Bytes of a line."""

LARGEST_JOURNAL = 2**30
"""Bytes of a journal."""

MOST_LINES = 1_000_000
"""Lines of a journal: a trial has about 15, and two a second."""

DEEPEST = 64
"""Deepest nesting of lists and mappings."""

_BUFFER = 2**20
"""Bytes that are read at once: lines of samples are longer than Python's own buffer."""

_AFTER_A_KILL = ("run_resumed", "baseline_compared")
"""Events that may follow the incomplete line of a killed writer."""

_SEALED = re.compile(rb'\{"seq":(0|[1-9][0-9]{0,17}),(.*),"crc":"([0-9a-f]{8})"\}', re.DOTALL)
_ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_DAMAGED = "the file was changed or is not whole: copy it again from where the run was made"


@dataclass(frozen=True)
class JournalPosition:
    """A position in a journal: the next line's number, and the checksum of all lines before it."""

    seq: int = 0
    crc: int = 0

    def seal(self, text: str) -> tuple[bytes, JournalPosition]:
        """The line for an event, given as a JSON object, and the position after it."""
        body = f'{{"seq":{self.seq},{text[1:-1]}'.encode()
        crc = zlib.crc32(body, self.crc)
        return b'%b,"crc":"%08x"}\n' % (body, crc), JournalPosition(self.seq + 1, crc)


class Lines:
    """The lines of the journal at `path`, as they are read.

    Attributes:
        sealed: whether they have numbers and checksums; False for version 1.
        end: the position after the last complete line that was read.
        size: number of bytes read.
        is_open: whether the last line read lacks its line end.
        passed_over: numbers of the unreadable lines, from 1; for version 1 only.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._number = 0
        self._torn = 0
        self._seen = False
        self.sealed = True
        self.end = JournalPosition()
        self.size = 0
        self.is_open = False
        self.passed_over: list[int] = []
        self._line = b""

    @property
    def is_plain(self) -> bool:
        """Whether the last line read is printable ASCII, with nothing to clean."""
        line = self._line
        return line.isascii() and b"\\" not in line and b"\x7f" not in line

    def events(self) -> Iterator[dict[str, Any]]:
        """The events, without `seq` and `crc`; events that were already read are not read again.

        Raises:
            StoreError: no such file, no line of it is an event, a line does not match, or
                it exceeds the bounds.
        """
        with open_plain(self._path, _BUFFER) as file:
            for line in self._split(file):
                match = _SEALED.fullmatch(line)
                if self._number == 1 and match is None:
                    self.sealed = False
                if self.sealed and match is None:
                    self._torn = self._torn or self._number
                    continue
                event = _event(line)
                if match is not None:
                    self._check(match)
                    if self._torn and (event is None or event["event"] not in _AFTER_A_KILL):
                        self._refuse(self._torn, "is not whole")
                    self._torn = 0
                if event is not None:
                    self._seen = True
                    yield event
                elif self.sealed:
                    self._refuse(self._number, "is no event")
                else:
                    self.passed_over.append(self._number)
        if not self._seen:
            raise StoreError(str(self._path), "is not a journal of bench", "point to a run folder")

    def _split(self, file: IO[bytes]) -> Iterator[bytes]:
        """Each line, without its end."""
        size = os.fstat(file.fileno()).st_size
        if size > LARGEST_JOURNAL:
            self._too_much(f"has {size} bytes, and at most {LARGEST_JOURNAL} are read")
        file.seek(self.size)
        while line := file.readline(LONGEST_LINE + 1):
            self._number += 1
            if self._number > MOST_LINES:
                self._too_much(f"has more than {MOST_LINES} lines")
            if len(line) > LONGEST_LINE:
                self._too_much(f"line {self._number} is longer than {LONGEST_LINE} bytes")
            self.size += len(line)
            self.is_open = not line.endswith(b"\n")
            self._line = line.removesuffix(b"\n")
            yield self._line

    def _check(self, match: re.Match[bytes]) -> None:
        """Refuse a line that does not follow from the previous one."""
        if not self.sealed:
            self._refuse(self._number, "has a checksum and those before it have none")
        seq, due = int(match[1]), self.end.seq
        crc = zlib.crc32(match.string[: match.end(2)], self.end.crc)
        if seq > due:
            what = f"follows lines that are missing: it is number {seq}, and {due} is due"
            self._refuse(self._number, what)
        if seq < due:
            what = f"is there twice or was moved: it is number {seq}, and {due} is due"
            self._refuse(self._number, what)
        if crc != int(match[3], 16):
            self._refuse(self._number, "was changed: its checksum does not fit")
        self.end = JournalPosition(seq + 1, crc)

    def _refuse(self, number: int, what: str) -> None:
        raise StoreError(str(self._path), f"line {number} {what}", _DAMAGED)

    def _too_much(self, what: str) -> None:
        raise StoreError(str(self._path), what, "bench writes no such journal: do not trust it")


def open_plain(path: Path, buffer: int = -1) -> IO[bytes]:
    """Open a file of a run folder for reading, without following links or waiting for pipes.

    Args:
        path: the file.
        buffer: buffer size in bytes; -1 for Python's default.

    Raises:
        StoreError: it does not exist, or is not a regular file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if path.is_symlink():
            raise _not_plain(path) from error
        raise StoreError(
            str(path), f"cannot be read: {error.strerror}", "`bench list` shows the runs there are"
        ) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _not_plain(path)
    return os.fdopen(descriptor, "rb", buffering=buffer)


def _not_plain(path: Path) -> StoreError:
    return StoreError(
        str(path), "is no plain file", "what bench reads of a run lies in its folder itself"
    )


def _event(line: bytes) -> dict[str, Any] | None:
    """The event in a line, without its seal; None if it is not one."""
    try:
        if _too_deep(line):
            return None
        event = _decoded(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or not isinstance(event.get("event"), str):
        return None
    event.pop("seq", None)
    event.pop("crc", None)
    return event


def _decoded(line: bytes) -> Any:
    """The JSON of a line, by pydantic's parser, which takes less than half the time.

    That parser refuses escapes of single surrogates, which Python's own accepts.
    """
    try:
        return from_json(line, allow_inf_nan=False)
    except ValueError:
        return _DECODER.decode(line.decode())


def _not_a_number(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_not_a_number)


def _too_deep(line: bytes) -> bool:
    """Whether lists and mappings are nested deeper than `DEEPEST`."""
    brackets = line.translate(None, _ALL_BUT_BRACKETS)
    if len(brackets) <= 2 * DEEPEST:
        return False
    depth = deepest = 0
    for bracket in brackets:
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    if deepest <= DEEPEST:
        return False
    # text may hold brackets too: look again without it
    return deepest > DEEPEST and _depth_without_text(line) > DEEPEST


def _depth_without_text(line: bytes) -> int:
    depth = deepest = 0
    for bracket in re.sub(rb'"(?:[^"\\]|\\.)*"', b"", line).translate(None, _ALL_BUT_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest

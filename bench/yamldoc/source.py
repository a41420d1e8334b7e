"""The text that a scenario, or a part of it, was written in, and places in that text."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from bench.core.errors import Diagnostic, ScenarioError

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_FILE_BYTES = 8 * 2**20
LONGEST_LINE = 20_000
MOST_LINES = 200_000
_YAML = (".yaml", ".yml")
_MOST_NAMED = 5
"""Files that are named in the place of one that is not there."""

_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


@dataclass(frozen=True)
class Source:
    """A text and what to call it in messages.

    Attributes:
        name: the path as the user gave it, or `--set`.
        text: all of it, without a byte order mark.
    """

    name: str
    text: str = field(repr=False)

    @cached_property
    def lines(self) -> list[str]:
        """The lines, without their ends, counted as YAML counts them."""
        return _LINE_END.split(self.text)

    def at(self, line: int, col: int) -> Place:
        """The place in this text with the 1-based `line` and `col`."""
        return Place(self, line, col)


@dataclass(frozen=True)
class Place:
    """Where something stands; `line` and `col` count from 1."""

    source: Source
    line: int
    col: int

    def find(self, text: str) -> Place:
        """The next place, from here on, where `text` stands; this one where it does not."""
        lines = self.source.lines
        for line in range(self.line, len(lines) + 1):
            start = self.col - 1 if line == self.line else 0
            index = lines[line - 1].find(text, start)
            if index >= 0:
                return Place(self.source, line, index + 1)
        return self

    def diagnostic(self, message: str, suggestion: str = "") -> Diagnostic:
        """A complaint about what stands here."""
        lines = self.source.lines
        text = lines[self.line - 1] if self.line <= len(lines) else ""
        return Diagnostic(
            file=self.source.name,
            line=self.line,
            col=self.col,
            message=message,
            suggestion=suggestion,
            source_line=text,
        )


def read_source(path: Path) -> Source:
    """The text of the file at `path`.

    Raises:
        ScenarioError: no such file, not readable, too large, or not UTF-8 text.
    """
    return decode(_read_bytes(path), str(path))


def decode(data: bytes, name: str) -> Source:
    """The text in `data`, which must be UTF-8 without control characters.

    Raises:
        ScenarioError: larger than a scenario can be, or not text.
    """
    if len(data) > LARGEST_FILE_BYTES:
        raise _unreadable(
            name,
            f"larger than {LARGEST_FILE_BYTES // 2**20} MiB",
            "a scenario is a short text; is this one?",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig", "replace")
        place = _end_of(Source(name, before))
        fault = f"not UTF-8 text (byte 0x{data[error.start]:02x})"
        suggestion = "save the file as UTF-8"
        raise ScenarioError([place.diagnostic(fault, suggestion)]) from None
    source = Source(name, text)
    if "\0" in text:
        place = _end_of(Source(name, text[: text.index("\0")]))
        raise ScenarioError([place.diagnostic("a NUL byte: this is not a text file")])
    if len(source.lines) > MOST_LINES:
        place = Source(name, "").at(MOST_LINES + 1, 1)
        raise ScenarioError([place.diagnostic(f"more than {MOST_LINES} lines")])
    for number, line in enumerate(source.lines, start=1):
        if len(line) > LONGEST_LINE:
            place = Source(name, "").at(number, LONGEST_LINE + 1)
            fault = f"a line of more than {LONGEST_LINE} characters"
            raise ScenarioError([place.diagnostic(fault, "break the line")])
    return source


def _end_of(source: Source) -> Place:
    return source.at(len(source.lines), len(source.lines[-1]) + 1)


def _read_bytes(path: Path) -> bytes:
    name = str(path)
    try:
        if path.is_dir():
            raise _unreadable(name, "a folder, not a file", "name the files in it")
        # Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            os.set_blocking(file.fileno(), True)
            return file.read(LARGEST_FILE_BYTES + 1)
    except FileNotFoundError:
        raise _unreadable(name, "no such file", _near_file(path)) from None
    except ValueError as error:
        raise _unreadable(name.replace("\0", "?"), f"cannot be read: {error}") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise _unreadable(name, f"cannot be read: {reason.lower()}") from None


def _near_file(path: Path) -> str:
    from bench.yamldoc.suggest import nearest

    try:
        siblings = [sibling.name for sibling in path.parent.iterdir()]
    except OSError:
        return f"there is no folder {path.parent}"
    near = nearest(path.name, siblings)
    return f"did you mean `{near}`?" if near else _files_of_its_kind(path, siblings)


def _files_of_its_kind(path: Path, siblings: list[str]) -> str:
    if path.suffix not in _YAML:
        return ""
    found = sorted(
        sibling for sibling in siblings if sibling.endswith(_YAML) and not sibling.startswith(".")
    )
    place = "this folder" if str(path.parent) == "." else str(path.parent)
    if not found:
        return f"there is no YAML file in {place}"
    more = ", …" if len(found) > _MOST_NAMED else ""
    return f"in {place} there are {', '.join(found[:_MOST_NAMED])}{more}"


def _unreadable(name: str, message: str, suggestion: str = "") -> ScenarioError:
    return ScenarioError([Source(name, "").at(1, 1).diagnostic(message, suggestion)])

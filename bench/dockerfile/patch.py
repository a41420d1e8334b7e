"""A unified diff applied to a Dockerfile: exact lines at the stated place, or not at all."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_LINE_END = re.compile(r"\r?\n")
_NO_NEWLINE = "\\"


class PatchError(ValueError):
    """A diff that cannot be read, or does not fit; `line` counts the lines of the diff."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class _Hunk:
    """One hunk.

    Attributes:
        header: its first line.
        line: number of that line in the diff.
        start: index of the first line it replaces.
        before, after: the lines it stands on, and those it leaves.
        ends_before, ends_after: whether the last of them has a line end.
    """

    header: str
    line: int
    start: int
    before: tuple[str, ...]
    after: tuple[str, ...]
    ends_before: bool
    ends_after: bool


def apply_patch(text: str, diff: str) -> str:
    """`text` as the unified diff `diff` changes it.

    Every hunk must stand at the line that it states, and its context must be the same to the
    letter. How lines end is not compared: those that are added end as the first line of `text`.

    Raises:
        PatchError: the diff is none, is about several files, or does not apply.
    """
    lines = _LINE_END.split(text)
    ended = lines[-1] == ""
    lines = lines[:-1] if ended else lines
    newline = "\r\n" if "\r\n" in text[: text.find("\n") + 1] else "\n"
    made: list[str] = []
    position = 0
    for hunk in _hunks(diff):
        end = hunk.start + len(hunk.before)
        if hunk.start < position:
            raise PatchError(f"hunk {hunk.header} overlaps the one before it", hunk.line)
        _refuse_other_lines(hunk, lines)
        is_last = end == len(lines)
        if hunk.before and not hunk.ends_before and not is_last:
            raise PatchError(f"hunk {hunk.header} has the end of the file elsewhere", hunk.line)
        made += lines[position : hunk.start]
        made += hunk.after
        position = end
        if is_last:
            if hunk.before and ended is not hunk.ends_before:
                which = "has" if ended else "has no"
                raise PatchError(
                    f"hunk {hunk.header}: the file {which} newline at its end", hunk.line
                )
            ended = hunk.ends_after if hunk.after else True
    made += lines[position:]
    return newline.join(made) + (newline if ended and made else "")


def _refuse_other_lines(hunk: _Hunk, lines: list[str]) -> None:
    found = tuple(lines[hunk.start : hunk.start + len(hunk.before)])
    if found == hunk.before and hunk.start <= len(lines):
        return
    for offset, wanted in enumerate(hunk.before):
        number = hunk.start + offset + 1
        there = lines[number - 1] if number <= len(lines) else None
        if there != wanted:
            has = "ends before it" if there is None else f"has {there!r}"
            cause = f"hunk {hunk.header} wants {wanted!r} at line {number}, and the file {has}"
            raise PatchError(cause, hunk.line)
    raise PatchError(f"hunk {hunk.header} begins after the end of the file", hunk.line)


def _hunks(diff: str) -> list[_Hunk]:
    lines = _LINE_END.split(diff.removesuffix("\n").removesuffix("\r"))
    found: list[_Hunk] = []
    index = 0
    while index < len(lines):
        line = lines[index]
        if line.startswith("@@"):
            hunk, index = _hunk(lines, index)
            found.append(hunk)
            continue
        if found and line.startswith(("--- ", "diff ")):
            raise PatchError("changes more than one file", index + 1)
        if found and line.strip():
            raise PatchError(f"{line!r} stands outside of a hunk", index + 1)
        index += 1
    if not found:
        raise PatchError("has no hunk, a line that begins with @@")
    return found


def _hunk(lines: list[str], index: int) -> tuple[_Hunk, int]:
    """The hunk whose header is at `index`, and the index after its last line."""
    header, first = lines[index], index + 1
    match = _HUNK.match(header)
    if match is None:
        raise PatchError(f"{header!r} is no header of a hunk", first)
    start = int(match[1])
    old_count, new_count = (1 if count is None else int(count) for count in (match[2], match[4]))
    before: list[str] = []
    after: list[str] = []
    ends_before = ends_after = True
    sign = ""
    index += 1
    while index < len(lines):
        line = lines[index]
        is_full = len(before) == old_count and len(after) == new_count
        if line.startswith(_NO_NEWLINE):
            ends_before = ends_before and sign == "+"
            ends_after = ends_after and sign == "-"
        elif is_full:
            break
        else:
            sign = line[:1] or " "  # editors take away the blank of an empty line
            if sign not in " +-":
                raise PatchError(f"{line!r} in hunk {header} begins with no sign", index + 1)
            if sign != "+":
                before.append(line[1:])
            if sign != "-":
                after.append(line[1:])
        index += 1
    if len(before) != old_count or len(after) != new_count:
        raise PatchError(f"hunk {header} has not as many lines as it says", first)
    # Without lines before, the number is that of the line after which the others are put in.
    at = start if old_count == 0 else start - 1
    short = header[: match.end()]
    return _Hunk(short, first, at, tuple(before), tuple(after), ends_before, ends_after), index

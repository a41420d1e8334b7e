"""Changes at exact places of a Dockerfile's text; every other byte stays as it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.dockerfile.lint.dockerfile import Dockerfile, json_words
from bench.dockerfile.lint.shell import ShellCommand, is_shell, shell_commands

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.dockerfile.instructions import Instruction


@dataclass(frozen=True)
class Edit:
    """A stretch of a text, and what comes in its place."""

    start: int
    end: int
    text: str = ""


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text with changes that do not overlap; of several at one place the first comes first."""
    out, at = "", 0
    for edit in sorted(edits, key=lambda edit: edit.start):
        out += text[at : edit.start] + edit.text
        at = edit.end
    return out + text[at:]


def newline_of(text: str) -> str:
    """What ends the lines of a text."""
    return "\r\n" if "\r\n" in text else "\n"


def line_start(text: str, line: int) -> int:
    """Where a line begins, by its number from 1 on; the end of the text for one after the last."""
    at = 0
    for _ in range(line - 1):
        found = text.find("\n", at)
        if found < 0:
            return len(text)
        at = found + 1
    return at + text.startswith("\ufeff", at)


def span(text: str, instruction: Instruction) -> tuple[int, int]:
    """Where an instruction begins and ends, without what ends its last line."""
    start = line_start(text, instruction.line)
    end = line_start(text, instruction.last_line + 1)
    return start, start + len(text[start:end].rstrip("\r\n"))


def inserted_before(text: str, line: int, new: Iterable[str]) -> Edit:
    """New lines ahead of one that is there, or at the end of the text."""
    at, ending = line_start(text, line), newline_of(text)
    if at == len(text) and not text.endswith("\n"):
        return Edit(at, at, "".join(f"{ending}{one}" for one in new))
    return Edit(at, at, "".join(f"{one}{ending}" for one in new))


def head_line(text: str, instruction: Instruction) -> int:
    """The first line of the comments that stand right above an instruction; its own without any."""
    lines = text.split("\n")
    line = instruction.line
    while line > 1 and lines[line - 2].lstrip().startswith("#"):
        line -= 1
    return line


def inserted_after(text: str, instruction: Instruction, new: Iterable[str]) -> Edit:
    """New lines after an instruction."""
    _, at = span(text, instruction)
    ending = newline_of(text)
    return Edit(at, at, "".join(f"{ending}{one}" for one in new))


def removed(text: str, first: int, last: int) -> Edit:
    """Lines that are taken out, by the numbers of the first and the last."""
    return Edit(line_start(text, first), line_start(text, last + 1))


def masked(file: Dockerfile, instruction: Instruction) -> tuple[int, str]:
    """Where an instruction begins, and its arguments, each at its place in the text.

    All else (keyword, flags, continuation marks, comments, ends of lines) is blanks, so that a
    place in the result is a place in the text.
    """
    start, end = span(file.text, instruction)
    escape = re.escape(file.lexer.escape)
    goes_on = re.compile(rf"(?<!{escape}){escape}[ \t]*$")
    out = ""
    for number, line in enumerate(file.text[start:end].split("\n")):
        bare = line.rstrip("\r")
        if number and bare.lstrip().startswith("#"):
            bare = ""
        bare = goes_on.sub("", bare)
        out += (" " if number else "") + bare.ljust(len(line))
    at = re.match(r"\s*\S+\s*", out)
    skip = at.end() if at else 0
    for word in instruction.flags:
        found = out.find(word, skip)
        skip = found + len(word) if found >= 0 else skip
    return start, " " * skip + out[skip:]


def has_posix_shell(file: Dockerfile) -> bool:
    """Whether shell forms are run by a shell that reads commands as `sh` does, and no profile."""
    for instruction in file.instructions:
        if instruction.keyword == "SHELL":
            words = json_words(instruction.rest) or [""]
            if not is_shell(words[0]) or any("l" in it for it in words[1:] if it[:1] == "-"):
                return False
    return True


def located(file: Dockerfile, instruction: Instruction) -> list[tuple[ShellCommand, int]]:
    """The commands of a shell form, each with the place from which its own places count.

    Empty where they are not written in a way in which each can be found again: as JSON, in a
    heredoc, for another shell, or with a word that goes on after a continuation mark.
    """
    if instruction.has_heredocs or not has_posix_shell(file) or json_words(instruction.rest):
        return []
    start, script = masked(file, instruction)
    found = shell_commands(script)
    if found != shell_commands(instruction.rest):
        return []
    return [(command, start) for command in found]

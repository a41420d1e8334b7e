"""A Dockerfile's instructions and parser directives, as BuildKit reads them.

Nothing here fails: what can be read of a text that no builder takes is read.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bench.dockerfile.words import Lexer, WordError

if TYPE_CHECKING:
    from collections.abc import Iterator

_DIRECTIVE = re.compile(r"^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$")
_HEREDOC = re.compile(r"^\d*<<(-?)([^<]+)$")
_WITH_HEREDOCS = ("ADD", "COPY", "RUN")


@dataclass(frozen=True)
class Instruction:
    """One instruction with its continuation lines joined, and without the text of its heredocs.

    Attributes:
        keyword: in capitals.
        flags: those between the keyword and the arguments, such as `--from=build`.
        rest: the arguments as they stand.
        line: number of its first line, from 1 on.
        last_line: number of its last line, that of its heredocs included.
        comments: those since the instruction before it, and among its own lines, each with the
            number of its line.
        heredocs: the texts of its heredocs, in order.
        open_heredoc: the line that would have to end its last heredoc, where the file ends first.
    """

    keyword: str
    flags: tuple[str, ...]
    rest: str
    line: int = 0
    last_line: int = 0
    comments: tuple[tuple[int, str], ...] = ()
    heredocs: tuple[str, ...] = ()
    open_heredoc: str = ""

    @property
    def has_heredocs(self) -> bool:
        """Whether text for it stands on the lines after it."""
        return bool(list(_heredocs(self)))

    @property
    def triggered(self) -> Instruction:
        """The instruction itself; of ONBUILD, the one that it triggers later."""
        if self.keyword != "ONBUILD":
            return self
        inner = _instruction(self.rest, Lexer(), self.line)
        return replace(
            inner,
            last_line=self.last_line,
            comments=self.comments,
            heredocs=self.heredocs,
            open_heredoc=self.open_heredoc,
        ).triggered


def instructions(text: str) -> Iterator[Instruction]:
    """The instructions of a Dockerfile."""
    lines = [line.rstrip("\r") for line in text.removeprefix("\ufeff").split("\n")]
    escape = "`" if directives(text).get("escape") == "`" else "\\"
    lexer = Lexer(escape)
    goes_on = re.compile(rf"(?<!{re.escape(escape)}){re.escape(escape)}[ \t]*$")
    at = 0
    earlier: list[tuple[int, str]] = []
    while at < len(lines):
        joined, ended, first, comments = "", False, 0, []
        while at < len(lines) and not ended:
            line, at = lines[at], at + 1
            if line.lstrip().startswith("#"):
                comments.append((at, line.strip()))
                continue
            if joined and not line.strip():
                continue
            line, first = (line, first) if joined else (line.lstrip(), at)
            ended = goes_on.search(line) is None
            joined += goes_on.sub("", line)
        if not joined.strip():
            earlier += comments
            continue
        instruction = _instruction(joined, lexer, first)
        heredocs, missing = [], ""
        for ending, is_indented in _heredocs(instruction):
            inside = []
            while at < len(lines):
                line, at = lines[at], at + 1
                bare = line.lstrip("\t") if is_indented else line
                if bare == ending:
                    break
                inside.append(bare)
            else:
                missing = ending
            heredocs.append("\n".join(inside))
        yield replace(
            instruction,
            last_line=at,
            comments=(*earlier, *comments),
            heredocs=tuple(heredocs),
            open_heredoc=missing,
        )
        earlier = []


def directives(text: str) -> dict[str, str]:
    """`# syntax=…` and its kin: comments ahead of everything else, even of blank lines."""
    found: dict[str, str] = {}
    for line in text.removeprefix("\ufeff").split("\n"):
        directive = _DIRECTIVE.match(line)
        if not directive:
            break
        found.setdefault(directive[1].lower(), directive[2])
    return found


def _instruction(line: str, lexer: Lexer, number: int) -> Instruction:
    keyword, _, rest = line.strip().replace("\t", " ").partition(" ")
    rest = line.strip()[len(keyword) :].lstrip()
    flags = []
    for word in lexer.split(rest):
        if not word.startswith("--"):
            break
        flags.append(word)
        rest = rest[len(word) :].lstrip()
        if word == "--":
            break
    return Instruction(keyword.upper(), tuple(flags), rest, number)


def _heredocs(instruction: Instruction) -> Iterator[tuple[str, bool]]:
    """The lines that end the heredocs of an instruction, and whether tabs may stand before."""
    instruction = instruction.triggered
    if (
        instruction.keyword not in _WITH_HEREDOCS
        or "<<" not in instruction.rest
        or _is_json(instruction.rest)
    ):
        return
    shell = Lexer()  # heredocs know no other escape character
    for word in shell.split(instruction.rest):
        heredoc = _HEREDOC.match(word)
        if heredoc:
            try:
                yield shell.expand(heredoc[2], {}), bool(heredoc[1])
            except WordError:
                continue


def _is_json(text: str) -> bool:
    try:
        words = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(words, list) and all(isinstance(word, str) for word in words)

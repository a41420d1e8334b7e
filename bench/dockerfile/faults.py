"""What no builder takes in a Dockerfile, each with its place."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from bench.core.errors import Diagnostic
from bench.dockerfile.instructions import directives, instructions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.dockerfile.instructions import Instruction

_KEYWORDS = (
    *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL"),
    *("MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
)
_ESCAPE = re.compile(r"#\s*escape\s*=", re.IGNORECASE)
_MAY_BE_EMPTY = ("CMD", "ENTRYPOINT")
_SYNTAX = re.compile(r"(?:#!.*\n)?(?:#|//)\s*syntax\s*=\s*(.+)", re.IGNORECASE)
_LONGEST = 20
_FAULT = tuple[str, str]
_FROM_FORM = "write FROM IMAGE, or FROM IMAGE AS NAME"


def dockerfile_faults(text: str, file: str) -> list[Diagnostic]:
    """The faults of a Dockerfile, in the order of its lines; empty where builders take it.

    Args:
        text: of the file.
        file: its path, as the user gave it.
    """
    syntax = _SYNTAX.match(text.removeprefix("\ufeff"))
    if syntax and "docker/dockerfile" not in syntax[1]:
        return []  # another language
    lines = text.removeprefix("\ufeff").split("\n")
    found = [
        _diagnostic(file, lines, line, part, fault) for line, part, fault in _faults(text, lines)
    ]
    found.sort(key=lambda fault: fault.line)
    is_dockerfile = any(instruction.keyword == "FROM" for instruction in instructions(text))
    return found if is_dockerfile else found[:1]


def _diagnostic(file: str, lines: list[str], line: int, part: str, fault: _FAULT) -> Diagnostic:
    source = lines[line - 1].rstrip("\r") if 0 < line <= len(lines) else ""
    at = source.find(part) if part else len(source) - len(source.lstrip())
    return Diagnostic(file, line, max(at, 0) + 1, *fault, source_line=source)


def _faults(text: str, lines: list[str]) -> Iterator[tuple[int, str, _FAULT]]:
    """Each fault with its line and the part of that line that it is about."""
    escape = directives(text).get("escape", "\\")
    if escape not in ("\\", "`"):
        line = next(at for at, one in enumerate(lines, 1) if _ESCAPE.match(one))
        yield line, escape, (f"{escape} cannot be the escape character", "it is \\ or `")
    has_stage = False  # or what may be meant for one
    for instruction in instructions(text):
        if fault := _fault(instruction):
            yield instruction.line, "", fault
        elif instruction.open_heredoc:
            end = instruction.open_heredoc
            fault = (
                f"no line {end} ends this heredoc",
                f"end it with a line that holds {end} alone",
            )
            yield instruction.line, "<<", fault
        keyword = instruction.keyword
        has_stage = has_stage or keyword == "FROM" or keyword not in _KEYWORDS
        if not has_stage and keyword != "ARG":
            fault = (
                f"{keyword} stands before the first FROM",
                "only ARG may stand there",
            )
            yield instruction.line, "", fault
    if not has_stage:
        yield 1, "", ("has no FROM", "give a Dockerfile; its first instruction is FROM IMAGE")


def _fault(instruction: Instruction) -> _FAULT | None:
    """What is wrong with an instruction by itself, and how it is mended."""
    keyword = instruction.keyword
    if keyword not in _KEYWORDS:
        near = difflib.get_close_matches(keyword[:_LONGEST], _KEYWORDS, n=1)
        remedy = f"did you mean {near[0]}?" if near else "give a Dockerfile"
        return f"there is no instruction {keyword[:_LONGEST]}", remedy
    if not instruction.rest.strip() and keyword not in _MAY_BE_EMPTY:
        return f"{keyword} has no arguments", "write them after it, or take it out"
    if keyword == "FROM":
        words = instruction.rest.split()
        if len(words) != 1 and not (len(words) == 3 and words[1].upper() == "AS"):
            return "FROM takes an image, and a name after AS", _FROM_FORM
        bare = [flag for flag in instruction.flags if "=" not in flag]
        if bare:
            return f"{bare[0]} of FROM has no value", f"write {bare[0]}=VALUE"
    return None

"""The programs that a command runs through a shell, a wrapper or an entrypoint script."""

from __future__ import annotations

import posixpath
import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SHELLS = ("sh", "bash", "ash", "dash", "busybox", "ksh", "zsh")
_STARTERS = ("env", "tini", "tini-static", "dumb-init", "docker-init", "catatonit", "exec", "nice")
"""Programs that execute the program named in their arguments."""

_FLAGS = ("-S", "-i", "-", "-s", "-g", "-v", "-0", "-c", "-w")
"""Options of theirs that have no value, or whose value is the rest of the words."""

_ONE_COMMAND = re.compile(r"[^;&|<>()`\n]+")
_ASSIGNMENT = re.compile(r"\w+=\S*")
_DEEPEST = 4
"""Longest chain of commands that run one another."""


def following(
    command: Sequence[str], arguments: Sequence[str], *, is_script: bool, depth: int = 0
) -> Iterator[tuple[list[str], bool]]:
    """The commands that `command` runs in turn, and whether each is a script read by a shell.

    Only as far as this can be read from the words of the command.

    Args:
        command: program and arguments, none of which is empty.
        arguments: those that the image or the case passes to its entrypoint.
        is_script: whether the program is a script, which usually ends by running its arguments.
        depth: number of commands before it.
    """
    name, rest = posixpath.basename(command[0]), list(command[1:])
    found: list[str] = []
    is_read = False
    if name == "busybox" and rest and rest[0] in _SHELLS:
        rest = rest[1:]
    if name in _SHELLS:
        found, is_read = _of_shell(rest)
    elif name in _STARTERS:
        found = of_starter(rest)
    elif name == "timeout":
        found = of_starter(rest)[1:]
    elif is_script and list(arguments[:1]) != list(command[:1]):
        is_option = not arguments or arguments[0].startswith("-")
        found = [] if is_option else list(arguments)
    if found and found[0] and depth < _DEEPEST:
        yield found, is_read
        if not is_read:
            yield from following(found, arguments, is_script=False, depth=depth + 1)


def _of_shell(words: list[str]) -> tuple[list[str], bool]:
    """The command that a shell with these arguments runs: a single `-c` command, or a script."""
    for index, word in enumerate(words):
        if word.startswith("-") and "c" in word.lstrip("-") and not word.startswith("--"):
            return (_of_text(words[index + 1]) if index + 1 < len(words) else []), False
        if not word.startswith(("-", "+")):
            return words[index:], True
    return [], False


def _of_text(text: str) -> list[str]:
    """The words of a text that is a single command; empty if it is more than one."""
    if not _ONE_COMMAND.fullmatch(text.strip()):
        return []
    try:
        words = shlex.split(text)
    except ValueError:
        return []
    words = of_starter(words)
    return [] if any("$" in word for word in words[:1]) else words


def of_starter(words: list[str]) -> list[str]:
    """`words` without what comes before the program: options, assignments, `exec`.

    Empty if an option may take a value, which leaves the position of the program unknown.
    """
    if "--" in words:
        return words[words.index("--") + 1 :]
    for index, word in enumerate(words):
        if not (word.startswith("-") or _ASSIGNMENT.fullmatch(word) or word == "exec"):
            before = words[index - 1] if index else ""
            has_value = before.startswith("-") and before not in _FLAGS and "=" not in before
            return [] if has_value else words[index:]
    return []

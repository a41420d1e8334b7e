"""What a command leads to: the programs that a shell, a starter or an entrypoint script runs."""

from __future__ import annotations

import posixpath
import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SHELLS = ("sh", "bash", "ash", "dash", "busybox", "ksh", "zsh")
_STARTERS = ("env", "tini", "tini-static", "dumb-init", "docker-init", "catatonit", "exec", "nice")
_FLAGS = ("-S", "-i", "-", "-s", "-g", "-v", "-0", "-c", "-w")
"""Options of theirs that have no value, or whose value are the words that follow."""

"""Programs that become, or start, the one that is named after them."""

_ONE_COMMAND = re.compile(r"[^;&|<>()`\n]+")
_ASSIGNMENT = re.compile(r"\w+=\S*")
_DEEPEST = 4
"""Commands that run another."""


def following(
    command: Sequence[str], arguments: Sequence[str], *, is_script: bool, depth: int = 0
) -> Iterator[tuple[list[str], bool]]:
    """The commands that `command` leads to, and which are scripts that a shell reads.

    As far as its words tell.

    Args:
        command: program and arguments, none of which is empty.
        arguments: those that the image or the case gives its entrypoint.
        is_script: whether its program is a script, which usually ends with what stands after it.
        depth: commands before it.
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
    """What a shell with these arguments runs: the one command of its `-c`, or a script it reads."""
    for index, word in enumerate(words):
        if word.startswith("-") and "c" in word.lstrip("-") and not word.startswith("--"):
            return (_of_text(words[index + 1]) if index + 1 < len(words) else []), False
        if not word.startswith(("-", "+")):
            return words[index:], True
    return [], False


def _of_text(text: str) -> list[str]:
    """The words of a text that is one command; empty where it is more than that."""
    if not _ONE_COMMAND.fullmatch(text.strip()):
        return []
    try:
        words = shlex.split(text)
    except ValueError:
        return []
    words = of_starter(words)
    return [] if any("$" in word for word in words[:1]) else words


def of_starter(words: list[str]) -> list[str]:
    """`words` without what stands before the program: options, assignments, `exec`.

    Empty where an option may have a value, so that nobody can tell which word is the program.
    """
    if "--" in words:
        return words[words.index("--") + 1 :]
    for index, word in enumerate(words):
        if not (word.startswith("-") or _ASSIGNMENT.fullmatch(word) or word == "exec"):
            before = words[index - 1] if index else ""
            has_value = before.startswith("-") and before not in _FLAGS and "=" not in before
            return [] if has_value else words[index:]
    return []

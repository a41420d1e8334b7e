"""The simple commands of a shell script, as far as rules need them; nothing is expanded.

Here-documents are skipped, comments too. Text that no shell takes is read as far as it can be.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHELLS = frozenset(("sh", "bash", "ash", "dash"))
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=")
_KEYWORDS = frozenset(("if", "then", "else", "elif", "while", "until", "do", "!", "{", "time"))
_PREFIXES = frozenset(("env", "sudo", "command", "nohup", "exec"))
_TOKEN = re.compile(
    r"""
      (?P<blank>[ \t\r]+|\\\n)
    | (?P<comment>(?<![^\s;&|()])\#[^\n]*)
    | (?P<heredoc><<-?[ \t]*(?P<quote>['"]?)\\?(?P<ending>[\w.-]+)(?P=quote))
    | (?P<redirect>\d*(?:>>|<<<|[<>]&?|&>)[ \t]*)
    | (?P<end>&&|\|\||;;|[;&|()\n])
    | (?P<part>'[^']*'?|"(?:\\.|[^"\\])*"?|\\.|\$\((?:[^()]|\([^()]{0,500}\)){0,500}\)
        |[^\s;&|()<>'"\\$]+|.)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class ShellCommand:
    """One simple command.

    Attributes:
        words: its program and its arguments, without quotes.
        assignments: the variables that are set for it alone.
        execs: whether it takes the place of the shell.
        leading: the keywords and prefixes in front of it, such as `then` and `sudo`.
        ends: where each of its words ends in the script.
        span: where it begins, after keywords, and ends in the script, redirections included.
        before: the operator in front of it; empty at the start.
        after: the operator after it; empty at the end.
    """

    words: tuple[str, ...]
    assignments: tuple[str, ...] = ()
    execs: bool = False
    leading: tuple[str, ...] = field(default=(), compare=False)
    ends: tuple[int, ...] = field(default=(), compare=False)
    span: tuple[int, int] = field(default=(0, 0), compare=False)
    before: str = field(default="", compare=False)
    after: str = field(default="", compare=False)

    @property
    def program(self) -> str:
        """The name of its program, without the folder."""
        return posixpath.basename(self.words[0]) if self.words else ""

    @property
    def arguments(self) -> tuple[str, ...]:
        """The words after the program that are no options."""
        return tuple(word for word in self.words[1:] if not word.startswith("-"))


def shell_commands(script: str) -> list[ShellCommand]:
    """The commands of `script`, in order."""
    return [command for command in shell_statements(script) if command.words]


def shell_statements(script: str) -> list[ShellCommand]:
    """The commands of `script`, and the assignments that stand alone, in order."""
    found = []
    for part in _split(script):
        words = [word for word, _, _ in part.words]
        assignments: list[str] = []
        leading: list[str] = []
        begin = 0
        while words and (
            words[0] in _KEYWORDS or words[0] in _PREFIXES or _ASSIGNMENT.match(words[0])
        ):
            word = words.pop(0)
            if "=" in word:
                assignments.append(word)
            else:
                leading.append(word)
            begin += word in _KEYWORDS
            while word in _PREFIXES and words and words[0].startswith("-"):
                words.pop(0)
        if words or assignments:
            places = part.words[-len(words) :] if words else []
            start = part.words[min(begin, len(part.words) - 1)][1]
            found.append(
                ShellCommand(
                    tuple(words),
                    tuple(assignments),
                    "exec" in leading,
                    tuple(leading),
                    tuple(end for _, _, end in places),
                    (start, start + len(script[start : part.end].rstrip())),
                    part.before,
                    part.after,
                )
            )
    return found


def is_shell(program: str) -> bool:
    """Whether a program is a shell that reads commands as `sh` does."""
    return posixpath.basename(program) in _SHELLS


def is_shell_script(text: str) -> bool:
    """Whether a script is for a shell: by its first line, or for want of one that says so."""
    first = text.partition("\n")[0]
    return not first.startswith("#!") or any(is_shell(word) for word in first[2:].split()[:2])


@dataclass(frozen=True)
class _Part:
    """What stands between two operators: words with their places, the operators, the end."""

    words: list[tuple[str, int, int]]
    before: str
    after: str
    end: int


def _split(script: str) -> Iterator[_Part]:
    """The words of each command; what files are redirected to is left out."""
    words: list[tuple[str, int, int]] = []
    word: str | None = None
    is_target = False
    endings: list[str] = []
    at = begin = 0
    before = ""
    while token := _TOKEN.match(script, at):
        at = token.end()
        if token["part"] is not None:
            begin = token.start() if word is None else begin
            word = (word or "") + _unquoted(token["part"])
            continue
        if word is not None and not is_target:
            words.append((word, begin, token.start()))
        is_target = is_target and word is None and token["blank"] is not None
        word = None
        if token["redirect"]:
            is_target = True
        elif token["heredoc"]:
            endings.append(token["ending"])
        elif token["end"]:
            yield _Part(words, before, token["end"], token.start())
            words, before = [], token["end"]
            if token["end"] == "\n":
                for ending in endings:
                    end = re.compile(rf"^\t*{re.escape(ending)}$", re.MULTILINE).search(script, at)
                    at = end.end() if end else len(script)
                endings = []
    if word is not None and not is_target:
        words.append((word, begin, at))
    yield _Part(words, before, "", at)


def _unquoted(part: str) -> str:
    if part[0] == "'":
        return part.strip("'")
    if part[0] == '"':
        return re.sub(r'\\(["\\$`])', r"\1", part[1:].removesuffix('"'))
    return part[1:] if part[0] == "\\" else part

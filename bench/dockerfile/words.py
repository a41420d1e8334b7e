"""Words of a Dockerfile by BuildKit's rules: quotes, escapes, `${VAR:-word}` and similar forms."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BLANKS = " \t\r\n\f\v"


class WordError(ValueError):
    """A word that the builder refuses too: an open quote or brace, or an unknown modifier."""


@dataclass(frozen=True)
class Lexer:
    """How words are read.

    Attributes:
        escape: the escape character of the file.
    """

    escape: str = "\\"

    def split(self, text: str) -> list[str]:
        """The words of `text` with their quotes and escapes; blanks in quotes split nothing."""
        words: list[str] = []
        word, quote, at = "", "", 0
        while at < len(text):
            char = text[at]
            taken = char
            if char == self.escape and quote != "'" and at + 1 < len(text):
                taken = text[at : at + 2]
            elif quote:
                quote = "" if char == quote else quote
            elif char in "'\"":
                quote = char
            elif char in _BLANKS:
                words += [word] if word else []
                word, taken = "", ""
            word += taken
            at += len(taken) or 1
        return [*words, word] if word else words

    def expand(self, word: str, values: Mapping[str, str]) -> str:
        """`word` without its quotes and with its variables replaced; unset ones are empty.

        Raises:
            WordError: the builder does not read it either.
        """
        reader = _Reader(word, values, self.escape)
        return reader.until("")


@dataclass
class _Reader:
    """A word that is read from left to right."""

    text: str
    values: Mapping[str, str]
    escape: str
    at: int = 0

    def until(self, ends: str) -> str:
        """The text before the next unquoted character of `ends`, expanded."""
        out = ""
        while self.at < len(self.text) and self.text[self.at] not in ends:
            char = self._next()
            if char == "'":
                out += self._single_quoted()
            elif char == '"':
                out += self._double_quoted()
            elif char == "$":
                out += self._variable()
            elif char == self.escape:
                out += self._next()
            else:
                out += char
        if ends and self.at >= len(self.text):
            raise WordError(f"no {ends} ends {self.text}")
        return out

    def _next(self) -> str:
        char = self.text[self.at : self.at + 1]
        self.at += 1
        return char

    def _ahead(self) -> str:
        return self.text[self.at : self.at + 1]

    def _single_quoted(self) -> str:
        end = self.text.find("'", self.at)
        if end < 0:
            raise WordError(f"an open quote in {self.text}")
        inside, self.at = self.text[self.at : end], end + 1
        return inside

    def _double_quoted(self) -> str:
        out = ""
        while self.at < len(self.text):
            char = self._next()
            if char == '"':
                return out
            if char == "$":
                out += self._variable()
            elif char == self.escape and self.text[self.at : self.at + 1] in (
                '"',
                "$",
                self.escape,
            ):
                out += self._next()
            else:
                out += char
        raise WordError(f"an open quote in {self.text}")

    def _variable(self) -> str:
        if self._ahead() == "{":
            self.at += 1
            return self._braced()
        name = _NAME.match(self.text, self.at)
        if not name:
            return "$"
        self.at = name.end()
        return self.values.get(name[0], "")

    def _braced(self) -> str:
        name = _NAME.match(self.text, self.at)
        if not name:
            raise WordError(f"no name after ${{ in {self.text}")
        self.at = name.end()
        value = self.values.get(name[0])
        modifier = self._next()
        if modifier == "}":
            return value or ""
        if modifier == ":":
            modifier = self._next()
            value = value or None  # with a colon, empty counts as unset
        if modifier in ("+", "-", "?"):
            word = self._rest()
            if modifier == "+":
                return "" if value is None else word
            if modifier == "?" and value is None:
                raise WordError(f"{name[0]}: {word or 'not set'}")
            return word if value is None else value
        return self._cut(modifier, value or "")

    def _rest(self) -> str:
        word = self.until("}")
        self.at += 1
        return word

    def _cut(self, modifier: str, value: str) -> str:
        """`${VAR#pattern}` and its kin: a part of the value is taken away or replaced."""
        if modifier not in ("#", "%", "/"):
            raise WordError(f"an unknown modifier in {self.text}")
        every = self._ahead() == modifier
        self.at += every
        if modifier == "/":
            pattern = self._pattern("/}", greedy=True)
            if self._ahead() != "/":
                raise WordError(f"no replacement in {self.text}")
            self.at += 1
            word = self._rest()
            return re.sub(pattern, lambda _: word, value, count=0 if every else 1)
        pattern = self._pattern("}", greedy=every)
        self.at += 1
        if modifier == "#":
            found = re.match(pattern, value, re.DOTALL)
            return value[found.end() :] if found else value
        # the shortest end is the last that matches, the longest the first
        starts = range(len(value) + 1) if every else range(len(value), -1, -1)
        start = next((start for start in starts if re.fullmatch(pattern, value[start:])), None)
        return value if start is None else value[:start]

    def _pattern(self, ends: str, *, greedy: bool) -> str:
        """A shell pattern up to one of `ends` as a regular expression."""
        out = ""
        while self.at < len(self.text) and self.text[self.at] not in ends:
            char = self._next()
            if char == "*":
                out += ".*" if greedy else ".*?"
            elif char == "?":
                out += "."
            elif char == "$":
                out += re.escape(self._variable())
            else:
                out += re.escape(self._next() if char == self.escape else char)
        if self.at >= len(self.text):
            raise WordError(f"an open brace in {self.text}")
        return out

"""Taking parts out of what a workload prints, line by line, while it prints them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bench.core.text import clean
from bench.journal.facts.excerpt import LONGEST_LINE, MOST_LINES, ExcerptFound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bench.scenario.excerpts import Excerpt


class ExcerptSearch:
    """Looks for the excerpts of a case in each line of its output."""

    def __init__(self, excerpts: Mapping[str, Excerpt], hide: Callable[[str], str] = str) -> None:
        """`hide` takes secrets out of what is kept; patterns see all of it."""
        self._parts = {name: _Part(excerpt, hide) for name, excerpt in excerpts.items()}

    def __bool__(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self._parts)

    def take(self, line: str) -> None:
        """Keep what belongs to an excerpt of one line of output."""
        for part in self._parts.values():
            part.take(line)

    def facts(self) -> dict[str, ExcerptFound]:
        """The excerpts found, for the journal; one that never began is not among them."""
        return {name: part.found() for name, part in self._parts.items() if part.began}


class _Part:
    """One excerpt, as far as the output has come."""

    def __init__(self, excerpt: Excerpt, hide: Callable[[str], str]) -> None:
        self._begin = re.compile(excerpt.begin)
        self._end = re.compile(excerpt.end)
        self._hide = hide
        self._lines: list[str] = []
        self._left_out = 0
        self._ended = False

    @property
    def began(self) -> bool:
        return bool(self._lines)

    def take(self, line: str) -> None:
        if self._ended:
            return
        if self.began:
            self._ended = bool(self._end.search(line))
        elif not self._begin.search(line):
            return
        if len(self._lines) < MOST_LINES:
            self._lines.append(self._hide(clean(line).rstrip())[:LONGEST_LINE])
        else:
            self._left_out += 1

    def found(self) -> ExcerptFound:
        return ExcerptFound(tuple(self._lines), self._left_out, self._ended)

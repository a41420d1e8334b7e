"""Finding the figures that a workload prints, line by line, while it prints them."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

from bench.journal.facts.matches import MOST, Matches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bench.scenario.figures import WorkloadMetric

_LONGEST_ODDITY = 40


class FigureSearch:
    """Looks for the figures of a case in each line of its output."""

    def __init__(
        self, metrics: Mapping[str, WorkloadMetric], hide: Callable[[str], str] = str
    ) -> None:
        """`hide` takes secrets out of what is kept as text; patterns see all of it."""
        self._hide = hide
        self._patterns = {
            name: re.compile(metric.pattern) for name, metric in metrics.items() if metric.pattern
        }
        self._keys = {
            name: metric.json_key.split(".") for name, metric in metrics.items() if metric.json_key
        }
        self._found = {name: Matches(metric.take.value) for name, metric in metrics.items()}

    def __bool__(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self._found)

    def take(self, line: str) -> None:
        """Take the figures from one line of output."""
        for name, pattern in self._patterns.items():
            group = "value" if "value" in pattern.groupindex else 1
            for match in pattern.finditer(line):
                if (text := match[group]) is not None:
                    self._note(name, text)
        if self._keys and (document := _json_object(line)) is not None:
            for name, keys in self._keys.items():
                for value in _under(document, keys):
                    self._note(name, value)

    def _note(self, name: str, found: object) -> None:
        number = _number(found)
        matches = self._found[name]
        if number is None:
            text = self._hide(str(found))[:_LONGEST_ODDITY]
            self._found[name] = matches.with_oddity(text)
        else:
            self._found[name] = matches.with_number(number)

    def facts(self) -> dict[str, Matches]:
        """The figures found, for the journal; one that never appeared is not among them."""
        return {name: matches for name, matches in self._found.items() if matches.n or matches.odd}


def _number(found: object) -> float | None:
    """A finite number in what was found; None where there is none."""
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return None
    try:
        value = float(found)
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) and abs(value) < MOST else None


def _json_object(line: str) -> dict[str, Any] | None:
    """The JSON object that `line` ends in, after whatever a logger put before it."""
    start = line.find("{")
    if start < 0:
        return None
    try:
        document = json.loads(line[start:])
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _under(document: dict[str, Any], keys: list[str]) -> Iterator[object]:
    """The value that `keys` lead to; nothing where one is missing, or where it is null."""
    value: object = document
    for key in keys:
        if not isinstance(value, dict) or value.get(key) is None:
            return
        value = value[key]
    yield value

"""Suggestions for an unknown word, and values as messages show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


_MOST_COMPARED = 150
"""Names that a word is compared with: each takes tens of microseconds, and faults may be many."""


def nearest(word: str, known: Iterable[str]) -> str:
    """The one of `known` that `word` was probably meant to be, or empty."""
    import difflib

    by_lower = {name.lower(): name for name in known}
    lower = word.lower()[:100]
    few = by_lower if len(by_lower) <= _MOST_COMPARED else ()
    close = difflib.get_close_matches(lower, few, n=1, cutoff=0.6)
    if close:
        return by_lower[close[0]]
    begun = [name for name in by_lower if len(lower) >= 2 and name.startswith(lower)]
    return by_lower[begun[0]] if begun else ""


def did_you_mean(word: str, known: Iterable[str], *, kind: str = "known here") -> str:
    """A suggestion for the unknown `word`: the nearest of `known`, else all of them if few."""
    names = list(known)
    if near := nearest(word, names):
        return f"did you mean `{near}`?"
    if 0 < len(names) <= 16 and sum(map(len, names)) <= 200:
        return f"{kind}: {', '.join(names)}"
    return ""


def shown(value: object) -> str:
    """`value` as it is quoted in a message: short, on one line."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."

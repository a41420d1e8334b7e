"""Text that is not to reach anybody as it is, and what is looked for in outputs."""

from __future__ import annotations

import re

from hypothesis import strategies as st

SPEAKS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff"
    "\ud800-\udfff\ufffe\uffff\U000e0000-\U000e007f]"
)
"""Characters that a terminal acts upon, that turn the order of what is read, or are no text."""

SEQUENCES = (
    "\x1b[2J", "\x1b[31m", "\x1b[1;31;4mred\x1b[0m", "\x1b]0;title\x07", "\x1b]8;;http://x\x1b\\",
    "\x1b]52;c;aGk=\x07", "\x1bP1$q\x1b\\", "\x1b(B", "\x1b7", "\x9b31m", "\x9d0;t\x9c", "\x1b",
    "\r", "\r\n", "\x00", "\x07", "\b\b", "\x7f", "\x85", "\u2028", "\u202e", "\u2066", "\u200f",
    "\u200b", "\ufeff", "\ufffe", "\U000e0041",
)  # fmt: skip

hostile_texts = st.lists(
    st.one_of(st.sampled_from(SEQUENCES), st.text(max_size=8)), min_size=1, max_size=12
).map("x".join)
"""Texts of such characters, and of any others."""


def speaking(text: str) -> str:
    """The first character of `text` that speaks, with what is around it; empty where none does."""
    found = SPEAKS.search(text)
    return "" if found is None else repr(text[max(0, found.start() - 20) : found.end() + 20])


def texts_in(value: object) -> list[str]:
    """Every text in a tree, keys of mappings too."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for pair in value.items() for one in pair for text in texts_in(one)]
    if isinstance(value, list | tuple):
        return [text for one in value for text in texts_in(one)]
    return []

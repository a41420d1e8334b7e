"""Cleaning of text from outside where it enters: from containers, engines and untrusted files.

Such text is shown on terminals, pages, tables and annotations. Terminal control sequences,
direction overrides and invisible characters are removed here. Line ends and tabs are kept.
"""

from __future__ import annotations

import re
from typing import Any

INVISIBLE = "·"
"""The replacement for a character that must not be shown."""

_LONGEST_STRING = 4096
"""Longest terminal string, such as a title, that is searched for its end."""

_ESCAPES = re.compile(
    rf"""
      (?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]                          # CSI: colours, moves
    | (?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])                   # OSC, DCS, SOS, PM, APC: strings
      [^\x07\x1b\x90\x98\x9c-\x9f\n]{{0,{_LONGEST_STRING}}}(?:\x07|\x1b\\|\x9c)
    | \x1b[ -/]*[0-Z\\^-~]                                       # the others
    """,
    re.VERBOSE,
)
"""Escape sequences of ECMA-48, each to its end."""

_NOT_READ = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but for tab and line feed, DEL, C1
    "\u00ad\u200b\u2060-\u2065\ufeff"  # of no width
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # direction
    "\ufff9-\ufffb\ufffe\uffff"  # annotations, no characters
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"  # tags; in between lie variants of ideographs
    "]"
)
_LINE_ENDS = re.compile("\r\n?|[\u2028\u2029]")
_SURROGATES = re.compile("[\ud800-\udfff]")
"""Single surrogates: from bytes that were not UTF-8, or from truncated JSON."""


def clean(text: object) -> str:
    """`text` without control characters, escape sequences and direction overrides."""
    whole = str(text)
    if whole.isprintable():
        return whole
    if "\x1b" in whole or _NOT_READ.search(whole):
        whole = _ESCAPES.sub("", whole)
    whole = _SURROGATES.sub("\ufffd", _LINE_ENDS.sub("\n", whole))
    return _NOT_READ.sub(INVISIBLE, whole)


def decoded(data: bytes) -> str:
    """Outside bytes as clean text; bytes that are not UTF-8 are marked."""
    return clean(data.decode(errors="replace"))


def clean_tree(value: Any) -> Any:
    """A copy of `value` with clean text in all mappings (keys included) and lists."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean_tree(key): clean_tree(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [clean_tree(part) for part in value]
    return value

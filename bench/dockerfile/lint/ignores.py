"""Comments that silence a finding: `# bench: ignore=RULE reason`, above an instruction or in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.dockerfile.lint.finding import LintRule, LintSeverity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.dockerfile.lint.dockerfile import Dockerfile

_IGNORE = re.compile(r"#\s*bench:\s*ignore\s*=?\s*([^\s]*)\s*(.*)")


@dataclass(frozen=True)
class Ignore:
    """One rule that one comment silences.

    Attributes:
        rule: its id, as it is written.
        reason: empty where none is given.
        line: of the comment.
        covers: the first line of the instruction that it is for; 0 where none follows.
    """

    rule: str
    reason: str
    line: int
    covers: int


def ignores(file: Dockerfile) -> Iterator[Ignore]:
    """All of them, in order."""
    last = 0
    for instruction in file.instructions:
        last = instruction.last_line
        for line, comment in instruction.comments:
            yield from _read(comment, line, instruction.line)
    for line, text in enumerate(file.text.split("\n")[last:], last + 1):
        yield from _read(text.strip(), line, 0)


def _read(comment: str, line: int, covers: int) -> Iterator[Ignore]:
    found = _IGNORE.fullmatch(comment)
    if found:
        for rule in found[1].split(","):
            yield Ignore(rule, found[2], line, covers)


WITHOUT_REASON = LintRule(
    "ignore-without-reason",
    LintSeverity.WARNING,
    "Nobody can tell later whether what it silences is still wanted.",
    "write why, after the rule: `# bench: ignore=RULE reason`",
)
UNKNOWN_RULE = LintRule(
    "ignore-of-unknown-rule",
    LintSeverity.WARNING,
    "A name that is misspelt silences nothing.",
    "name a rule of docs/lint.md",
)
WITHOUT_EFFECT = LintRule(
    "ignore-without-effect",
    LintSeverity.WARNING,
    "What it silenced is gone, and a later one would go unseen.",
    "remove the comment, or put it on the line before the instruction",
)
RULES = (WITHOUT_REASON, UNKNOWN_RULE, WITHOUT_EFFECT)

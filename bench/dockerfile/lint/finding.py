"""A finding in a Dockerfile, and the rule that makes it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.dockerfile.instructions import Instruction
    from bench.dockerfile.lint.dockerfile import Dockerfile


class LintSeverity(StrEnum):
    """How grave a finding is."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def fails(self) -> bool:
        """Whether it changes the exit code."""
        return self is not LintSeverity.INFO


@dataclass(frozen=True)
class LintRule:
    """One rule.

    Attributes:
        id: its name, which never changes.
        severity: of its findings.
        why: one sentence.
        remedy: what to do instead.
        find: the instructions of a Dockerfile that break it, each with what is wrong; None for
            rules about the comments that ignore others.
    """

    id: str
    severity: LintSeverity
    why: str
    remedy: str
    find: Callable[[Dockerfile], Iterator[tuple[Instruction, str]]] | None = None


@dataclass(frozen=True)
class LintFinding:
    """One place in a Dockerfile that breaks a rule.

    Attributes:
        rule: its id.
        severity: of the rule.
        line: the first line of the instruction, from 1 on.
        last_line: its last line.
        message: what is wrong there.
        remedy: what to do instead.
    """

    rule: str
    severity: LintSeverity
    line: int
    last_line: int
    message: str
    remedy: str

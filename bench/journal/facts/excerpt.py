"""A part of what a workload printed in one trial, as a trial records it and as it is read back."""

from __future__ import annotations

from dataclasses import dataclass

MOST_LINES = 60
LONGEST_LINE = 200
"""Characters of a line that are kept: a journal is no place for a whole log."""


@dataclass(frozen=True)
class ExcerptFound:
    """What was found of one excerpt in the output of one trial.

    Attributes:
        lines: the first `MOST_LINES` of it, each cut at `LONGEST_LINE`, without secrets.
        left_out: how many lines came after those.
        ended: whether its last line came; else it goes to the end of the output.
    """

    lines: tuple[str, ...]
    left_out: int
    ended: bool

"""An excerpt of a workload's output in one trial, as recorded and read back."""

from __future__ import annotations

from dataclasses import dataclass

MOST_LINES = 60
LONGEST_LINE = 200
"""Characters kept per line, since a journal should not contain whole logs."""


@dataclass(frozen=True)
class ExcerptFound:
    """The text of one excerpt in the output of one trial.

    Attributes:
        lines: its first `MOST_LINES` lines, each cut at `LONGEST_LINE`, without secrets.
        left_out: number of further lines.
        ended: whether its last line was found; otherwise it extends to the end of the output.
    """

    lines: tuple[str, ...]
    left_out: int
    ended: bool

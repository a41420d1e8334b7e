"""What became of a case as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from bench.journal.facts.form import Amount  # noqa: TC001 - pydantic reads the annotations


@dataclass(frozen=True)
class Stopped:
    """A case that failed twice the same way before it was ready.

    Attributes:
        left_out: how many of its trials were not made.
        planned: how many there were to be.
    """

    left_out: Amount
    planned: Amount

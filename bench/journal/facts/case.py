"""The outcome of a case as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from bench.journal.facts.form import Amount  # noqa: TC001 - pydantic reads the annotations


@dataclass(frozen=True)
class Stopped:
    """A case that failed twice in the same way before it was ready.

    Attributes:
        left_out: number of its trials that were skipped.
        planned: number of its planned trials.
    """

    left_out: Amount
    planned: Amount

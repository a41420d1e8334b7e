"""Figures that a workload printed in one trial, as recorded and read back.

Stored is what suffices for any `take`: the number of matches, the first, the last, the smallest,
the largest and the sum. A journal thus stays small however much was printed, and reports need no
logs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

MOST = 1e30
"""Magnitude from which a number is not accepted as a figure; it keeps sums finite."""


@dataclass(frozen=True)
class Matches:
    """The matches of one figure in the output of one trial.

    Attributes:
        take: which of them counts: the `take` of the scenario.
        n: number of numeric matches.
        first, last, low, high, total: of the numbers; None if there were none.
        odd: number of matches that were not numeric, infinite, or `nan`.
        odd_text: the first of those, shortened and without secrets.
    """

    take: Literal["first", "last", "min", "max", "mean", "sum"]
    n: int = 0
    first: float | None = None
    last: float | None = None
    low: float | None = None
    high: float | None = None
    total: float | None = None
    odd: int = 0
    odd_text: str = ""

    def with_number(self, value: float) -> Matches:
        """The same with one more number added."""
        if self.first is None or self.low is None or self.high is None or self.total is None:
            return replace(self, n=1, first=value, last=value, low=value, high=value, total=value)
        return replace(
            self,
            n=self.n + 1,
            last=value,
            low=min(self.low, value),
            high=max(self.high, value),
            total=self.total + value,
        )

    def with_oddity(self, text: str) -> Matches:
        """The same with one more match that is not a finite number."""
        return replace(self, odd=self.odd + 1, odd_text=self.odd_text or text)

    @property
    def value(self) -> float | None:
        """The figure; None if there is none.

        A single match that is not a number invalidates the figure: a loss that ended as `nan` is
        not the loss of the epoch before.
        """
        if self.odd or self.total is None:
            return None
        return {
            "first": self.first,
            "last": self.last,
            "min": self.low,
            "max": self.high,
            "mean": self.total / self.n,
            "sum": self.total,
        }[self.take]

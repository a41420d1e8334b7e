"""From single comparisons with the truth to a row of the table: bias, spread, and the target."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from bench.judge.statistics.stats import median

if TYPE_CHECKING:
    from collections.abc import Iterable


class Met(StrEnum):
    """How a row stands against its target."""

    MET = "met"
    MISSED = "missed"
    UNJUDGED = "-"
    """It has no target: it is there to be read."""
    ABSENT = "absent"
    """It cannot be measured on this host or engine."""
    UNKNOWN = "unknown"
    """It should have been measured and was not, or only while others kept the host busy."""


@dataclass(frozen=True)
class Measurement:
    """The value that bench measured in one trial (or a pair), and the true one.

    Attributes:
        case, trial_id: which; of a pair, the ids of both.
        truth, measured: in the unit of the figure.
    """

    case: str
    trial_id: str
    truth: float
    measured: float

    @property
    def error(self) -> float:
        """How far bench is off; above zero where it says too much."""
        return self.measured - self.truth


@dataclass(frozen=True)
class Target:
    """How far off a share of the trials may be at most.

    Attributes:
        share: of the trials, 0 to 1.
        within: bound of the error, in the figure's unit.
        relative: bound of the error as a share of the truth; the larger of both counts.
        never_below: whether no error may be below zero.
    """

    share: float
    within: float = 0.0
    relative: float = 0.0
    never_below: bool = False

    def holds(self, comparisons: tuple[Measurement, ...]) -> bool:
        """Whether enough of them are near enough, and none is where none may be."""
        near = [
            abs(comparison.error) <= max(self.within, self.relative * abs(comparison.truth))
            for comparison in comparisons
        ]
        return sum(near) >= self.share * len(near) and not self.is_broken(comparisons)

    def is_broken(self, comparisons: tuple[Measurement, ...]) -> bool:
        """Whether one is below zero where none may be, which no busy host can excuse."""
        return self.never_below and any(comparison.error < 0 for comparison in comparisons)


@dataclass(frozen=True)
class Figure:
    """One quantity that bench measures, against the truth.

    Attributes:
        id: in the JSON.
        title: in a few words.
        unit: of truth and errors, as metrics have it.
        truth: what it is compared with, in a few words.
        comparisons: trial by trial.
        target: None where it is there to be read.
        absent: why there can be none here; empty where there should be some.
        disturbed: the trials during which others kept the host busy.
    """

    id: str
    title: str
    unit: str
    truth: str
    comparisons: tuple[Measurement, ...]
    target: Target | None = None
    absent: str = ""
    disturbed: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """How many comparisons there are."""
        return len(self.comparisons)

    @property
    def bias(self) -> float | None:
        """The median error; None without comparisons."""
        return (
            median([comparison.error for comparison in self.comparisons])
            if self.comparisons
            else None
        )

    @property
    def p95(self) -> float | None:
        """The size that 95 % of the errors do not exceed: one of them, by the nearest rank.

        So a target for 95 % of the trials is met exactly where this is within it.
        """
        sizes = sorted(abs(comparison.error) for comparison in self.comparisons)
        return sizes[-(-95 * len(sizes) // 100) - 1] if sizes else None

    @property
    def worst(self) -> float | None:
        """The error that is farthest off."""
        return max((comparison.error for comparison in self.comparisons), key=abs, default=None)

    @property
    def met(self) -> Met:
        """How it stands."""
        if self.absent:
            return Met.ABSENT
        if self.target is None:
            return Met.UNJUDGED
        if not self.comparisons:
            return Met.UNKNOWN
        if self.target.holds(self.comparisons):
            return Met.MET
        quiet = tuple(
            comparison
            for comparison in self.comparisons
            if set(self.disturbed).isdisjoint(comparison.trial_id.split())
        )
        if self.target.holds(quiet) and not self.target.is_broken(self.comparisons):
            return Met.UNKNOWN
        return Met.MISSED


@dataclass(frozen=True)
class ScoredFigure:
    """Whether bench found one thing in one trial as it was.

    Attributes:
        said: what bench says, where that is wrong.
    """

    case: str
    trial_id: str
    right: bool
    said: str = ""


@dataclass(frozen=True)
class Fact:
    """Something that bench says yes or no to, and must be right about every time.

    Attributes: as those of a figure.
    """

    id: str
    title: str
    truth: str
    findings: tuple[ScoredFigure, ...]
    absent: str = ""

    @property
    def n(self) -> int:
        """How often bench was asked."""
        return len(self.findings)

    @property
    def wrong(self) -> tuple[ScoredFigure, ...]:
        """Those in which it was wrong."""
        return tuple(finding for finding in self.findings if not finding.right)

    @property
    def met(self) -> Met:
        """How it stands."""
        if self.absent:
            return Met.ABSENT
        if not self.findings:
            return Met.UNKNOWN
        return Met.MISSED if self.wrong else Met.MET


@dataclass(frozen=True)
class ScoreSection:
    """Rows of the table that belong together."""

    title: str
    rows: tuple[Figure | Fact, ...]

    def disturbed_in(self, trials: Iterable[str]) -> ScoreSection:
        """The same, of a run in which others kept the host busy during these trials."""
        ids = tuple(trials)
        rows = [
            replace(row, disturbed=ids) if isinstance(row, Figure) else row for row in self.rows
        ]
        return ScoreSection(self.title, tuple(rows))

"""Results of the trials of `bench right-size`, read from a run."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.core.domain import SIZE_ARM, TrialStatus
from bench.journal.facts.limits import LimitsAsked
from bench.judge.effective_rules import effective_rules
from bench.sizing.meets import deciding_rules, why_not
from bench.sizing.search import CPUS, MEMORY, Scale

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.analysis.model import TrialResult
    from bench.results.run import Run
    from bench.standard.rule import Rule

REPEATS = 3
"""Trials in which a size must be enough; the first one in which it is not ends the trying."""


@dataclass(frozen=True)
class Size:
    """Limits of memory and cores, and what came of trying them.

    Attributes:
        memory_bytes: the memory limit.
        cpus: the limit of cores.
        trials: those that say something about the image.
        why_not: why it is not enough; empty where every trial so far met all rules.
        startup_s: median over the trials that got ready, the pull added; None without any.
    """

    memory_bytes: int
    cpus: float
    trials: int
    why_not: str
    startup_s: float | None

    @property
    def is_enough(self) -> bool:
        """Whether it was tried often enough and met all rules each time."""
        return self.trials >= REPEATS and not self.why_not


@dataclass(frozen=True)
class CaseSizes:
    """All sizes tried for a case.

    Attributes:
        case: its id.
        start: the largest, which the search began with: the case's own limits where it has them.
        pull_s: the slowest cold pull, which is added to every start; 0 where none was made.
        sizes: in the order of trying.
    """

    case: str
    start: Size
    pull_s: float
    sizes: tuple[Size, ...]

    def by_memory(self) -> list[Size]:
        """The curve over memory, under the limit of cores that the search began with."""
        found = [size for size in self.sizes if size.cpus == self.start.cpus]
        return sorted(found, key=lambda size: size.memory_bytes)

    def by_cpus(self) -> list[Size]:
        """The curve over cores, under the memory limit that the search began with."""
        found = [size for size in self.sizes if size.memory_bytes == self.start.memory_bytes]
        return sorted(found, key=lambda size: size.cpus)

    def together(self) -> list[Size]:
        """Those with less of both, in the order of trying."""
        return [
            size
            for size in self.sizes
            if size.memory_bytes != self.start.memory_bytes and size.cpus != self.start.cpus
        ]


def smallest(curve: Sequence[Size]) -> tuple[Size | None, Size | None]:
    """The smallest size that was enough, and the largest below it that was not, on one curve."""
    enough = next((size for size in curve if size.is_enough), None)
    if enough is None:
        return None, None
    below = [size for size in curve[: curve.index(enough)] if not size.is_enough]
    return enough, below[-1] if below else None


def case_sizes(run: Run, case: str) -> CaseSizes | None:
    """The sizes tried for `case`; None where there were none."""
    rules = deciding_rules(
        [effective.rule for effective in effective_rules(run.scenario, run.checklist)]
    )
    own = [trial for trial in run.results if trial.key.case == case]
    return sizes_of(own, rules, case)


def sizes_of(trials: Iterable[TrialResult], rules: Sequence[Rule], case: str) -> CaseSizes | None:
    """The same, from the trials of the case."""
    trials = list(trials)
    pull_s = slowest_pull_s(trials)
    grouped: dict[tuple[int, float], list[TrialResult]] = {}
    for trial in trials:
        limits = requested(trial)
        if trial.key.arm == SIZE_ARM and limits and trial.status.counts:
            grouped.setdefault(limits, []).append(trial)
    sizes = tuple(
        _size(memory, cpus, tried, rules, pull_s) for (memory, cpus), tried in grouped.items()
    )
    return CaseSizes(case, sizes[0], pull_s, sizes) if sizes else None


def slowest_pull_s(trials: Iterable[TrialResult]) -> float:
    """The slowest pull of a cold trial, in seconds; 0 where there was none."""
    pulls = [
        trial.metrics["pull_s"]
        for trial in trials
        if trial.status is TrialStatus.OK and "pull_s" in trial.metrics
    ]
    return max(pulls, default=0.0)


def requested(trial: TrialResult) -> tuple[int, float] | None:
    """The limits of memory (bytes) and cores that a trial was given; None where one is unset."""
    limits = trial.facts.limits
    asked = limits.requested if limits else LimitsAsked()
    return (asked.memory_bytes, asked.cpus) if asked.memory_bytes and asked.cpus else None


def _size(
    memory: int, cpus: float, tried: Sequence[TrialResult], rules: Sequence[Rule], pull_s: float
) -> Size:
    reasons = [reason for trial in tried if (reason := why_not(trial, rules, pull_s))]
    starts = [
        trial.metrics["startup_s"] + pull_s for trial in tried if "startup_s" in trial.metrics
    ]
    return Size(
        memory_bytes=memory,
        cpus=cpus,
        trials=len(tried),
        why_not=reasons[0] if reasons else "",
        startup_s=statistics.median(starts) if starts else None,
    )


def next_step(scale: Scale, value: float) -> float:
    """A somewhat larger limit: where two that were enough alone are not enough together."""
    return scale.rounded(value * scale.ratio**2)


__all__ = ["CPUS", "MEMORY", "CaseSizes", "Size", "case_sizes", "next_step", "sizes_of", "smallest"]

"""The data of a self-test run: its trials, each with the stamps of its container."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.core.domain import CALIBRATION_CASE
from bench.judge.statistics.stats import median
from bench.selftest.known import KNOWN, STATS_CASE
from bench.selftest.stamps import TrialStarts, of_trials, read_stamps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from bench.analysis.model import TrialResult
    from bench.journal.facts.trial import TrialFacts
    from bench.results.run import Run
    from bench.selftest.beside import StatsPeak
    from bench.selftest.stamps import Stamps


@dataclass(frozen=True)
class Observed:
    """One trial, and what its container stamped."""

    trial: TrialResult
    stamps: Stamps

    @property
    def facts(self) -> TrialFacts:
        """The facts of the trial."""
        return self.trial.facts

    def metric(self, name: str) -> float | None:
        """A metric of the trial; None where it was not measured."""
        return self.trial.metrics.get(name)

    def begin_ns(self, phase: str) -> int | None:
        """When a phase of the trial began."""
        return self._moment_ns(span.start_s for span in self.trial.phases if span.phase == phase)

    def end_ns(self, phase: str) -> int | None:
        """When a phase of the trial ended."""
        return self._moment_ns(span.end_s for span in self.trial.phases if span.phase == phase)

    def _moment_ns(self, since_zero_s: Iterable[float]) -> int | None:
        first_s = next(iter(since_zero_s), None)
        return None if first_s is None else self.trial.zero_ns + round(first_s * 1e9)


@dataclass(frozen=True)
class SelfTestEvidence:
    """Everything that the self-test looks at.

    Attributes:
        by_case: the trials that say something of their container, and have stamps of it.
        trials: all attempts at trials of the known cases.
        calibration: trials of the container that does nothing.
        stats_bytes: by trial, the most memory that the engine's stats stream showed.
    """

    by_case: Mapping[str, tuple[Observed, ...]]
    trials: tuple[TrialResult, ...]
    calibration: tuple[TrialResult, ...]
    stats_bytes: Mapping[str, int]

    def of(self, *cases: str) -> Iterator[Observed]:
        """The trials of some cases."""
        for case in cases:
            yield from self.by_case.get(case, ())

    def everything(self) -> Iterator[Observed]:
        """The trials of all cases."""
        return self.of(*self.by_case)

    def floor(self, metric: str) -> float | None:
        """The median of a metric over the containers that do nothing; None without any."""
        values = [trial.metrics[metric] for trial in self.calibration if metric in trial.metrics]
        return median(values) if values else None


def gather(run: Run, stamps: Path, stats: Iterable[StatsPeak]) -> SelfTestEvidence:
    """The evidence of a run.

    Args:
        run: as read back from its journal.
        stamps: folder with a folder for each case.
        stats: what the engine's stats showed of the containers of `STATS_CASE`.
    """
    starts = TrialStarts(trial for trial in run.results if trial.key.case == STATS_CASE)
    by_case = {}
    for case in KNOWN:
        trials = [trial for trial in run.results if trial.key.case == case]
        found = of_trials(trials, read_stamps(stamps / case))
        by_case[case] = tuple(
            Observed(trial, found[trial.trial_id])
            for trial in trials
            if trial.status.counts and trial.trial_id in found
        )
    return SelfTestEvidence(
        by_case=by_case,
        trials=tuple(trial for trial in run.results if trial.key.case in KNOWN),
        calibration=tuple(
            trial
            for trial in run.results
            if trial.key.case == CALIBRATION_CASE and trial.status.counts
        ),
        stats_bytes={
            trial_id: reading.memory_bytes
            for reading in stats
            if (trial_id := starts.trial_at(reading.begun_ns)) is not None
        },
    )

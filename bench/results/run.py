"""A run as it is read back: the journal, turned into trials, tables, verdicts and comparisons."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from bench.analysis.against_plan import with_odds
from bench.analysis.contradictions import course_of, doubts, refuse_contradictions
from bench.analysis.stack_totals import with_doubts, with_sums
from bench.analysis.trial_metrics import derive
from bench.core.capability import Capability
from bench.core.domain import Arm, TrialStatus
from bench.core.errors import StoreError, UsageError
from bench.core.exit_code import NOT_JUDGED, gravest
from bench.core.metrics import METRICS, Metric
from bench.journal.facts.form import written
from bench.journal.reader import UNSOUND, damage, read_journal
from bench.journal.writer import FILE_NAME
from bench.judge.compare import ComparisonSide, compare_cases
from bench.judge.ladder import LadderFigure, follow_ladder
from bench.judge.model import JudgeContext
from bench.judge.regression import watch_judged, watched_exit_code
from bench.judge.statistics.noise import HostNoise
from bench.judge.verdicts import exit_code, judge
from bench.results.frames import (
    ladder_table,
    layers_table,
    phases_table,
    samples_frame,
    trials_table,
)
from bench.results.inferred_probes import with_inferred
from bench.results.measured_states import memory_shown_in
from bench.scenario.model import threshold_limit
from bench.scenario.stored import read_scenario
from bench.standard.checklist import Checklist

if TYPE_CHECKING:
    import pandas as pd

    from bench.analysis.model import TrialResult
    from bench.journal.columns import Samples
    from bench.journal.facts.baseline import Baseline
    from bench.journal.facts.case import Stopped
    from bench.journal.facts.comparison import Comparison
    from bench.journal.facts.header import RunHeader
    from bench.journal.facts.host import HostWait
    from bench.journal.facts.image import BaseRecord, ImageFacts
    from bench.journal.trial_events import TrialEvents
    from bench.judge.evidence import Evidence
    from bench.judge.model import Verdict
    from bench.judge.regression import Watched
    from bench.scenario.model import Scenario


@dataclass(frozen=True)
class Run:
    """One execution of one scenario.

    Attributes:
        folder: where it lies.
        header: how it began: host, engine, link, builder, seed, plan and so on.
        scenario: as resolved then, with secrets redacted, and probes that images decided.
        checklist: the standard as it was then, or None.
        images: what is known of each case's image, the calibration's among them.
        failed_images: why a case has no image, by case; `faultless_images` are those of them of
            which an engine or bench is the cause.
        stopped: the cases whose other trials were not made, for they failed twice the same way.
        bases: what the FROM lines of each case stood for.
        results: every attempt at every trial, in the order of time.
        waits: for a quiet host, in the order of time.
        notes: what a reader must know.
        outcome: `complete`, `interrupted`, `stopped` (no image, no trial) or `cut off`.
        ended_at: UTC label of the end, or empty.
        interrupted: 130 or 143 where a signal interrupted it, else 0.
        baseline: the comparison with an earlier run, where `--baseline` asked for one.
    """

    folder: Path
    header: RunHeader
    scenario: Scenario
    checklist: Checklist | None
    images: dict[str, ImageFacts]
    failed_images: dict[str, str]
    faultless_images: frozenset[str]
    stopped: dict[str, Stopped]
    bases: dict[str, list[BaseRecord]]
    results: tuple[TrialResult, ...]
    sample_columns: tuple[Samples, ...]
    waits: tuple[HostWait, ...]
    notes: tuple[str, ...]
    outcome: str
    ended_at: str
    interrupted: int = 0
    baseline: Baseline | None = None

    @property
    def run_id(self) -> str:
        """The run's id, which is also its folder's first name."""
        return self.header.run_id

    @cached_property
    def metrics(self) -> dict[str, Metric]:
        """Every metric that it may have, by name: those of the table, then the scenario's own."""
        return {**METRICS, **self.scenario.own_metrics}

    @cached_property
    def memory_arm(self) -> Arm:
        """The arm whose figures of memory reports show, for all cases the same."""
        return memory_shown_in(self.results, self.scenario.cases)

    @cached_property
    def samples_by_id(self) -> dict[str, Samples]:
        """The columns of the samples of every trial, by its id."""
        ids = (trial.trial_id for trial in self.results)
        return dict(zip(ids, self.sample_columns, strict=True))

    @cached_property
    def gathered(self) -> dict[tuple[str, str, str], Evidence]:
        """The evidence that was asked for, by case, cache state and arm; see `summary.evidence`."""
        return {}

    @property
    def single_cases(self) -> list[str]:
        """The cases that are one image, and no stack of several."""
        return [
            name for name, case in self.scenario.cases.items() if not case.lacks(Capability.SINGLE)
        ]

    @property
    def link(self) -> str:
        """The way from the registry to the engine, in words."""
        return self.header.link.text

    @property
    def noise(self) -> HostNoise | None:
        """The A/A noise of its host as it was known then; None where it was not."""
        noise = self.header.noise
        return HostNoise.from_data(written(noise)) if noise else None

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Every row of the standard for every case."""
        measured_on = dt.datetime.fromisoformat(self.header.at).date()
        host = self.header.host
        context = JudgeContext(
            link=self.link,
            host_cores=host["cores"],
            today=measured_on,
            complete=self.outcome == "complete",
            services=tuple(self.scenario.services),
            need_trials=Counter(key.case for key in self.header.plan if key.arm == Arm.NEED),
            host_memory_bytes=host.get("memory_bytes"),
            gpu_memory_bytes=sum(host.get("gpus_memory_bytes") or ()) or None,
            stopped=self.stopped,
            not_begun=self._not_begun,
        )
        return judge(
            self.scenario,
            self.checklist,
            self.images,
            self.results,
            context=context,
            failed_images=self.failed_images,
        )

    @property
    def _not_begun(self) -> str:
        """Why no trial was made at all; empty where some were to be."""
        if self.outcome != "stopped" or self.results:
            return ""
        return f"the run did not start, for {', '.join(self.failed_images)} has no image"

    @cached_property
    def comparisons(self) -> tuple[Comparison, ...]:
        """The comparisons that the scenario's `compare` asks for."""
        compare = self.scenario.compare
        if compare is None:
            return ()
        baseline = self.sample(compare.baseline)
        return tuple(
            comparison
            for candidate in compare.candidates
            for comparison in compare_cases(baseline, self.sample(candidate))
        )

    @cached_property
    def ladder_figures(self) -> tuple[LadderFigure, ...]:
        """Each metric along the rungs of the ladder that it measured; empty where it had none."""
        ladder = self.scenario.ladder
        if ladder is None:
            return ()
        cases = {name: case for name, case in ladder.cases.items() if case in self.scenario.cases}
        return follow_ladder([self.sample(case, name) for name, case in cases.items()])

    @property
    def all_comparisons(self) -> tuple[Comparison, ...]:
        """Those, and those with the earlier run."""
        return (*self.comparisons, *(self.baseline.comparisons if self.baseline else ()))

    @cached_property
    def regressions(self) -> tuple[Watched, ...]:
        """The result of the comparison with the earlier run for each metric that is judged."""
        if self.baseline is None:
            return ()
        own = self.scenario.own_metrics
        return tuple(watch_judged(self.baseline.comparisons, self.verdicts, own))

    @property
    def lacks_baseline(self) -> bool:
        """Whether it was to be compared with an earlier run, and is complete without that."""
        asked = bool(self.header.baseline)
        return asked and self.baseline is None and self.outcome == "complete"

    @cached_property
    def baseline_code(self) -> int:
        """The exit code of that comparison: 0, 1 for a regression, 3 where it cannot be told."""
        if self.lacks_baseline or (self.baseline is not None and self.baseline.unlike):
            return NOT_JUDGED
        return watched_exit_code(self.regressions)

    @cached_property
    def verdicts_code(self) -> int:
        """The exit code of the verdicts alone."""
        return exit_code(self.verdicts)

    @cached_property
    def exit_code(self) -> int:
        """The exit code of `bench run` on these results."""
        return gravest((self.interrupted, self.verdicts_code, self.baseline_code))

    def sample(self, case: str, name: str = "") -> ComparisonSide:
        """One case as a side of a comparison."""
        return ComparisonSide(
            name or case,
            case,
            self.results,
            self.images.get(case),
            self.noise,
            self.scenario.own_metrics,
            frozenset(
                verdict.metric
                for verdict in self.verdicts
                if verdict.arm == Arm.NEED and verdict.metric
            ),
        )

    @cached_property
    def trials(self) -> pd.DataFrame:
        """One row a trial."""
        return trials_table(self.results, self.scenario.own_metrics).frame()

    @cached_property
    def phases(self) -> pd.DataFrame:
        """One row a phase."""
        return phases_table(self.results).frame()

    @cached_property
    def layers(self) -> pd.DataFrame:
        """One row a layer of a pull."""
        return layers_table(self.results).frame()

    @cached_property
    def ladder(self) -> pd.DataFrame:
        """One row a metric and rung of its ladder, and one for the whole way of a metric."""
        return ladder_table(self.ladder_figures).frame()

    @cached_property
    def samples(self) -> pd.DataFrame:
        """One row a sample."""
        return samples_frame(self.results, self.sample_columns)


def load_run(path: str | Path) -> Run:
    """Read the run in the folder `path` from its journal.

    A line that a kill left torn is passed over; a trial without an end counts as interrupted.

    Raises:
        StoreError: there is none, it is damaged, or another version of bench wrote it.
    """
    folder = Path(path).resolve()
    journal = folder / FILE_NAME
    reading = read_journal(journal)
    header = reading.header
    try:
        scenario, notes = read_scenario(header.scenario)
        for name, threshold in scenario.thresholds.items():
            threshold_limit(name, threshold, scenario.own_metrics)
        columns = [events.samples() for events in reading.trials.values()]
        results = [
            result_of(events, samples)
            for events, samples in zip(reading.trials.values(), columns, strict=True)
        ]
        results = with_odds(results, scenario, reading.images, is_bounded=reading.is_bounded)
        results, columns = with_sums(with_doubts(results), columns)
    except UNSOUND as error:
        raise damage(journal, "is damaged", error) from error
    return Run(
        folder=folder,
        header=header,
        scenario=with_inferred(scenario, reading.images),
        checklist=_checklist(journal, header),
        images=reading.images,
        failed_images=reading.failed_images,
        faultless_images=frozenset(reading.faultless_images),
        stopped=reading.stopped,
        bases=reading.bases,
        results=tuple(results),
        sample_columns=tuple(columns),
        waits=tuple(reading.waits),
        # a run that was resumed says them again
        notes=tuple(dict.fromkeys([*reading.notes, *notes])),
        outcome=reading.outcome,
        ended_at=reading.ended_at,
        interrupted=reading.interrupted,
        baseline=reading.baseline,
    )


def result_of(events: TrialEvents, samples: Samples) -> TrialResult:
    """The result of a trial that does not contradict itself; one whose counters do is an error.

    Raises:
        ValueError: no bench can have written it.
    """
    course = course_of(events)
    refuse_contradictions(course, samples)
    result = derive(events, samples)
    doubt = doubts(course, samples) if result.status.counts else ""
    if not doubt:
        return result
    reason = f"{doubt}; {result.reason}".removesuffix("; ")
    return replace(result, status=TrialStatus.ERROR, reason=reason)


def _checklist(journal: Path, header: RunHeader) -> Checklist | None:
    if not header.checklist:
        return None
    try:
        return Checklist.from_data(header.checklist)
    except UsageError as error:
        raise StoreError(
            str(journal), f"its checklist is damaged: {error}", "the file was changed"
        ) from error

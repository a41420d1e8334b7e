"""The figures that reports show of a case: its trials summed up, metric by metric."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from bench.core.domain import CALIBRATION_CASE, Arm, TrialStatus
from bench.core.metrics import METRICS, Metric, Scope
from bench.core.schema_keywords import SchemaKeywords, one_of
from bench.journal.facts.comparison import Interval  # noqa: TC001 - pydantic reads the annotations
from bench.judge.evidence import Evidence, gather
from bench.judge.memory_arm import MEMORY
from bench.judge.statistics import stats
from bench.results.measured_states import states_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.analysis.model import TrialResult
    from bench.results.run import Run


@dataclass(frozen=True)
class MetricSummary:
    """One metric over the successful trials of a case.

    Attributes:
        metric: its name, which ends in its unit.
        cache: cache state of the trials.
        arm: `fit` under the case's limits, `need` without any.
        n: number of values.
        low: smallest value, in the metric's unit.
        median: likewise in its unit.
        high: largest value.
        interval: 95 % interval of the median, None with fewer than 6 values.
    """

    metric: str
    cache: str
    arm: Annotated[str, one_of(*Arm)]
    n: Annotated[int, SchemaKeywords({"minimum": 1})]
    low: float
    median: float
    high: float
    interval: Interval | None


def measured_states(run: Run, case: str) -> list[tuple[str, str]]:
    """The (cache, arm) pairs in which `case` has trials; see `measured_states.states_of`."""
    return states_of(run.results, case)


def evidence(run: Run, case: str, cache: str, arm: str = "fit") -> Evidence:
    """The trials of `case` that say something about its image."""
    asked = (case, cache, arm)
    if asked not in run.gathered:
        run.gathered[asked] = gather(run.results, case, arm=arm, cache=cache, planned=0)
    return run.gathered[asked]


def good_trials(run: Run, case: str, cache: str, arm: str = "fit") -> list[TrialResult]:
    """The successful trials of `case`, warm-ups apart."""
    return [
        trial for trial in evidence(run, case, cache, arm).trials if trial.status is TrialStatus.OK
    ]


def summaries(run: Run, case: str) -> list[MetricSummary]:
    """Every metric of `case` that its trials have, by cache state and arm."""
    return [
        trial
        for cache, arm in measured_states(run, case)
        for trial in summarise(good_trials(run, case, cache, arm), cache, arm, run.metrics)
    ]


def shown_summaries(run: Run, case: str) -> list[MetricSummary]:
    """The figures that reports show for `case`: each metric in one arm only.

    That is the arm with limits, and for memory the one that comparisons take.
    """
    of_memory = run.memory_arm
    return [
        summary
        for summary in summaries(run, case)
        if summary.arm == (of_memory if summary.metric in MEMORY else Arm.FIT)
    ]


def calibration(run: Run) -> list[MetricSummary]:
    """The figures of the do-nothing container; empty where none was run."""
    good = [
        trial
        for trial in run.results
        if trial.key.case == CALIBRATION_CASE and trial.status is TrialStatus.OK
    ]
    return summarise(good, good[0].key.cache, good[0].key.arm, METRICS) if good else []


def summarise(
    trials: Sequence[TrialResult], cache: str, arm: str, metrics: Mapping[str, Metric]
) -> list[MetricSummary]:
    """Every one of `metrics` that any of `trials` has, in their order."""
    found = []
    for name, metric in metrics.items():
        values = [trial.metrics[name] for trial in trials if name in trial.metrics]
        if metric.scope is Scope.TRIAL and values:
            found.append(
                MetricSummary(
                    metric=name,
                    cache=cache,
                    arm=arm,
                    n=len(values),
                    low=min(values),
                    median=stats.median(values),
                    high=max(values),
                    interval=stats.median_interval(values),
                )
            )
    return found


def status_counts(run: Run, case: str) -> dict[str, int]:
    """How many attempts of `case` ended in each status, warm-ups among them.

    Trials with the network cut are left out: what fails there is no fault of the measurement; and
    single services of a stack, which has trials of its own.
    """
    own = (
        trial
        for trial in run.results
        if trial.key.case == case and trial.key.network == "open" and not trial.service
    )
    tally = Counter(trial.status for trial in own)
    return {status.value: tally[status] for status in TrialStatus if tally[status]}

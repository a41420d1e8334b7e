"""Each metric of a case over the runs of a folder: its points, and where it changed.

Runs that were not measured in the same way are never in one trend: of two engines there are two.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from bench.core.domain import Arm
from bench.core.metrics import METRICS, Better, Metric, Scope
from bench.judge.changes import RunFigures, Shift, find_shifts
from bench.judge.memory_arm import MEMORY, by_need
from bench.judge.statistics import stats
from bench.judge.statistics.noise import HostNoise
from bench.results.circumstances import BASE, circumstances_differ

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from bench.journal.facts.comparison import Interval
    from bench.results.history import RecordedRuns
    from bench.results.run_figures import RecordedRun, Sample


@dataclass(frozen=True)
class TrendPoint:
    """One metric in one run.

    Attributes:
        run: name of the run's folder.
        at: UTC label of its start.
        figures: its values; none where the case failed.
        failed: trials that failed beside them.
        gap: why there are no values; empty where there are some.
    """

    run: str
    at: str
    figures: RunFigures
    failed: int = 0
    gap: str = ""

    @property
    def values(self) -> tuple[float, ...]:
        """Of the trials that count."""
        return self.figures.values

    @property
    def median(self) -> float | None:
        """Of the values; None at a gap."""
        return self.figures.median

    @cached_property
    def interval(self) -> Interval | None:
        """95 % interval of the median; None for fewer than 6 values."""
        return stats.median_interval(self.values) if self.values else None


@dataclass(frozen=True)
class Trend:
    """One metric of a case in one state over the runs that were measured alike.

    Attributes:
        scenario, case, cache, arm: of the trials; cache and arm are empty for the image's values.
        metric: of the table, or of a scenario.
        circumstances: of its newest run; see `circumstances`.
        unlike: what differs from the case's trends before it, in phrases; empty for the first.
        points: in the order of time, gaps among them, with values in at least one.
        shifts: where it changed, in the order of time; `Shift.index` counts the points.
    """

    scenario: str
    case: str
    cache: str
    arm: str
    metric: Metric
    circumstances: Mapping[str, str]
    unlike: tuple[str, ...]
    points: tuple[TrendPoint, ...]
    shifts: tuple[Shift, ...]

    @property
    def measured(self) -> list[TrendPoint]:
        """The points that have values."""
        return [point for point in self.points if point.values]


@dataclass(frozen=True)
class TrendChoice:
    """Which trends are wanted.

    Attributes:
        scenarios, cases: names; empty stands for all.
        metrics: names, in the order in which they are shown.
        last: newest runs of each scenario that are looked at; None for all.
        every_arm: whether each metric is wanted in both arms; else each in the one that reports
            show.
    """

    metrics: Sequence[str]
    scenarios: Collection[str] = ()
    cases: Collection[str] = ()
    last: int | None = None
    every_arm: bool = False

    def runs(self, runs: Sequence[RecordedRun]) -> dict[str, list[RecordedRun]]:
        """The runs wanted, by scenario: that with the newest run first."""
        found: dict[str, list[RecordedRun]] = {}
        for run in reversed(runs):
            wanted = not self.scenarios or run.name in self.scenarios
            same = found.setdefault(run.name, []) if wanted else []
            if wanted and (self.last is None or len(same) < self.last):
                same.append(run)
        return {name: same[::-1] for name, same in found.items()}


def trends(recorded: RecordedRuns, choice: TrendChoice) -> list[Trend]:
    """The trends wanted, by scenario, case, circumstances and state."""
    found: list[Trend] = []
    for scenario, runs in choice.runs(recorded.runs).items():
        noises = _noises(runs)
        cases = dict.fromkeys(case for run in reversed(runs) for case in run.cases)
        for case in cases:
            if not choice.cases or case in choice.cases:
                found += _of_case(scenario, case, runs, recorded, choice, noises)
    return found


def _of_case(
    scenario: str,
    case: str,
    runs: Sequence[RecordedRun],
    recorded: RecordedRuns,
    choice: TrendChoice,
    noises: Mapping[str, HostNoise | None],
) -> Iterator[Trend]:
    with_it = [run for run in runs if case in run.cases]
    samples = {
        run.folder: {
            (sample.cache, sample.arm, sample.metric): sample
            for sample in recorded.samples.get(run.folder, ())
            if sample.case == case
        }
        for run in with_it
    }
    of_image = [name for name in choice.metrics if _is_of_image(name)]
    of_trials = [name for name in choice.metrics if name not in of_image]
    for names, only in ((of_image, BASE), (of_trials, "")):
        groups = _alike(with_it, case, only)
        for before, group in zip([None, *groups], groups, strict=False):
            seen = group.runs[-1].cases[case]
            unlike = tuple(circumstances_differ(before.how, group.how)) if before else ()
            for cache, arm, name in _keys(group.runs, samples, names, choice):
                points = list(_points(group.runs, case, samples, noises, (cache, arm, name)))
                metric = METRICS.get(name) or _own(group.runs, name)
                shifts = tuple(find_shifts(metric, [point.figures for point in points]))
                yield Trend(scenario, case, cache, arm, metric, seen, unlike, tuple(points), shifts)


def _is_of_image(name: str) -> bool:
    return name in METRICS and METRICS[name].scope is Scope.IMAGE


def _own(group: Sequence[RecordedRun], name: str) -> Metric:
    found = (run.own[name] for run in reversed(group) if name in run.own)
    return next(found, Metric(name, "", name, Better.NEITHER, ""))


@dataclass(frozen=True)
class _Group:
    """Runs that were measured alike, and what is known of how."""

    how: dict[str, str]
    runs: list[RecordedRun]


def _alike(runs: Sequence[RecordedRun], case: str, only: str) -> list[_Group]:
    """The runs in groups that were measured alike, the group with the first run first.

    A run whose image was not made does not say from which base: a later one of its group does.
    """
    groups: list[_Group] = []
    for run in runs:
        own = _relevant(run, case, only)
        for group in groups:
            if not circumstances_differ(group.how, own):
                group.runs.append(run)
                if len(own) > len(group.how):
                    group.how.update({**own, **group.how})
                break
        else:
            groups.append(_Group(dict(own), [run]))
    return groups


def _relevant(run: RecordedRun, case: str, only: str) -> Mapping[str, str]:
    """Its circumstances; of an image's size, which no host changes, the bases alone."""
    found = run.cases[case]
    return {name: text for name, text in found.items() if name.startswith(only)} if only else found


def _keys(
    group: Sequence[RecordedRun],
    samples: Mapping[str, Mapping[tuple[str, str, str], Sample]],
    names: Sequence[str],
    choice: TrendChoice,
) -> list[tuple[str, str, str]]:
    """Cache state, arm and metric of each trend, states in their order, metrics in that asked."""
    found = list(dict.fromkeys(key for run in reversed(group) for key in samples[run.folder]))
    trials = dict.fromkeys(found, 0)
    for run in group:
        for key, sample in samples[run.folder].items():
            trials[key] += len(sample.values)
    states = dict.fromkeys((cache, arm) for cache, arm, _ in found)
    keys = [(*state, name) for state in states for name in names if (*state, name) in trials]
    if choice.every_arm:
        return keys
    return [key for key in keys if key[1] in ("", _shown_arm(key[2], trials))]


def _shown_arm(name: str, trials: Mapping[tuple[str, str, str], int]) -> str:
    """The arm in which reports show a metric; of memory, the one with trials enough by now."""
    if name not in MEMORY:
        return Arm.FIT
    most = {
        arm: max(
            (n for (_, of, metric), n in trials.items() if (of, metric) == (arm, name)), default=0
        )
        for arm in Arm
    }
    return Arm.NEED if by_need(most[Arm.NEED], most[Arm.FIT]) else Arm.FIT


def _points(
    group: Sequence[RecordedRun],
    case: str,
    samples: Mapping[str, Mapping[tuple[str, str, str], Sample]],
    noises: Mapping[str, HostNoise | None],
    key: tuple[str, str, str],
) -> Iterator[TrendPoint]:
    for run in group:
        sample = samples[run.folder].get(key)
        if sample is not None:
            noise = noises[run.folder]
            figures = RunFigures(sample.values, sample.step, sample.floor, noise)
            yield TrendPoint(run.folder, run.at, figures, sample.failed)
            continue
        states = ((key[0], key[1]), ("", ""))
        reasons = [
            gap.reason for gap in run.gaps if gap.case == case and (gap.cache, gap.arm) in states
        ]
        if reasons:
            yield TrendPoint(run.folder, run.at, RunFigures(()), gap=reasons[0])


def _noises(runs: Sequence[RecordedRun]) -> dict[str, HostNoise | None]:
    """The noise of each run's host, by folder; the same object where it is the same."""
    known: dict[str, HostNoise] = {}
    found: dict[str, HostNoise | None] = {}
    for run in runs:
        text = repr(run.noise)
        if run.noise is not None and text not in known:
            known[text] = HostNoise.from_data(run.noise)
        found[run.folder] = known.get(text)
    return found

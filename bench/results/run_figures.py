"""The part of a run that its history keeps: figures by case, state and metric, circumstances."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.core.metrics import METRICS, Better, Metric, Scope
from bench.judge.statistics.noise import HostNoise

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.judge.evidence import Evidence
    from bench.results.run import Run


class Sample(NamedTuple):
    """The values of one metric in one run; a tuple, as a folder has ten thousands of them.

    Attributes:
        case, cache, arm: the trials; cache and arm are empty for values of the image.
        values: of the successful trials.
        failed: how many trials failed beside them.
        step: the difference of medians up to which nothing can be told.
        floor: of the metric, what the runtime itself takes, or 0.
    """

    case: str
    cache: str
    arm: str
    metric: str
    values: tuple[float, ...]
    failed: int = 0
    step: float = 0.0
    floor: float = 0.0


@dataclass(frozen=True)
class Gap:
    """Trials of a run that give no figure, for the case failed.

    Attributes:
        case, cache, arm: the trials; cache and arm are empty where the case has no image.
        reason: why, in words.
    """

    case: str
    cache: str
    arm: str
    reason: str


@dataclass(frozen=True)
class RecordedRun:
    """A run as its history keeps it.

    Attributes:
        folder: name of its folder.
        run_id, at, name: its id, UTC label of its start, name of its scenario.
        cases: by case, how it was measured; see `circumstances`.
        gaps: where the case failed.
        noise: of its host, as `HostNoise.as_data` has it; None where it is not known.
        own: its scenario's own metrics, by name.
    """

    folder: str
    run_id: str
    at: str
    name: str
    cases: Mapping[str, Mapping[str, str]]
    gaps: tuple[Gap, ...] = ()
    noise: Mapping[str, Any] | None = None
    own: Mapping[str, Metric] = field(default_factory=dict)

    def as_data(self) -> dict[str, Any]:
        """As it stands in the index."""
        own = {name: [one.unit, one.title, one.better.value] for name, one in self.own.items()}
        return {
            "run_id": self.run_id,
            "at": self.at,
            "name": self.name,
            "cases": self.cases,
            "gaps": [[gap.case, gap.cache, gap.arm, gap.reason] for gap in self.gaps],
            "noise": self.noise,
            "own": own,
        }

    @classmethod
    def from_data(cls, folder: str, data: Mapping[str, Any]) -> RecordedRun:
        """Read back what `as_data` gave.

        Raises:
            KeyError, TypeError, ValueError, AttributeError: it is not that.
        """
        noise = data["noise"]
        return cls(
            folder=folder,
            run_id=str(data["run_id"]),
            at=str(data["at"]),
            name=str(data["name"]),
            cases={
                case: {name: str(text) for name, text in how.items()}
                for case, how in data["cases"].items()
            },
            gaps=tuple(Gap(*map(str, gap)) for gap in data["gaps"]),
            noise=None if noise is None else HostNoise.from_data(noise).as_data(),
            own={
                name: Metric(name, str(unit), str(title), Better(better), "")
                for name, (unit, title, better) in data["own"].items()
            },
        )


def record(run: Run) -> tuple[RecordedRun, list[Sample]]:
    """The run for its history, and the figures of its cases.

    Warm-ups, trials in a wrong state, interrupted ones, and those with the network cut or several
    containers at once give none. Where as many trials failed as succeeded or more, there is a gap:
    those that succeeded may be the fast ones.
    """
    from bench.results.circumstances import circumstances

    gaps: list[Gap] = []
    samples: list[Sample] = []
    for case in run.scenario.cases:
        if case in run.failed_images:
            gaps.append(Gap(case, "", "", "no image"))
        image = run.images.get(case)
        values = image.metric_values() if image else {}
        samples += [
            Sample(case, "", "", name, (value,), step=_image_step(name))
            for name, value in values.items()
            if METRICS[name].scope is Scope.IMAGE
        ]
        for found in _states(run, case):
            if isinstance(found, Gap):
                gaps.append(found)
            else:
                samples.append(found)
    noise = run.noise
    recorded = RecordedRun(
        folder=run.folder.name,
        run_id=run.run_id,
        at=run.header.at,
        name=run.header.name,
        cases={case: circumstances(run, case) for case in run.scenario.cases},
        gaps=tuple(gaps),
        noise=noise.as_data() if noise else None,
        own=run.scenario.own_metrics,
    )
    return recorded, samples


def _image_step(name: str) -> float:
    from bench.judge.resolution import step

    return step(METRICS[name])


def _states(run: Run, case: str) -> Iterator[Sample | Gap]:
    from bench.judge.resolution import runtime_floor
    from bench.results.summary import evidence, measured_states

    floors = runtime_floor(run.results)
    for cache, arm in measured_states(run, case):
        found = evidence(run, case, cache, arm)
        good = len(found.trials) - len(found.failed)
        if found.failed and len(found.failed) >= good:
            yield Gap(case, cache, arm, f"{len(found.failed)} of {len(found.trials)} trials failed")
        else:
            yield from _samples(run, found, (case, cache, arm), floors)


def _samples(
    run: Run, found: Evidence, state: tuple[str, str, str], floors: Mapping[str, float]
) -> Iterator[Sample]:
    from bench.core.domain import TrialStatus
    from bench.judge.compare import NOT_COMPARED
    from bench.judge.resolution import step

    rows = [trial.metrics for trial in found.trials if trial.status is TrialStatus.OK]
    for name, metric in run.metrics.items():
        values = tuple(row[name] for row in rows if math.isfinite(row.get(name, math.nan)))
        if values and metric.scope is Scope.TRIAL and name not in NOT_COMPARED:
            yield Sample(
                *state, name, values, len(found.failed), step(metric, rows), floors.get(name, 0.0)
            )

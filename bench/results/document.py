"""The shape of run.json, as dataclasses: its published schema is made from them.

Their docstrings are the descriptions in that schema. How run.json is written is in `export`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any

# ruff: noqa: TC001 - pydantic reads the annotations
from bench.core.domain import TrialStatus
from bench.core.exit_code import INTERRUPTED, MET, NOT_JUDGED, NOT_MET
from bench.core.schema_keywords import Moment, SchemaKeywords, one_of
from bench.journal.facts.baseline import Baseline
from bench.journal.facts.case import Stopped
from bench.journal.facts.comparison import Comparison
from bench.journal.facts.header import HostFacts, LinkSetting
from bench.journal.facts.image import BaseRecord, ImageFacts
from bench.journal.writer import SCHEMA_VERSION
from bench.judge.ladder import LadderFigure
from bench.judge.model import Outcome, Verdict
from bench.judge.verdicts import case_outcome
from bench.results.summary import MetricSummary, calibration, status_counts, summaries

if TYPE_CHECKING:
    from bench.judge.regression import Watched
    from bench.results.run import Run

_Attempts = Annotated[int, SchemaKeywords({"minimum": 1})]


@dataclass(frozen=True, kw_only=True)
class ImageDocument(ImageFacts):
    """An image as it was shipped; for a stack, all its images together.

    Attributes:
        metrics: the image's metrics by name.
    """

    metrics: dict[str, float]

    @classmethod
    def of(cls, image: ImageFacts) -> ImageDocument:
        """The document of an image."""
        return cls(**_held(image, ImageFacts), metrics=image.metric_values())


@dataclass(frozen=True)
class CaseDocument:
    """One case and what its trials amount to.

    Attributes:
        verdict: the gravest of its blocking verdicts.
        as_expected: whether everything was judged and came out as the scenario says.
        image: None where it has none.
        image_failed: why there is no image.
        bases: what the FROM lines stood for on that host.
        stopped: where it failed twice the same way before it was ready, how many of its trials
            were not made; None elsewhere.
        trials: attempts by status.
        summary: each metric by cache state and arm.
    """

    verdict: Outcome
    as_expected: bool
    image: ImageDocument | None
    image_failed: str | None
    bases: tuple[BaseRecord, ...]
    stopped: Stopped | None
    trials: dict[Annotated[str, one_of(*TrialStatus)], _Attempts]
    summary: tuple[MetricSummary, ...]

    @classmethod
    def of(cls, run: Run, case: str) -> CaseDocument:
        """The document of a case of `run`."""
        outcome = case_outcome([verdict for verdict in run.verdicts if verdict.case == case])
        image = run.images.get(case)
        return cls(
            verdict=outcome.outcome,
            as_expected=outcome.as_expected,
            image=ImageDocument.of(image) if image else None,
            image_failed=run.failed_images.get(case),
            bases=tuple(run.bases.get(case, ())),
            stopped=run.stopped.get(case),
            trials=status_counts(run, case),
            summary=tuple(summaries(run, case)),
        )


@dataclass(frozen=True)
class WatchedMetric:
    """A metric that a blocking rule judges, compared with the earlier run.

    Attributes:
        metric: its name.
        candidate: the case compared; empty where the metric was not compared.
        cache: cache state of the trials; empty where there are none, and for a metric of the
            image.
        outcome: `fail` for a regression.
        reason: how the outcome came about.
    """

    metric: str
    candidate: str
    cache: str
    outcome: Annotated[Outcome, one_of(Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE)]
    reason: str

    @classmethod
    def of(cls, watched: Watched) -> WatchedMetric:
        """The document of a metric that is watched."""
        comparison = watched.comparison
        return cls(
            metric=watched.fail_on.metric.name,
            candidate=comparison.candidate if comparison else "",
            cache=comparison.cache if comparison else "",
            outcome=watched.outcome,
            reason=watched.reason,
        )


@dataclass(frozen=True, kw_only=True)
class BaselineDocument(Baseline):
    """The comparison of this run with an earlier one.

    Attributes:
        watched: each metric that a blocking rule judges.
        exit_code: 0 no regression found, 1 a regression, 3 it cannot be told.
    """

    watched: tuple[WatchedMetric, ...]
    exit_code: Annotated[int, one_of(MET, NOT_MET, NOT_JUDGED)]

    @classmethod
    def of(cls, run: Run, baseline: Baseline) -> BaselineDocument:
        """The document of the comparison of `run` with its baseline."""
        watched = tuple(WatchedMetric.of(found) for found in run.regressions)
        return cls(**_held(baseline, Baseline), watched=watched, exit_code=run.baseline_code)


@dataclass(frozen=True)
class RunDocument:
    """One run of one scenario: what was measured where, and what it amounts to.

    Everything in it is computed from events.jsonl. What was not measured is null or absent, never
    zero.

    Attributes:
        schema_version: grows when a field changes its meaning or goes.
        run_id: also the name of the run's folder when it was made.
        name: name of the scenario.
        bench_version: version of the bench that measured.
        started_at: UTC label of the beginning.
        ended_at: UTC label of the end; None where the journal just ends.
        outcome: `stopped` where a case has no image and no trial was made; `cut off` where the
            journal just ends.
        seed: of the order of cases within the rounds.
        scenario_file: the scenario as it was named on the command line.
        scenario: the scenario with defaults merged, variables replaced and secrets redacted; each
            case has the digest of its image as `x-digest`.
        host: kernel, processor, memory and what could be measured.
        engine: the engine that ran the trials.
        link: the way from the registry to the engine.
        builder: what built the images.
        cases: by id of the case.
        calibration: what a do-nothing container took: the floor under every figure.
        verdicts: every row of the standard for every case.
        comparisons: what the scenario's `compare` asks for.
        ladder: of a run of `bench ladder`: each metric from rung to rung. Empty else.
        baseline: the comparison with the earlier run that `--baseline` named; None where none was.
        notes: what a reader must know.
        exit_code: 0 met, 1 measured and not met, 3 could not judge, 130 and 143 interrupted.
    """

    schema_version: Annotated[int, one_of(SCHEMA_VERSION)]
    run_id: str
    name: str
    bench_version: str
    started_at: Moment
    ended_at: Moment | None
    outcome: Annotated[str, one_of("complete", "interrupted", "stopped", "cut off")]
    seed: int
    scenario_file: str
    scenario: dict[str, Any]
    host: HostFacts
    engine: dict[str, Any]
    link: LinkSetting
    builder: dict[str, Any]
    cases: dict[str, CaseDocument]
    calibration: tuple[MetricSummary, ...]
    verdicts: tuple[Verdict, ...]
    comparisons: tuple[Comparison, ...]
    ladder: tuple[LadderFigure, ...]
    baseline: BaselineDocument | None
    notes: tuple[str, ...]
    exit_code: Annotated[int, one_of(MET, NOT_MET, NOT_JUDGED, *INTERRUPTED)]

    @classmethod
    def of(cls, run: Run) -> RunDocument:
        """The document of `run`."""
        header = run.header
        return cls(
            schema_version=SCHEMA_VERSION,
            run_id=run.run_id,
            name=header.name,
            bench_version=header.bench_version,
            started_at=header.at,
            ended_at=run.ended_at or None,
            outcome=run.outcome,
            seed=header.seed,
            scenario_file=header.scenario_file,
            scenario=_scenario(run),
            host=header.host,
            engine=header.engine,
            link=header.link,
            builder=header.builder,
            cases={case: CaseDocument.of(run, case) for case in run.scenario.cases},
            calibration=tuple(calibration(run)),
            verdicts=run.verdicts,
            comparisons=run.comparisons,
            ladder=run.ladder_figures,
            baseline=BaselineDocument.of(run, run.baseline) if run.baseline else None,
            notes=run.notes,
            exit_code=run.exit_code,
        )


def _scenario(run: Run) -> dict[str, Any]:
    """The scenario as it was resolved, each case with the digest that its trials ran."""
    tree = dict(run.header.scenario)
    tree["cases"] = {
        case: {**entry, "x-digest": run.images[case].digest} if case in run.images else entry
        for case, entry in tree["cases"].items()
    }
    return tree


def _held(value: Any, form: type) -> dict[str, Any]:
    """The fields that `value` has as a `form`, and not those of their own."""
    return {field.name: getattr(value, field.name) for field in fields(form)}

"""Two groups of trials side by side, metric by metric, with p-values corrected.

The correction runs over all metrics of one cache state and arm. Six trials against six give at
best p = 0.0022; multiplied by their number, nothing would be left to call. But metrics go up and
down together, and `multiple_testing` makes use of that.

Memory is compared in the need arm, with the image in place and without limits (`memory_arm`), and
so is what a rule judges there.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bench.core.domain import Arm, CacheState, TrialStatus
from bench.core.metrics import METRICS, Metric, Scope
from bench.journal.facts.comparison import BandFrom, Comparison
from bench.judge.evidence import Evidence, gather
from bench.judge.finding import sentence
from bench.judge.memory_arm import CHARGED_ELSEWHERE, MEMORY, by_need
from bench.judge.resolution import runtime_floor, step
from bench.judge.statistics.difference import ALPHA, Pair, call_difference, call_once
from bench.judge.statistics.multiple_testing import correct
from bench.judge.statistics.noise import PRACTICAL_BAND, Band, band_for
from bench.judge.stops import STOP_TIMES, call_killed, killed_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bench.analysis.model import TrialResult
    from bench.journal.facts.comparison import Difference
    from bench.journal.facts.image import ImageFacts
    from bench.judge.statistics.noise import HostNoise

    Rows = Sequence[Mapping[str, float]]

NOT_COMPARED = ("exit_code", "ready_resolution_s")
"""A code has no size, and the resolution belongs to the measurement, not to the image."""


@dataclass(frozen=True)
class ComparisonSide:
    """One side of a comparison.

    Attributes:
        name: what reports call it (`bad`, or `RUN:case`).
        case: id of the case whose trials are meant.
        trials: trials of the run; those of other cases, and attempts that say nothing of the
            image, are passed over.
        image: what is known of the case's image, or None.
        noise: of the host it was measured on, or None where it is not known.
        own: the metrics that its scenario defines, by name.
        without_limits: the metrics that are judged on trials without limits.
    """

    name: str
    case: str
    trials: tuple[TrialResult, ...]
    image: ImageFacts | None = None
    noise: HostNoise | None = None
    own: Mapping[str, Metric] = field(default_factory=dict)
    without_limits: frozenset[str] = frozenset()

    def caches(self) -> list[str]:
        """The cache states in which the case was measured under its limits, in their order."""
        found = [
            trial.key.cache
            for trial in self.trials
            if (trial.key.case, trial.key.arm, trial.key.network) == (self.case, Arm.FIT, "open")
            and not trial.key.warmup
            and not trial.key.replicas
        ]
        return list(dict.fromkeys(found))

    def evidence(self, cache: str) -> Evidence:
        """The trials of that cache state which say something of the image."""
        return gather(self.trials, self.case, arm=Arm.FIT, cache=cache, planned=0)

    @property
    def need(self) -> Evidence:
        """Those without limits, with the image in place."""
        return gather(self.trials, self.case, arm=Arm.NEED, cache=None, planned=0)


@dataclass(frozen=True)
class _Samples:
    """The trials of both sides that are compared.

    Attributes:
        sides: baseline and candidate.
        evidence: of each.
        cache, arm: what they have in common.
        metrics: by name, those to compare.
    """

    sides: tuple[ComparisonSide, ComparisonSide]
    evidence: tuple[Evidence, Evidence]
    cache: str
    arm: Arm
    metrics: Mapping[str, Metric]

    @property
    def rows(self) -> tuple[Rows, Rows]:
        """The metrics of the successful trials."""
        return _ok_rows(self.evidence[0]), _ok_rows(self.evidence[1])

    @property
    def fewest(self) -> int:
        """How many of these there are on the side that has fewer."""
        return min(map(len, self.rows))

    @property
    def fewest_made(self) -> int:
        """Likewise, those counted in which the image failed."""
        return min(len(side.trials) for side in self.evidence)


def compare_cases(
    baseline: ComparisonSide, candidate: ComparisonSide, *, practical: float = PRACTICAL_BAND
) -> list[Comparison]:
    """Every metric that either side has: of the images, by cache state, then of the need arm.

    Trials that failed have no values to compare and are named in the reason. What decides is
    the p-value corrected for all metrics of the cache state, and the larger of `practical` and
    the host's noise. Where no cache state is common to both, the baseline's are not-measured.
    """
    found = []
    for pair in _image_pairs(baseline, candidate):
        band = Band(practical, BandFrom.PRACTICAL)
        found.append(_comparison(baseline, candidate, pair, call=call_once(pair, band), band=band))
    for samples in _samples(baseline, candidate):
        found += _compare_trials(samples, practical)
    return found


def _samples(baseline: ComparisonSide, candidate: ComparisonSide) -> Iterator[_Samples]:
    sides = baseline, candidate
    metrics = common_metrics(baseline.own, candidate.own)
    common = [cache for cache in baseline.caches() if cache in candidate.caches()]
    caches = common or baseline.caches()
    fit = [
        _Samples(
            sides, (baseline.evidence(cache), candidate.evidence(cache)), cache, Arm.FIT, metrics
        )
        for cache in caches
    ]
    need = _Samples(
        sides, (baseline.need, candidate.need), CacheState.IMAGE.value, Arm.NEED, metrics
    )
    judged = (baseline.without_limits | candidate.without_limits) - set(MEMORY)
    under_limits = max((samples.fewest for samples in fit), default=0)
    if by_need(need.fewest_made, under_limits):
        judged |= set(MEMORY)
        others = {name: metric for name, metric in metrics.items() if name not in MEMORY}
        fit = [replace(samples, metrics=others) for samples in fit]
    yield from fit
    yield replace(
        need, metrics={name: metric for name, metric in metrics.items() if name in judged}
    )


def _compare_trials(samples: _Samples, practical: float) -> Iterator[Comparison]:
    baseline, candidate = samples.sides
    sides, rows = samples.evidence, samples.rows
    left_out = sentence(_left_out(baseline, sides[0]), _left_out(candidate, sides[1]))
    pairs = _trial_pairs(samples)
    killed = killed_words(_ok(sides[0])), killed_words(_ok(sides[1]))
    if any(killed):
        pairs = [_without_kills(pair) if pair.metric.name in STOP_TIMES else pair for pair in pairs]
    tested = {pair.metric.name: pair.p_value for pair in pairs if pair.p_value is not None}
    together = correct(*rows, tested, ALPHA)
    for pair in pairs:
        name = pair.metric.name
        corrected_p = together.corrected.get(name)
        band = band_for(name, pair.medians[0], (baseline.noise, candidate.noise), practical)
        if any(killed) and name in STOP_TIMES:
            names = baseline.name, candidate.name
            call = call_killed(names, rows, killed, together.corrected.get("stop_killed"))
            found = replace(
                _comparison(baseline, candidate, pair, call=call, band=band),
                ratio=None,
                killed_baseline=killed[0],
                killed_candidate=killed[1],
            )
        else:
            call = call_difference(pair, band, corrected_p, len(tested))
            found = _comparison(baseline, candidate, pair, call=call, band=band)
        yield replace(
            found,
            reason=sentence(found.reason, _remark(samples, name), left_out),
            cache=samples.cache,
            arm=samples.arm.value,
            corrected_p=corrected_p,
            effect=pair.effect,
            failed_baseline=len(sides[0].failed),
            failed_candidate=len(sides[1].failed),
            detectable=pair.detectable(band, together.alpha),
        )


def _remark(samples: _Samples, metric: str) -> str:
    """The note on memory that was not measured in the need arm."""
    pulled = samples.arm is Arm.FIT and CacheState(samples.cache).is_pulled
    return CHARGED_ELSEWHERE if pulled and metric in MEMORY else ""


def _without_kills(pair: Pair) -> Pair:
    """The pair without interval and test, which a time that the scenario sets does not have."""
    return replace(pair, bounds=None, p_value=None)


def _image_pairs(baseline: ComparisonSide, candidate: ComparisonSide) -> list[Pair]:
    before, after = (
        side.image.metric_values() if side.image else {} for side in (baseline, candidate)
    )
    return [
        Pair(metric, _single(before, name), _single(after, name), step=step(metric))
        for name, metric in METRICS.items()
        if metric.scope is Scope.IMAGE and (name in before or name in after)
    ]


def _single(values: dict[str, float], name: str) -> tuple[float, ...]:
    return (values[name],) if name in values else ()


def common_metrics(first: Mapping[str, Metric], second: Mapping[str, Metric]) -> dict[str, Metric]:
    """The metrics that two sides may be compared by: of the table, and of their scenarios' own.

    What the two define under one name with another unit or direction is not the same metric.
    """
    own = {**first, **second}
    for name in set(first) & set(second):
        if (first[name].unit, first[name].better) != (second[name].unit, second[name].better):
            del own[name]
    return {**METRICS, **own}


def _trial_pairs(samples: _Samples) -> list[Pair]:
    pairs = []
    floors = [runtime_floor(side.trials) for side in samples.sides]
    for name, metric in samples.metrics.items():
        if metric.scope is Scope.IMAGE or name in NOT_COMPARED:
            continue
        before, after = ([row[name] for row in rows if name in row] for rows in samples.rows)
        if before or after:
            floor = min(found.get(name, 0.0) for found in floors)
            pairs.append(Pair.of(metric, before, after, step(metric, *samples.rows, floor=floor)))
    return pairs


def _ok(evidence: Evidence) -> list[TrialResult]:
    return [trial for trial in evidence.trials if trial.status is TrialStatus.OK]


def _ok_rows(evidence: Evidence) -> Rows:
    """The metrics of each successful trial."""
    return [trial.metrics for trial in _ok(evidence)]


def _left_out(side: ComparisonSide, evidence: Evidence) -> str:
    if not evidence.failed:
        return ""
    return f"{side.name}: {evidence.failures()}, left out of the comparison"


def _comparison(
    baseline: ComparisonSide,
    candidate: ComparisonSide,
    pair: Pair,
    *,
    call: tuple[Difference, str],
    band: Band,
) -> Comparison:
    before, after = pair.medians
    return Comparison(
        baseline=baseline.name,
        candidate=candidate.name,
        metric=pair.metric.name,
        cache="",
        arm="",
        n_baseline=len(pair.baseline),
        n_candidate=len(pair.candidate),
        baseline_median=before,
        candidate_median=after,
        ratio=pair.ratio,
        interval=pair.interval,
        p_value=pair.p_value,
        band=band.share,
        difference=call[0],
        reason=call[1],
        band_from=band.origin,
        title=pair.metric.title,
        unit=pair.metric.unit,
    )

"""Two groups of trials side by side, metric by metric, with p-values corrected.

The correction (Holm) runs over the metrics of one unit, not over all at once. Six trials
against six give at best p = 0.0022; corrected over 24 metrics or more, nothing could ever be
called different. The times, at most 13, and the sizes are families small enough for six trials.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.errors import CompareError
from bench.judge import stats
from bench.judge.difference import Pair, call_difference, call_once
from bench.judge.evidence import Evidence, gather
from bench.judge.finding import sentence
from bench.judge.model import Comparison, Difference
from bench.metrics import METRICS, Scope
from bench.results.model import ImageFacts, TrialResult, TrialStatus
from bench.scenario.model import Arm

if TYPE_CHECKING:
    from collections.abc import Sequence

BAND = 0.05
"""Practical band: ratios of medians within 1 ± this are nobody's concern."""

NOT_COMPARED = ("exit_code", "ready_resolution_s")
"""A code has no size, and the resolution belongs to the measurement, not to the image."""


@dataclass(frozen=True)
class Sample:
    """One side of a comparison.

    Attributes:
        name: what reports call it (`bad`, or `RUN:case`).
        case: id of the case whose trials are meant.
        trials: trials of the run; those of other cases, and attempts that say nothing of the
            image, are passed over.
        image: what is known of the case's image, or None.
    """

    name: str
    case: str
    trials: tuple[TrialResult, ...]
    image: ImageFacts | None = None

    def caches(self) -> list[str]:
        """The cache states in which the case was measured under its limits, in their order."""
        found = [
            one.key.cache
            for one in self.trials
            if one.key.case == self.case and one.key.arm == Arm.FIT and not one.key.warmup
        ]
        return list(dict.fromkeys(found))

    def evidence(self, cache: str) -> Evidence:
        """The trials of that cache state which say something of the image."""
        return gather(self.trials, self.case, arm=Arm.FIT, cache=cache, planned=0)


def compare_cases(
    baseline: Sample,
    candidate: Sample,
    *,
    band: float = BAND,
    resamples: int = stats.RESAMPLES,
    seed: int = stats.SEED,
) -> list[Comparison]:
    """Every metric that either side has: first those of the images, then by cache state.

    Trials that failed have no values to compare and are named in the reason. `p_value` is the
    raw one; the decision uses the corrected one, which the reason names.

    Raises:
        CompareError: the two were measured in different cache states.
    """
    caches = [one for one in baseline.caches() if one in candidate.caches()]
    if not caches and baseline.caches() and candidate.caches():
        raise CompareError(
            f"{baseline.name} and {candidate.name}",
            f"have no cache state in common: {', '.join(baseline.caches())} "
            f"against {', '.join(candidate.caches())}",
            "measure both with the same `cache`",
        )
    found = []
    for pair in _image_pairs(baseline, candidate):
        call = call_once(pair, band)
        found.append(_comparison(baseline, candidate, pair, band=band, call=call))
    for cache in caches:
        sides = baseline.evidence(cache), candidate.evidence(cache)
        pairs = _trial_pairs(*sides, resamples=resamples, seed=seed)
        left_out = sentence(_left_out(baseline, sides[0]), _left_out(candidate, sides[1]))
        for pair, (corrected, family) in zip(pairs, _corrected(pairs), strict=True):
            difference, reason = call_difference(pair, band, corrected, family)
            call = difference, sentence(reason, left_out)
            found.append(_comparison(baseline, candidate, pair, band=band, call=call, cache=cache))
    return found


def _image_pairs(baseline: Sample, candidate: Sample) -> list[Pair]:
    one, other = (side.image.metrics() if side.image else {} for side in (baseline, candidate))
    return [
        Pair(metric, _single(one, name), _single(other, name))
        for name, metric in METRICS.items()
        if metric.scope is Scope.IMAGE and (name in one or name in other)
    ]


def _single(values: dict[str, float], name: str) -> tuple[float, ...]:
    return (values[name],) if name in values else ()


def _trial_pairs(
    baseline: Evidence, candidate: Evidence, *, resamples: int, seed: int
) -> list[Pair]:
    pairs = []
    for name, metric in METRICS.items():
        if metric.scope is Scope.IMAGE or name in NOT_COMPARED:
            continue
        one, other = _ok_values(baseline, name), _ok_values(candidate, name)
        if one or other:
            pairs.append(Pair.of(metric, one, other, resamples=resamples, seed=seed))
    return pairs


def _ok_values(evidence: Evidence, name: str) -> list[float]:
    ok = (one for one in evidence.trials if one.status is TrialStatus.OK)
    return [one.metrics[name] for one in ok if name in one.metrics]


def _corrected(pairs: Sequence[Pair]) -> list[tuple[float | None, int]]:
    """For each pair its p-value corrected within its unit, and the size of that family."""
    families: defaultdict[str, list[int]] = defaultdict(list)
    for index, pair in enumerate(pairs):
        if pair.p_value is not None:
            families[pair.metric.unit].append(index)
    found: list[tuple[float | None, int]] = [(None, 0)] * len(pairs)
    for members in families.values():
        raw = [pairs[index].p_value or 0.0 for index in members]
        for index, p_value in zip(members, stats.holm(raw), strict=True):
            found[index] = p_value, len(members)
    return found


def _left_out(side: Sample, evidence: Evidence) -> str:
    if not evidence.failed:
        return ""
    return f"{side.name}: {evidence.failures()}, left out here"


def _comparison(
    baseline: Sample,
    candidate: Sample,
    pair: Pair,
    *,
    band: float,
    call: tuple[Difference, str],
    cache: str = "",
) -> Comparison:
    one, other = pair.medians
    return Comparison(
        baseline=baseline.name,
        candidate=candidate.name,
        metric=pair.metric.name,
        cache=cache,
        arm=Arm.FIT.value if cache else "",
        n_baseline=len(pair.baseline),
        n_candidate=len(pair.candidate),
        baseline_median=one,
        candidate_median=other,
        ratio=pair.ratio,
        interval=pair.interval,
        p_value=pair.p_value,
        band=band,
        difference=call[0],
        reason=call[1],
    )

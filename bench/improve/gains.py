"""Gains of mends, and whether each is kept: from comparisons of every step with the one before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.core.domain import CacheState
from bench.dockerfile.mends.mend import Footing
from bench.journal.facts.comparison import Difference
from bench.judge.compare import compare_cases

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.dockerfile.mends.mend import Mend
    from bench.journal.facts.comparison import Comparison
    from bench.results.run import Run

SHOWN = ("image_size_bytes", "image_transfer_bytes", "startup_s", "memory_peak_bytes", "stop_s")
"""The metrics in which gains are shown."""

SIZES = ("image_size_bytes", "image_transfer_bytes")
"""Those of the image itself, which have no noise."""
_LEAST_BYTES = {Footing.CERTAIN: 100_000, Footing.TRY: 1_000_000}
"""Two builds of one Dockerfile differ by their time stamps, which is less; a try is worth more."""
_ENOUGH_TRIALS = 6
"""With fewer on each side no difference is called."""
_PROBABLE = 0.9
"""The ratio of medians up to which fewer trials are believed."""


@dataclass(frozen=True)
class Gain:
    """What one mend brought.

    Attributes:
        mend: which.
        metrics: each shown metric that both sides have, against the step before.
        is_kept: whether it stays in the improved Dockerfile.
        reason: why, in a few words.
    """

    mend: Mend
    metrics: dict[str, Comparison]
    is_kept: bool
    reason: str


def gains_of(run: Run, mends: Sequence[Mend], first: str) -> list[Gain]:
    """What each mend brought, in a run whose cases are `first` and then one for each, by its id."""
    gains = []
    earlier = first
    for mend in mends:
        metrics = metrics_between(run, earlier, mend.id)
        is_kept, reason = decided(mend, metrics.values())
        gains.append(Gain(mend, metrics, is_kept, reason))
        earlier = mend.id
    return gains


def metrics_between(run: Run, baseline: str, candidate: str) -> dict[str, Comparison]:
    """Every metric of one case against another, by its name; of several states, the coldest."""
    order = {state.value: number for number, state in enumerate(CacheState)}
    found: dict[str, Comparison] = {}
    for it in compare_cases(run.sample(baseline), run.sample(candidate)):
        earlier = found.get(it.metric)
        if earlier is None or order.get(it.cache, 0) < order.get(earlier.cache, 0):
            found[it.metric] = it
    return found


def decided(mend: Mend, metrics: Iterable[Comparison]) -> tuple[bool, str]:
    """Whether a mend is kept, and why.

    One that has to bring a gain is left out where none can be told from noise. Sizes of images
    have no noise. With too few trials to call a difference, a try is kept only if a median falls
    by a tenth; one that is certain to be right is kept.
    """
    by_name = {it.metric: it for it in metrics}
    expected = [by_name[name] for name in mend.improves if name in by_name]
    if any(it.difference is Difference.BETTER or _is_smaller(it, mend.footing) for it in expected):
        return True, "measured"
    if any(it.killed_baseline and not it.killed_candidate for it in expected):
        return True, "measured: the stop is no longer a kill"
    if not mend.must_gain:
        return True, "kept for what one start does not show"
    few = [it for it in expected if it.metric not in SIZES and _trials(it) < _ENOUGH_TRIALS]
    if any(it.ratio is not None and it.ratio <= _PROBABLE for it in few):
        return True, f"probable: {_trials(few[0])} trials are too few to call a difference"
    if few and mend.footing is Footing.CERTAIN:
        return True, f"kept: {_trials(few[0])} trials are too few to call a difference"
    return False, "no measurable gain; left out"


def _trials(comparison: Comparison) -> int:
    return min(comparison.n_baseline, comparison.n_candidate)


def _is_smaller(it: Comparison, footing: Footing) -> bool:
    """Whether a size fell by enough."""
    if it.metric not in SIZES or it.baseline_median is None or it.candidate_median is None:
        return False
    return it.baseline_median - it.candidate_median > _LEAST_BYTES[footing]

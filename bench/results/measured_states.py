"""In which states the cases of a run were measured, and by which trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.domain import SIZE_ARM, Arm, TrialStatus
from bench.judge.evidence import gather
from bench.judge.memory_arm import by_need

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.analysis.model import TrialResult


def states_of(results: Sequence[TrialResult], case: str) -> list[tuple[str, str]]:
    """The (cache, arm) pairs in which `case` has trials, in the order of time.

    Left out are warm-ups, trials with the network cut, containers started several at once, and
    the sizes that `bench right-size` tried.
    """
    found = [
        (trial.key.cache, trial.key.arm)
        for trial in results
        if trial.key.case == case
        and not trial.key.warmup
        and not trial.key.replicas
        and trial.key.network == "open"
        and trial.key.arm != SIZE_ARM
    ]
    return list(dict.fromkeys(found))


def memory_shown_in(results: Sequence[TrialResult], cases: Iterable[str]) -> Arm:
    """The arm that has trials enough in every case; see `memory_arm.by_need`."""
    of = list(cases)
    fewest = {arm: min((_most_trials(results, case, arm) for case in of), default=0) for arm in Arm}
    return Arm.NEED if by_need(fewest[Arm.NEED], fewest[Arm.FIT]) else Arm.FIT


def _most_trials(results: Sequence[TrialResult], case: str, arm: Arm) -> int:
    """How many good trials `case` has in the state of this arm in which it has most."""
    caches = [cache for cache, other in states_of(results, case) if other == arm]
    return max((_good(results, case, cache, arm) for cache in caches), default=0)


def _good(results: Sequence[TrialResult], case: str, cache: str, arm: Arm) -> int:
    found = gather(results, case, arm=arm, cache=cache, planned=0)
    return sum(trial.status is TrialStatus.OK for trial in found.trials)

"""Containers of one case that were started at once, as a group with figures of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING

from bench.core.domain import TrialKey, TrialStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.analysis.model import TrialResult


@dataclass(frozen=True)
class ReplicaGroup:
    """One start of several containers at once.

    Attributes:
        replicas: how many there were.
        trials: one for each, by their numbers.
    """

    replicas: int
    trials: tuple[TrialResult, ...]

    @property
    def ready(self) -> tuple[TrialResult, ...]:
        """Those that got ready."""
        return tuple(trial for trial in self.trials if "startup_s" in trial.metrics)

    @property
    def times_s(self) -> list[float]:
        """From the moment of the start calls to ready, of those that got ready, the first first."""
        return sorted(trial.metrics["startup_s"] for trial in self.ready)

    @property
    def first_s(self) -> float | None:
        """Until the first was ready."""
        return min(self.times_s, default=None)

    @property
    def median_s(self) -> float | None:
        """Until half of them were ready; None where any was never."""
        return median(self.times_s) if self._is_whole else None

    @property
    def last_s(self) -> float | None:
        """Until the last was ready; None where any was never."""
        return max(self.times_s) if self._is_whole else None

    @property
    def per_second(self) -> float | None:
        """Throughput: how many got ready a second, until the last did."""
        last_s = self.last_s
        return self.replicas / last_s if last_s else None

    def median_of(self, metric: str) -> float | None:
        """The median of a metric over the replicas; None where any has none."""
        values = [trial.metrics[metric] for trial in self.trials if metric in trial.metrics]
        return median(values) if len(values) == self.replicas else None

    @property
    def _is_whole(self) -> bool:
        return len(self.ready) == self.replicas


@dataclass(frozen=True)
class ReplicaEvidence:
    """All that a run has of the groups of a case.

    Attributes:
        groups: the last whole attempt at each, in the order of the plan.
        lost: of those that have none, the replicas that came to nothing for another's fault.
    """

    groups: tuple[ReplicaGroup, ...]
    lost: tuple[TrialResult, ...] = ()


def replica_evidence(trials: Iterable[TrialResult], case: str) -> ReplicaEvidence:
    """The groups of `case` among `trials`."""
    attempts: dict[TrialKey, dict[int, list[TrialResult]]] = {}
    for trial in trials:
        if trial.key.case == case and trial.key.replicas:
            key = replace(trial.key, replica=0)
            attempts.setdefault(key, {}).setdefault(trial.attempt, []).append(trial)
    groups, lost = [], []
    for key, tries in attempts.items():
        whole = [number for number, members in tries.items() if _is_whole(members, key.replicas)]
        if whole:
            members = sorted(tries[max(whole)], key=lambda attempt: attempt.key.replica)
            groups.append(ReplicaGroup(key.replicas, tuple(members)))
        else:
            lost += [attempt for attempt in tries[max(tries)] if _is_lost(attempt)]
    return ReplicaEvidence(tuple(groups), tuple(lost))


def _is_whole(members: Sequence[TrialResult], replicas: int) -> bool:
    return len(members) == replicas and all(member.status.counts for member in members)


def _is_lost(trial: TrialResult) -> bool:
    return trial.status in (TrialStatus.ERROR, TrialStatus.INVALID)

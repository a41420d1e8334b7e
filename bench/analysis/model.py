"""The values that results are made of; frozen, and free of pandas, engines and files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.journal.facts.trial import TrialFacts

if TYPE_CHECKING:
    from bench.analysis.pull_path import PullPath
    from bench.core.domain import TrialKey, TrialStatus
    from bench.journal.facts.pull import LayerPull


@dataclass(frozen=True)
class PhaseSpan:
    """A named stretch of a trial, in seconds from the trial's zero.

    The zero is the start of the pull, or of the create call where nothing is pulled; what
    prepares the cache state lies before it and is negative.
    """

    phase: str
    start_s: float
    end_s: float
    clock: str
    resolution_s: float | None = None

    @property
    def duration_s(self) -> float:
        """Length of the stretch in seconds."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class TrialResult:
    """One trial with every metric that was measured in it; what is absent was not.

    Attributes:
        metrics: values by metric name, in the metric's unit.
        facts: further things recorded about the trial.
        zero_ns: the trial's zero; of one that has none on record, as far as it can be told.
        method: how its samples were read, such as `cgroup-v2`; empty where there are none.
        unsampled: of a stack, the services without samples.
        path: its pull taken apart; None where nothing was pulled, or it broke off.
    """

    trial_id: str
    key: TrialKey
    attempt: int
    status: TrialStatus
    reason: str
    service: str = ""
    metrics: dict[str, float] = field(default_factory=dict)
    phases: tuple[PhaseSpan, ...] = ()
    layers: tuple[LayerPull, ...] = ()
    log_tail: tuple[str, ...] = ()
    facts: TrialFacts = field(default_factory=TrialFacts)
    zero_ns: int = 0
    method: str = ""
    unsampled: tuple[str, ...] = ()
    path: PullPath | None = None

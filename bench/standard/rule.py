"""One rule of a standard, as judging takes it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bench.core.capability import Capability
from bench.core.domain import Arm, CacheState, Severity
from bench.core.metrics import METRICS, Metric

if TYPE_CHECKING:
    from bench.standard.thresholds import Aggregate, Limit


class ExtraTrials(StrEnum):
    """Trials beside those of the rounds, made where a check needs them."""

    NONE = "none"
    """Those of the rounds will do."""

    NEED = "need"
    """Without limits."""
    CUT = "cut"
    """With the network cut off."""
    REPLICAS = "replicas"
    """Several containers started at once."""


@dataclass(frozen=True)
class Needs:
    """The requirements of a check.

    Attributes:
        metric: that its limit is on; empty where it has no limit.
        trials: made for it.
        capabilities: of what it judges; without one of them there is no figure.
    """

    metric: str = ""
    trials: ExtraTrials = ExtraTrials.NONE
    capabilities: tuple[Capability, ...] = ()

    @property
    def arm(self) -> Arm:
        """The arm of the trials that it is judged on."""
        return Arm.NEED if self.trials is ExtraTrials.NEED else Arm.FIT


class Judgement(StrEnum):
    """A judgement that takes code: `bench/judge/checks` has a module of each name."""

    EGRESS = "egress"
    MEMORY_NEED = "memory-need"
    CPU_DEMAND = "cpu-demand"
    SCALE_OUT = "scale-out"

    @property
    def needs(self) -> Needs:
        """Its requirements."""
        return _NEEDS[self]


_NEEDS = {
    Judgement.EGRESS: Needs("", ExtraTrials.CUT, (Capability.CONTACTS,)),
    Judgement.MEMORY_NEED: Needs("memory_peak_bytes", ExtraTrials.NEED),
    Judgement.CPU_DEMAND: Needs("cpu_demand_cores_peak", ExtraTrials.NEED),
    Judgement.SCALE_OUT: Needs("", ExtraTrials.REPLICAS, (Capability.REPLICAS,)),
}


@dataclass(frozen=True)
class Rule:
    """One rule and what it is judged on.

    Attributes:
        id: what verdicts, `checks:` and `expect:` call it.
        title: a few words for a table's row.
        rule: what is asked, in a sentence.
        why: what goes wrong otherwise.
        remedy: what to do about a failure.
        judged_on: how it is judged, in words; may be empty.
        misleads: when not to trust it; may be empty.
        check: the judgement made in code; None for a metric against a limit.
        metric: the metric judged; empty for a check without a limit.
        own: the metric where a scenario defines it; None for one of the table.
        over: how the trials' values become one; None for a check without a limit.
        limit: in the metric's unit; None for a check without one.
        cache: cache state of the trials; None means cold where the case has it, else its first.
        else_first: whether a case without that state is judged in its first.
        arm: arm of the trials.
        severity: whether a failure changes the exit code.
        required: whether a missing figure keeps the run from being judged.
    """

    id: str
    title: str
    rule: str
    why: str
    remedy: str
    judged_on: str = ""
    misleads: str = ""
    check: Judgement | None = None
    metric: str = ""
    over: Aggregate | None = None
    limit: Limit | None = None
    cache: CacheState | None = None
    else_first: bool = False
    arm: Arm = Arm.FIT
    severity: Severity = Severity.BLOCK
    required: bool = True
    own: Metric | None = None

    @property
    def measured(self) -> Metric:
        """The metric judged, in full.

        Raises:
            KeyError: the rule has none.
        """
        return self.own or METRICS[self.metric]

    @property
    def bound(self) -> Limit:
        """The limit of a rule that has one."""
        assert self.limit is not None, f"{self.id} has no limit"
        return self.limit

    @property
    def limit_text(self) -> str:
        """The limit for people, such as `<= 30.0 s`; empty where there is none."""
        return self.limit.text(self.measured.unit) if self.limit else ""

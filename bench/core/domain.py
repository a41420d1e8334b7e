"""Terms that all of bench shares: trial keys, arms, cache states and the status of a trial."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CacheState(StrEnum):
    """The parts of an image that are already on the host when a trial starts."""

    COLD = "cold"
    """No layer of its image is present, and the page cache is dropped."""
    BASE = "base"
    """Exactly the layers of its base are present, and the page cache is dropped."""
    IMAGE = "image"
    """Its image is present, and the page cache is dropped."""
    WARM = "warm"
    """Its image is present, and the page cache is as the previous trial left it."""

    @property
    def is_pulled(self) -> bool:
        """Whether a trial begins with a pull."""
        return self in (CacheState.COLD, CacheState.BASE)


class Severity(StrEnum):
    """Whether missing a threshold changes the exit code."""

    BLOCK = "block"
    WARN = "warn"


class Arm(StrEnum):
    """Under which limits a trial runs: those of the case (fit), or none (need)."""

    FIT = "fit"
    NEED = "need"


CALIBRATION_CASE = "calibration"
"""The case of the do-nothing container that shows what the runtime itself costs."""


SIZE_ARM = "size"
"""The arm of trials under limits tried by `bench right-size`; no row is judged on them."""


TRIAL_KEYS = [
    "trial_id",
    "case",
    "service",
    "replica",
    "round",
    "attempt",
    "cache",
    "arm",
    "network",
    "warmup",
    "status",
    "reason",
]
"""The columns of trials.csv before those of the metrics."""


class TrialStatus(StrEnum):
    """How a trial ended."""

    OK = "ok"
    FAILED = "failed"
    """The image's fault: it exited, was OOM-killed, or never became ready."""
    INVALID = "invalid"
    """Not in the required state; repeated."""
    ERROR = "error"
    """Engine, registry, disk or harness at fault."""
    INTERRUPTED = "interrupted"

    @property
    def counts(self) -> bool:
        """Whether the trial says something about the image."""
        return self in (TrialStatus.OK, TrialStatus.FAILED)


@dataclass(frozen=True)
class TrialKey:
    """Identifies a trial of the plan.

    Attributes:
        case: id of the case.
        round: 0-based round; trials of checks count on from the last round.
        cache: `cold`, `base`, `image` or `warm`.
        arm: `fit` (under the case's limits), `need` (without any) or `size` (under others).
        network: `open` or `cut`.
        replica: 1-based number among containers started at once; 0 for a single container.
        replicas: how many are started at once; 0 for a single container.
        warmup: measured, kept, and left out of the statistics.
    """

    case: str
    round: int
    cache: str
    arm: str = "fit"
    network: str = "open"
    replica: int = 0
    replicas: int = 0
    warmup: bool = False

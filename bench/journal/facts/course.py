"""The course of a trial, from its events: its start, its phases, its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, ConfigDict

# ruff: noqa: TC001 - pydantic reads the annotations
from bench.core.domain import TrialKey, TrialStatus
from bench.journal.facts.form import Amount, Stamp
from bench.journal.facts.trial import TrialFacts


@dataclass(frozen=True)
class _TrialKeyFields:
    """Exactly the fields of a TrialKey, validated here since bench.core cannot."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    case: str
    round: Amount
    cache: Literal["cold", "base", "image", "warm"]
    arm: Literal["fit", "need", "size"] = "fit"
    network: Literal["open", "cut"] = "open"
    replica: Amount = 0
    replicas: Amount = 0
    warmup: bool = False


if TYPE_CHECKING:
    Key = TrialKey
else:
    Key = Annotated[_TrialKeyFields, AfterValidator(lambda place: TrialKey(**vars(place)))]
"""A place in the plan, as a journal may have it."""


@dataclass(frozen=True)
class TrialStart:
    """An attempt at a trial begins; `service` is that of a stack, whose own trial has none."""

    trial_id: str
    key: Key
    attempt: Amount
    service: str = ""


@dataclass(frozen=True)
class Phase:
    """A completed phase of a trial.

    Attributes:
        clock: the clock of its timestamps.
        resolution_ns: resolution of its end, if it is not the clock's own.
    """

    trial_id: str
    phase: str
    start_ns: Stamp
    end_ns: Stamp
    clock: str
    resolution_ns: Stamp | None = None

    def __post_init__(self) -> None:
        """Refuse a phase that ends before it starts."""
        if self.end_ns < self.start_ns:
            raise ValueError("it ends before it starts")

    @property
    def took_ns(self) -> int:
        """Its duration."""
        return self.end_ns - self.start_ns


@dataclass(frozen=True)
class TrialEnd:
    """An attempt at a trial has ended."""

    trial_id: str
    status: TrialStatus
    reason: str
    facts: TrialFacts
    log_tail: tuple[str, ...]

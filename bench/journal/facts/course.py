"""The course of a trial, as its events tell it: how it began, its phases, how it ended."""

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
    """The fields of a TrialKey, which bench.core cannot check, and no others."""

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
    """A phase of a trial that has ended.

    Attributes:
        clock: by which its stamps were taken.
        resolution_ns: how finely its end is known, where that is not the clock's own.
    """

    trial_id: str
    phase: str
    start_ns: Stamp
    end_ns: Stamp
    clock: str
    resolution_ns: Stamp | None = None

    def __post_init__(self) -> None:
        """Refuse one that ends before it starts."""
        if self.end_ns < self.start_ns:
            raise ValueError("it ends before it starts")

    @property
    def took_ns(self) -> int:
        """Its length."""
        return self.end_ns - self.start_ns


@dataclass(frozen=True)
class TrialEnd:
    """An attempt at a trial has ended."""

    trial_id: str
    status: TrialStatus
    reason: str
    facts: TrialFacts
    log_tail: tuple[str, ...]

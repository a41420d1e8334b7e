"""The finding of one judgement, before severity, waivers and expectations apply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.judge.model import Outcome

if TYPE_CHECKING:
    from bench.journal.facts.comparison import Interval


@dataclass(frozen=True)
class Finding:
    """An outcome and how it came about.

    Attributes:
        outcome: what can be said.
        reason: how it came about, in a sentence without a full stop.
        actual: the judged value in the metric's unit, None where there is none or it never came.
        n: number of trials behind it.
        interval: finite interval of the judged value, or None.
        metric: the metric judged where it is not the rule's own; else empty.
        cache: cache state of the trials judged; empty where it does not apply.
        resolution: resolution of the judged value in its unit, or None.
        by_crash: whether it is a failure only because the image failed in trials, and not for
            anything that was measured.
    """

    outcome: Outcome
    reason: str
    actual: float | None = None
    n: int = 0
    interval: Interval | None = None
    metric: str = ""
    cache: str = ""
    resolution: float | None = None
    by_crash: bool = False


def sentence(*parts: str) -> str:
    """The parts that are not empty, one after the other."""
    return "; ".join(part for part in parts if part)


def counted(number: int, noun: str) -> str:
    """`1 trial`, `6 trials`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def unmeasured(reason: str) -> Finding:
    """A figure that is not there."""
    return Finding(Outcome.NOT_MEASURED, reason)

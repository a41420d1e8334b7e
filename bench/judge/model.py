"""Verdicts and the context of judging, as run.json has them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from bench.core.domain import Arm, Severity
from bench.core.schema_keywords import Count, one_of
from bench.journal.facts.comparison import Interval  # noqa: TC001 - likewise

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from bench.journal.facts.case import Stopped


class Outcome(StrEnum):
    """The verdict on a value against its limit."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NOT_MEASURED = "not-measured"
    ERROR = "error"


@dataclass(frozen=True)
class Verdict:
    """One rule of the checklist, or one threshold, judged for one case.

    Attributes:
        case: id of the case.
        id: the checklist's id (CI-5), or the metric's name for a threshold of the user's own.
        metric: the metric judged; empty for a check that is not a metric.
        over: the aggregate (`max`, `p95`, …); empty where the image has one value, or there is no
            limit.
        arm: `fit` or `need`, or empty where it does not apply.
        cache: cache state of the trials judged, or empty where it does not apply.
        limit: the limit for people, such as `<= 30 s`.
        actual: the judged value in the metric's unit; None where there is none (no data, or a
            failed trial, which counts as infinite).
        n: number of trials behind it.
        interval: interval of the aggregate, None where the aggregate has none.
        verdict: the outcome.
        severity: `block` or `warn`.
        expected: whether this outcome is what the scenario's `expect` says.
        required: whether a missing figure keeps the run from being judged.
        reason: a sentence that says how the outcome came about.
        title: the rule's name for people.
        remedy: what to do about a failure, or empty.
        resolution: resolution of the judged value in its unit, None where it does not apply.
        unit: of the metric: `s`, `bytes`, …; empty for counts, and where there is no metric.
    """

    case: str
    id: str
    metric: str
    over: str
    arm: Annotated[str, one_of(*Arm, "")]
    cache: str
    limit: str
    actual: float | None
    n: Count
    interval: Interval | None
    verdict: Outcome
    severity: Annotated[str, one_of(*Severity)]
    expected: bool
    required: bool
    reason: str
    title: str = ""
    remedy: str = ""
    resolution: float | None = None
    unit: str = ""


@dataclass(frozen=True)
class JudgeContext:
    """Facts of the run, beside its trials, that verdicts depend on.

    Attributes:
        link: the way from the registry to the engine, for a sentence: `200mbit`, or
            `loopback, not shaped`.
        host_cores: cores of the host that measured.
        today: the day on which waivers are looked at.
        complete: whether the run came to its end.
        services: names of what ran beside the cases.
        need_trials: by case, how many trials without limits were planned; two where not said.
        host_memory_bytes: memory of that host, None where it is not known.
        gpu_memory_bytes: memory of all its GPUs, None where it has none.
        stopped: cases whose other trials were not made, for they failed twice the same way.
        not_begun: why no trial was made at all; empty where some were to be.
    """

    link: str
    host_cores: int
    today: dt.date
    complete: bool = True
    services: tuple[str, ...] = ()
    need_trials: Mapping[str, int] = field(default_factory=dict)
    host_memory_bytes: int | None = None
    gpu_memory_bytes: int | None = None
    stopped: Mapping[str, Stopped] = field(default_factory=dict)
    not_begun: str = ""

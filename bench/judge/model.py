"""What judging says: verdicts and comparisons, as they stand in run.json."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from bench.results.model import Stopped


class Outcome(StrEnum):
    """What can be said of a value against its limit."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NOT_MEASURED = "not-measured"
    ERROR = "error"


@dataclass(frozen=True)
class Interval:
    """A two-sided interval and the confidence it was made for (a share, such as 0.95)."""

    low: float
    high: float
    confidence: float = 0.95


@dataclass(frozen=True)
class Verdict:
    """One row of the checklist, or one threshold, judged for one case.

    Attributes:
        case: id of the case.
        id: the checklist's id (CI-5), or the metric's name for a threshold of the user's own.
        metric: the metric judged; empty for a check that is not a metric.
        over: the aggregate (`max`, `p95`, …), or empty.
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
        title: the row's name for people.
        remedy: what to do about a failure, or empty.
        resolution: resolution of the judged value in its unit, None where it does not apply.
        unit: of the metric: `s`, `bytes`, …; empty for counts, and where there is no metric.
    """

    case: str
    id: str
    metric: str
    over: str
    arm: str
    cache: str
    limit: str
    actual: float | None
    n: int
    interval: Interval | None
    verdict: Outcome
    severity: str
    expected: bool
    required: bool
    reason: str
    title: str = ""
    remedy: str = ""
    resolution: float | None = None
    unit: str = ""


class Difference(StrEnum):
    """What a comparison says of the candidate against the baseline."""

    BETTER = "better"
    WORSE = "worse"
    DIFFERENT = "different"
    """Differs in a metric that has no good direction."""
    SAME = "same"
    """The interval lies inside the practical band, or the medians are too close to tell apart."""
    INCONCLUSIVE = "inconclusive"
    NOT_MEASURED = "not-measured"


@dataclass(frozen=True)
class Comparison:
    """One metric of a candidate against a baseline.

    Attributes:
        baseline, candidate: names of what is compared (`bad`, or `RUN:case`).
        cache, arm: the trials used.
        n_baseline, n_candidate: numbers of trials.
        baseline_median, candidate_median: in the metric's unit.
        ratio: candidate median / baseline median; None where it cannot be made or says nothing:
            zeros, medians closer than they can be told apart, a stop that ended in SIGKILL.
        interval: 95 % interval of that ratio.
        p_value: two-sided exact rank test, uncorrected; None where n forbids it or where the
            value has no spread because it belongs to the image.
        band: the practical band: ratios within 1 ± band are called the same.
        difference: the verdict.
        reason: how it came about, in one sentence.
        corrected_p: `p_value` corrected for all the metrics compared, which decides.
        effect: Vargha and Delaney's A: the chance, 0 to 1, that a trial of the candidate has
            the larger value of the two; None where there is no test.
        detectable: the smallest ratio above 1 that such trials would call in 8 of 10 tries;
            None where no ratio can be named.
        band_from: `practical`, `noise` (the host's own) or `noise not known`.
        title: the metric's name for people.
        unit: of the metric: `s`, `bytes`, …; empty for counts.
        failed_baseline, failed_candidate: trials that failed, and so have no value here.
        killed_baseline, killed_candidate: of a time that contains a stop, how its stops ended in
            SIGKILL at the end of the grace period; empty where none did. Such a time is the
            scenario's, so that ratio, interval and p are None.
    """

    baseline: str
    candidate: str
    metric: str
    cache: str
    arm: str
    n_baseline: int
    n_candidate: int
    baseline_median: float | None
    candidate_median: float | None
    ratio: float | None
    interval: Interval | None
    p_value: float | None
    band: float
    difference: Difference
    reason: str
    corrected_p: float | None = None
    effect: float | None = None
    detectable: float | None = None
    band_from: str = ""
    title: str = ""
    unit: str = ""
    failed_baseline: int = 0
    failed_candidate: int = 0
    killed_baseline: str = ""
    killed_candidate: str = ""

    @property
    def candidate_fails_more_often(self) -> bool:
        """Whether a larger share of the candidate's trials failed than of the baseline's."""
        before, after = self.failed_baseline, self.failed_candidate
        return after * (before + self.n_baseline) > before * (after + self.n_candidate)


@dataclass(frozen=True)
class JudgeContext:
    """What judging must know of the run beside its trials.

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

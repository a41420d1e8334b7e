"""A comparison of one metric between a candidate and a baseline."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from bench.core.schema_keywords import Count, SchemaKeywords, Share, one_of

_Confidence = Annotated[float, SchemaKeywords({"exclusiveMinimum": 0, "maximum": 1})]
_RatioAboveOne = Annotated[float, SchemaKeywords({"minimum": 1})]


@dataclass(frozen=True)
class Interval:
    """A two-sided interval.

    Attributes:
        low: its lower end, in the unit of the value that it belongs to.
        high: its upper end.
        confidence: the level it was made for, as a share: 0.95 for a 95 % interval.
    """

    low: float
    high: float
    confidence: _Confidence = 0.95


class Difference(StrEnum):
    """The verdict of a comparison about the candidate, relative to the baseline."""

    BETTER = "better"
    WORSE = "worse"
    DIFFERENT = "different"
    """Differs in a metric that has no good direction."""
    SAME = "same"
    """The interval lies inside the practical band, or the medians are too close to tell apart."""
    INCONCLUSIVE = "inconclusive"
    NOT_MEASURED = "not-measured"


class BandFrom(StrEnum):
    """Where a practical band comes from."""

    PRACTICAL = "practical"
    """5 %, and the host is known to be no noisier than that."""
    NOISE = "noise"
    """The host's own noise, which is larger."""
    NOT_KNOWN = "noise not known"
    """5 %, as the host's noise in this metric has not been measured."""


@dataclass(frozen=True)
class Comparison:
    """One metric of a candidate against a baseline.

    Attributes:
        baseline, candidate: its name (`bad`, or `RUN:case`).
        metric: name of the metric.
        cache: cache state of the trials; empty for a metric of the image.
        arm: `fit` under the case's limits, `need` without any; empty for a metric of the image.
        n_baseline, n_candidate: number of its trials.
        baseline_median, candidate_median: its median, in the metric's unit.
        ratio: candidate median / baseline median; None where it cannot be made or says nothing:
            zeros, medians closer than they can be told apart, a stop that ended in SIGKILL.
        interval: 95 % interval of that ratio; None without one.
        p_value: two-sided exact rank test, uncorrected; None where n forbids it or where the
            value has no spread because it belongs to the image.
        band: the practical band: ratios within 1 ± band are called the same.
        difference: the verdict on the candidate.
        reason: how it came about, in one sentence.
        corrected_p: `p_value` corrected for all the metrics compared, which decides.
        effect: Vargha and Delaney's A: the chance, 0 to 1, that a trial of the candidate has
            the larger value of the two; None where there is no test.
        detectable: the smallest ratio above 1 that such trials would call in 8 of 10 tries;
            None where no ratio can be named.
        band_from: `practical` for 5 %, `noise` for the host's own, `noise not known` for 5 % as
            that is not known.
        title: the metric's name for people.
        unit: of the metric: `s`, `bytes`, …; empty for counts.
        failed_baseline, failed_candidate: its trials that failed, and so have no value here.
        killed_baseline, killed_candidate: of a time that contains a stop, how its stops ended in
            SIGKILL at the end of the grace period; empty where none did. Such a time is the
            scenario's, so that ratio, interval and p are None.
    """

    baseline: str
    candidate: str
    metric: str
    cache: str
    arm: str
    n_baseline: Count
    n_candidate: Count
    baseline_median: float | None
    candidate_median: float | None
    ratio: float | None
    interval: Interval | None
    p_value: float | None
    band: float
    difference: Difference
    reason: str
    corrected_p: float | None = None
    effect: Share | None = None
    detectable: _RatioAboveOne | None = None
    band_from: Annotated[str, one_of(*BandFrom)] = ""
    title: str = ""
    unit: str = ""
    failed_baseline: Count = 0
    failed_candidate: Count = 0
    killed_baseline: str = ""
    killed_candidate: str = ""

    @property
    def candidate_fails_more_often(self) -> bool:
        """Whether the candidate has a higher share of failed trials than the baseline."""
        before, after = self.failed_baseline, self.failed_candidate
        return after * (before + self.n_baseline) > before * (after + self.n_candidate)

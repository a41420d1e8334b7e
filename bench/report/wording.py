"""Words and marks that every report uses for the same thing."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from bench.judge.difference import effect_word
from bench.judge.finding import counted
from bench.judge.memory_arm import CHARGED_ELSEWHERE, MEMORY
from bench.judge.model import Difference, Outcome
from bench.judge.no_start import NOT_JUDGED
from bench.judge.noise import PRACTICAL_BAND, BandFrom
from bench.metrics import METRICS, is_time
from bench.scenario.model import Arm, CacheState
from bench.text import clean
from bench.units import format_beside, format_value, shown_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.judge.model import Comparison, Interval, Verdict
    from bench.judge.verdicts import CaseOutcome
    from bench.results.run import Run

MARKS = {
    Outcome.PASS: "✓",
    Outcome.FAIL: "✗",
    Outcome.INCONCLUSIVE: "?",
    Outcome.NOT_MEASURED: "–",  # noqa: RUF001 - a dash, as in a table's empty cell
    Outcome.ERROR: "!",
}
WORDS = {
    Outcome.PASS: "PASS",
    Outcome.FAIL: "FAIL",
    Outcome.INCONCLUSIVE: "INCONCLUSIVE",
    Outcome.NOT_MEASURED: "NOT MEASURED",
    Outcome.ERROR: "ERROR",
}
DIFFERENCE_MARKS = {
    Difference.BETTER: "✓",
    Difference.WORSE: "✗",
    Difference.DIFFERENT: "≠",
    Difference.SAME: "=",
    Difference.INCONCLUSIVE: "?",
    Difference.NOT_MEASURED: "–",  # noqa: RUF001 - as above
}
_SIGNALS = {130: "SIGINT", 143: "SIGTERM"}
_EXIT_CODES = {
    0: "every blocking threshold and check is met, or failed as expected",
    1: "measured, and a blocking threshold or check is not met",
    3: "could not be judged: a blocking verdict is open",
}

_BASELINE_CODES = {
    1: "a regression against the earlier run",
    3: "whether there is a regression against the earlier run cannot be told",
}

KEY_METRICS = (
    "startup_s",
    "pull_s",
    "ready_s",
    "image_size_bytes",
    "image_transfer_bytes",
    "memory_anon_peak_bytes",
    "cpu_to_ready_s",
    "stop_s",
)
"""The few figures that a summary shows, in this order."""


def exit_words(run: Run) -> str:
    """What the run's exit code says."""
    if run.interrupted:
        done, planned = trials_made(run)
        how = f"interrupted ({_SIGNALS[run.interrupted]}) after {done} of {planned} trials"
        return f"{how}; `bench run --resume {run.folder.name}` finishes it"
    if run.outcome == "stopped":
        what = "no more" if run.results else "nothing"
        return f"{what} was measured: {', '.join(run.failed_images)} has no image"
    if run.baseline_code == run.exit_code and not run.verdicts_code:
        return _BASELINE_CODES.get(run.exit_code, _EXIT_CODES[0])
    return _EXIT_CODES.get(run.exit_code, "")


def trials_made(run: Run) -> tuple[int, int]:
    """How many trials of the plan have a result, and how many there were to be.

    A stack has one when its own trial does; containers that are started at once are one trial,
    which is done when each has a result.
    """
    keys = {one.key for one in run.results if one.status.counts and not one.service}
    ended = Counter(replace(key, replica=0) for key in keys)
    done = sum(count == max(1, key.replicas) for key, count in ended.items())
    return done, max(done, len(run.header["plan"]))


def standard_words(run: Run) -> str:
    """What the cases were judged by."""
    if run.checklist:
        return run.checklist.title
    if run.scenario.thresholds:
        return "the scenario's own thresholds"
    return "whether they get ready: the scenario names no checklist and no thresholds"


def visible(text: object) -> str:
    """`text` as it is shown: cleaned, with tabs as spaces."""
    return clean(text).replace("\t", " ")


def one_line(text: object) -> str:
    """`text` as `visible` gives it, on one line."""
    return " ".join(visible(text).split())


def start_words(cache: str) -> str:
    """What kind of start a cache state makes: `cold start`."""
    return {"image": "start with the image in place"}.get(cache, f"{cache} start")


def case_words(outcome: CaseOutcome) -> str:
    """`PASS`, `FAIL (expected)` and so on."""
    word = WORDS[outcome.outcome]
    if outcome.outcome is Outcome.FAIL and outcome.as_expected:
        return f"{word} (expected)"
    if outcome.outcome is Outcome.PASS and not outcome.as_expected:
        return f"{word} (not expected)"
    return word


def _beside_limit(actual: float, verdict: Verdict) -> str:
    """A judged figure, never rounded across the limit that it is judged against."""
    limit = shown_value(verdict.limit.lstrip("<>= "), verdict.unit) if verdict.limit else None
    if limit is None:
        return format_value(actual, verdict.unit)
    return format_beside(actual, limit, verdict.unit)


_EXTREMES = {"max": "worst", "min": "lowest"}


def actual_words(verdict: Verdict) -> str:
    """The judged value for people, `worst 17.2 s`; why there is none, where there is none."""
    if verdict.actual is not None:
        value = _beside_limit(verdict.actual, verdict)
        over = _EXTREMES.get(verdict.over, verdict.over)
        if verdict.limit.startswith(">"):
            over = {"max": "highest", "min": "worst"}.get(verdict.over, over)
        # one trial has no worst one, and an image has one value
        return f"{over} {value}".strip() if verdict.n > 1 else value
    if verdict.verdict is Outcome.FAIL and is_time(verdict.unit):
        return "infinite"
    if verdict.reason.startswith(NOT_JUDGED):
        return "not judged"
    return "" if verdict.verdict in (Outcome.PASS, Outcome.FAIL) else str(verdict.verdict)


def limit_words(verdict: Verdict) -> str:
    """The limit with its aggregate: `max <= 30.0 s`."""
    return f"{verdict.over} {verdict.limit}".strip()


def value_words(value: float | None, metric: str) -> str:
    """A value of a metric of the table for people; a dash where there is none."""
    return unit_words(value, METRICS[metric].unit)


def unit_words(value: float | None, unit: str) -> str:
    """A value in `unit` for people; a dash where there is none."""
    return MARKS[Outcome.NOT_MEASURED] if value is None else format_value(value, unit)


def interval_words(interval: Interval | None, unit: str) -> str:
    """`4.10 s to 4.70 s`; empty where there is none."""
    if interval is None:
        return ""
    return f"{unit_words(interval.low, unit)} to {unit_words(interval.high, unit)}"


def change_words(comparison: Comparison) -> str:
    """What became of the candidate against the baseline: `4.4x faster`."""
    kind, ratio = comparison.difference, comparison.ratio
    if kind is Difference.NOT_MEASURED:
        return "not measured"
    if comparison.killed_baseline or comparison.killed_candidate:
        return _KILLED[kind]
    one, other = comparison.baseline_median, comparison.candidate_median
    if kind is Difference.SAME:
        if ratio is None:
            return "both zero" if one == other else "too close to tell apart"
        return f"the same (within {100 * comparison.band:g} %)"
    size = _size_words(comparison, ratio)
    return f"unclear ({size})" if kind is Difference.INCONCLUSIVE else size


_KILLED = {
    Difference.BETTER: "not killed",
    Difference.WORSE: "killed",
    Difference.SAME: "both killed",
    Difference.INCONCLUSIVE: "unclear (some killed)",
}
"""What is said of a stop where one ended in SIGKILL."""


_CALLED = (Difference.BETTER, Difference.WORSE, Difference.DIFFERENT)


def _size_words(comparison: Comparison, ratio: float | None) -> str:
    one, other = comparison.baseline_median, comparison.candidate_median
    if one is None or other is None:
        return ""
    shown = [unit_words(value, comparison.unit) for value in (one, other)]
    if one == other:
        return "both zero" if one == 0 else "about the same"
    if not comparison.unit and _is_small_count(one) and _is_small_count(other):
        return f"{abs(other - one):.0f} {_direction(comparison, larger=other > one)}"
    if not ratio:
        return f"{shown[1]}, not {shown[0]}"
    is_called = comparison.difference in _CALLED
    if abs(ratio - 1) < 0.005 or (shown[0] == shown[1] and not is_called):
        return "about the same"
    return f"{times(max(ratio, 1 / ratio))} {_direction(comparison, larger=ratio > 1)}"


def _is_small_count(value: float) -> bool:
    """Whether a factor would say less of it than the difference does."""
    return float(value).is_integer() and 0 <= value < 10


def median_words(comparison: Comparison) -> tuple[str, str]:
    """The medians of both sides; `killed` for a stop that was ended so."""
    sides = (
        (comparison.killed_baseline, comparison.baseline_median),
        (comparison.killed_candidate, comparison.candidate_median),
    )
    one, other = ("killed" if killed else unit_words(v, comparison.unit) for killed, v in sides)
    return one, other


def comparison_notes(comparisons: Sequence[Comparison]) -> list[str]:
    """What to know of figures: stops that ended in SIGKILL, memory of cold trials."""
    notes: dict[str, None] = {}
    for one in comparisons:
        told = ((one.baseline, one.killed_baseline), (one.candidate, one.killed_candidate))
        words = "; ".join(f"{side}: {how}" for side, how in told if how)
        if words:
            notes[f"{one.title}: {words}. Its time is the grace period, so it is not compared."] = (
                None
            )
        pulled = one.arm == Arm.FIT and CacheState(one.cache).is_pulled
        if pulled and one.metric in MEMORY:
            notes[f"Memory of {one.cache} trials: {CHARGED_ELSEWHERE}."] = None
    return list(notes)


NO_LIMITS = "without limits"
"""What the trials of the need arm are called."""


def state_words(cache: str, arm: str) -> str:
    """Which trials a figure is of: `cold`, or `without limits`; empty for one of the image."""
    return NO_LIMITS if arm == Arm.NEED else cache


def ratio_interval_words(comparison: Comparison) -> str:
    """The interval of the change, the same way round as `change_words`; empty without one."""
    interval, ratio = comparison.interval, comparison.ratio
    if interval is None or not ratio:
        return ""
    if ratio > 1:
        return f"{times(interval.low)} to {times(interval.high)}"
    high = 1 / interval.low if interval.low > 0 else math.inf
    return f"{times(1 / interval.high)} to {times(high)}"


def p_words(p_value: float | None) -> str:
    """A p-value with two digits; empty without one."""
    if p_value is None:
        return ""
    return "< 0.0001" if p_value < 1e-4 else f"{p_value:.2g}"


def detectable_words(ratio: float | None) -> str:
    """The smallest change that would have been called: `9 %`, or `2.4x`; empty without one."""
    if ratio is None:
        return ""
    return f"{100 * (ratio - 1):.0f} %" if ratio < 2 else times(ratio)


def effect_words(effect: float | None) -> str:
    """Vargha and Delaney's A with its word: `0.93 large`; empty without one."""
    return "" if effect is None else f"{effect:.2f} {effect_word(effect)}"


def rule_words(comparisons: Sequence[Comparison]) -> str:
    """What was called a difference, and what could have been."""
    tested = [one for one in comparisons if one.cache]
    noisy = [one for one in tested if one.band_from == BandFrom.NOISE]
    unknown = [one for one in tested if one.band_from == BandFrom.NOT_KNOWN]
    band = f"{100 * PRACTICAL_BAND:g} %"
    if noisy:
        named = ", ".join(f"{one.title} {100 * one.band:.2g} %" for one in noisy)
        band += f", or this host's own noise where that is larger ({named})"
    elif tested and len(unknown) == len(tested):
        band += ", as this host's own noise is not known (`bench selftest` measures it)"
    elif tested:
        band += f", as this host's own noise is no larger{' where it is known' if unknown else ''}"
    return (
        f"{_left_out(comparisons)}"
        f"A difference: p < 0.05 after correction, and the interval beyond {band}. "
        "Finds: the smallest slow-down that such trials call in 8 of 10 tries."
    )


def _left_out(comparisons: Sequence[Comparison]) -> str:
    """How many trials of each side failed, and so have no part in the comparison."""
    failed: dict[str, dict[str, int]] = {}
    for one in comparisons:
        failed.setdefault(one.baseline, {})[one.cache] = one.failed_baseline
        failed.setdefault(one.candidate, {})[one.cache] = one.failed_candidate
    counts = {side: sum(of_states.values()) for side, of_states in failed.items()}
    words = [f"{counted(count, 'trial')} of {side}" for side, count in counts.items() if count]
    return f"Left out, for they failed: {', '.join(words)}. " if words else ""


def times(factor: float) -> str:
    """A factor with two digits, or three below 2: `4.4x`, `1.37x`."""
    if math.isinf(factor):
        return "∞"
    if factor >= 10:
        return f"{factor:.0f}x"
    return f"{factor:.1f}x" if factor >= 2 else f"{factor:.2f}x"


def counted_values(n: int) -> str:
    """`n=6`; empty for a value that belongs to the image."""
    return f"n={n}" if n > 1 else ""


def _direction(comparison: Comparison, *, larger: bool) -> str:
    metric = comparison.metric
    if metric.startswith("image_"):
        return "larger" if larger else "smaller"
    if is_time(comparison.unit) and not metric.startswith("cpu_"):
        return "slower" if larger else "faster"
    if not comparison.unit and metric in METRICS:
        return "more" if larger else "fewer"
    return "more" if larger else "less"

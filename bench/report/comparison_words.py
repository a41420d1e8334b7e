"""A comparison in words: the change, its certainty, and the smallest change it could detect."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bench.core.domain import Arm, CacheState
from bench.core.metrics import METRICS, is_time
from bench.journal.facts.comparison import BandFrom, Comparison, Difference
from bench.judge.finding import counted
from bench.judge.memory_arm import CHARGED_ELSEWHERE, MEMORY
from bench.judge.statistics.difference import effect_word
from bench.judge.statistics.noise import PRACTICAL_BAND
from bench.report.wording import times, unit_words

if TYPE_CHECKING:
    from collections.abc import Sequence

DIFFERENCE_MARKS = {
    Difference.BETTER: "✓",
    Difference.WORSE: "✗",
    Difference.DIFFERENT: "≠",
    Difference.SAME: "=",
    Difference.INCONCLUSIVE: "?",
    Difference.NOT_MEASURED: "–",  # noqa: RUF001 - as above
}


def change_words(comparison: Comparison) -> str:
    """The change from baseline to candidate: `4.4x faster`."""
    kind, ratio = comparison.difference, comparison.ratio
    if kind is Difference.NOT_MEASURED:
        return "not measured"
    if comparison.killed_baseline or comparison.killed_candidate:
        return _KILLED[kind]
    before, after = comparison.baseline_median, comparison.candidate_median
    if kind is Difference.SAME:
        if ratio is None:
            return "both zero" if before == after else "too close to tell apart"
        return f"the same (within {100 * comparison.band:g} %)"
    size = _size_words(comparison, ratio)
    return f"unclear ({size})" if kind is Difference.INCONCLUSIVE else size


_KILLED = {
    Difference.BETTER: "not killed",
    Difference.WORSE: "killed",
    Difference.SAME: "both killed",
    Difference.INCONCLUSIVE: "unclear (some killed)",
}
"""The change of a stop, where one side ended in SIGKILL."""


CALLED = (Difference.BETTER, Difference.WORSE, Difference.DIFFERENT)


def _size_words(comparison: Comparison, ratio: float | None) -> str:
    before, after = comparison.baseline_median, comparison.candidate_median
    if before is None or after is None:
        return ""
    shown = [unit_words(value, comparison.unit) for value in (before, after)]
    if before == after:
        return "both zero" if before == 0 else "about the same"
    if not comparison.unit and _is_small_count(before) and _is_small_count(after):
        return f"{abs(after - before):.0f} {_direction(comparison, larger=after > before)}"
    if not ratio:
        return f"{shown[1]}, not {shown[0]}"
    is_called = comparison.difference in CALLED
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
    before, after = ("killed" if killed else unit_words(v, comparison.unit) for killed, v in sides)
    return before, after


def comparison_notes(comparisons: Sequence[Comparison]) -> list[str]:
    """Notes on figures: stops that ended in SIGKILL, memory of cold trials."""
    notes: dict[str, None] = {}
    for comparison in comparisons:
        told = (
            (comparison.baseline, comparison.killed_baseline),
            (comparison.candidate, comparison.killed_candidate),
        )
        words = "; ".join(f"{side}: {how}" for side, how in told if how)
        if words:
            notes[
                f"{comparison.title}: {words}. Its time is the grace period, so it is not compared."
            ] = None
        pulled = comparison.arm == Arm.FIT and CacheState(comparison.cache).is_pulled
        if pulled and comparison.metric in MEMORY:
            notes[f"Memory of {comparison.cache} trials: {CHARGED_ELSEWHERE}."] = None
    return list(notes)


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
    """The rule for a difference, and the smallest change that could be detected."""
    tested = [comparison for comparison in comparisons if comparison.cache]
    noisy = [comparison for comparison in tested if comparison.band_from == BandFrom.NOISE]
    unknown = [comparison for comparison in tested if comparison.band_from == BandFrom.NOT_KNOWN]
    band = f"{100 * PRACTICAL_BAND:g} %"
    if noisy:
        named = ", ".join(
            f"{comparison.title} {100 * comparison.band:.2g} %" for comparison in noisy
        )
        band += f", or this host's own noise where that is larger ({named})"
    elif tested and len(unknown) == len(tested):
        band += ", as this host's own noise is not known (`bench selftest` measures it)"
    elif tested:
        band += f", as this host's own noise is no larger{' where it is known' if unknown else ''}"
    return (
        f"{_left_out(comparisons)}"
        f"A difference: p < 0.05 after correction, and the interval beyond {band}. "
        "Finds: the smallest slowdown this run could detect (80 % power)."
    )


def _left_out(comparisons: Sequence[Comparison]) -> str:
    """How many trials of each side failed, and so have no part in the comparison."""
    failed: dict[str, dict[str, int]] = {}
    for comparison in comparisons:
        failed.setdefault(comparison.baseline, {})[comparison.cache] = comparison.failed_baseline
        failed.setdefault(comparison.candidate, {})[comparison.cache] = comparison.failed_candidate
    counts = {side: sum(of_states.values()) for side, of_states in failed.items()}
    words = [f"{counted(count, 'trial')} of {side}" for side, count in counts.items() if count]
    return f"Left out, as they failed: {', '.join(words)}. " if words else ""


def _direction(comparison: Comparison, *, larger: bool) -> str:
    metric = comparison.metric
    if metric.startswith("image_"):
        return "larger" if larger else "smaller"
    if is_time(comparison.unit) and not metric.startswith("cpu_"):
        return "slower" if larger else "faster"
    if not comparison.unit and metric in METRICS:
        return "more" if larger else "fewer"
    return "more" if larger else "less"

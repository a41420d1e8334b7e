"""What mends of a Dockerfile brought, as a table on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.units import format_bytes
from bench.improve.gains import SHOWN, SIZES
from bench.report.comparison_words import change_words, median_words, ratio_interval_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.improve.gains import Gain
    from bench.journal.facts.comparison import Comparison

_NOT_MEASURED = "not measured"
_LEAST_SHOWN_BYTES = 10_000
"""Less is the work of time stamps."""


def gains_text(gains: Sequence[Gain]) -> str:
    """One block for each mend: its title, whether it is kept, and each metric that changed."""
    lines = []
    for gain in gains:
        mark = "+" if gain.is_kept else "-"
        lines.append(f"{mark} {gain.mend.title} [{gain.mend.id}]: {gain.reason}")
        lines += _metric_lines(gain.metrics)
    return "\n".join(lines)


def total_text(metrics: Mapping[str, Comparison]) -> str:
    """The improved image against the original."""
    return "\n".join(["improved against original", *_metric_lines(metrics)])


def _metric_lines(metrics: Mapping[str, Comparison]) -> list[str]:
    return [f"    {_words(name, metrics.get(name))}" for name in SHOWN]


def _words(name: str, it: Comparison | None) -> str:
    if it is None:
        return f"{name}: {_NOT_MEASURED}"
    if it.baseline_median is None or it.candidate_median is None:
        if it.killed_baseline or it.killed_candidate:
            return f"{it.title}: {change_words(it)}"
        return f"{it.title}: {_NOT_MEASURED}: {it.reason}"
    before, after = median_words(it)
    words = f"{it.title}: {before} -> {after}, "
    if name in SIZES:
        return words + _size_words(it.candidate_median - it.baseline_median)
    interval = ratio_interval_words(it)
    n = min(it.n_baseline, it.n_candidate)
    return words + f"{change_words(it)} ({f'95 %: {interval}' if interval else f'n = {n}'})"


def _size_words(change: float) -> str:
    """The change of an image's size, which is known to the byte."""
    if abs(change) < _LEAST_SHOWN_BYTES:
        return "the same"
    return f"{format_bytes(abs(change))} {'more' if change > 0 else 'less'}"

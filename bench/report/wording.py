"""Words and marks that every report uses for the same thing."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from bench.core.domain import Arm
from bench.core.metrics import METRICS, is_time
from bench.core.text import clean
from bench.core.units import format_beside, format_value, shown_value
from bench.judge.model import Outcome
from bench.judge.no_start import NOT_JUDGED

if TYPE_CHECKING:
    from bench.journal.facts.comparison import Interval
    from bench.judge.model import Verdict
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
_SIGNALS = {130: "SIGINT", 143: "SIGTERM"}
_EXIT_CODES = {
    0: "every blocking threshold and check is met, or failed as expected",
    1: "a blocking threshold or check is not met",
    3: "could not be judged: a blocking verdict is inconclusive, an error or not measured",
}

_BASELINE_CODES = {
    1: "a regression against the earlier run",
    3: "cannot tell whether there is a regression against the earlier run",
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
    """The meaning of the run's exit code."""
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
    keys = {trial.key for trial in run.results if trial.status.counts and not trial.service}
    ended = Counter(replace(key, replica=0) for key in keys)
    done = sum(count == max(1, key.replicas) for key, count in ended.items())
    return done, max(done, len(run.header.plan))


def standard_words(run: Run) -> str:
    """The checklist or thresholds that judged the cases."""
    if run.checklist:
        return run.checklist.title
    if run.scenario.thresholds:
        return "the scenario's own thresholds"
    return "readiness only, as the scenario has no checklist and no thresholds"


def visible(text: object) -> str:
    """`text` as it is shown: cleaned, with tabs as spaces."""
    return clean(text).replace("\t", " ")


def one_line(text: object) -> str:
    """`text` as `visible` gives it, on one line."""
    return " ".join(visible(text).split())


def start_words(cache: str) -> str:
    """The name of a start in a cache state: `cold start`."""
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


NO_LIMITS = "without limits"
"""The name of the trials of the need arm."""


def state_words(cache: str, arm: str) -> str:
    """Which trials a figure is of: `cold`, or `without limits`; empty for one of the image."""
    return NO_LIMITS if arm == Arm.NEED else cache


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

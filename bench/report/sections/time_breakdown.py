"""From start to ready: first output, open port, ready, and how the time was spent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.core.units import format_seconds
from bench.judge.statistics import stats
from bench.report.sections.section import Section
from bench.report.wording import value_words
from bench.results.summary import good_trials, measured_states

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.analysis.model import TrialResult
    from bench.results.run import Run

SHARES = (
    "running_share_pct",
    "core_wait_share_pct",
    "throttled_share_pct",
    "disk_wait_share_pct",
    "idle_share_pct",
)
"""The metrics that the time between start and ready is divided into."""

_MOMENTS = ("first_output_s", "port_open_s", "ready_s")
"""Events on the way to ready, in their usual order."""

EARLY_S = 0.1
"""A port that opens sooner than this, and than a tenth of the time, before the answer is told."""

_MOSTLY = 50.0  # per cent


@dataclass(frozen=True)
class Spent:
    """The trials of one case and cache state that got ready under its limits.

    Attributes:
        seconds: of each share, the mean over the trials; they add up to the mean time to ready.
            Empty where the time was not divided.
        shares: the same in per cent of that time.
        medians: of first output, port open and ready, in seconds since the start call returned;
            None where there is none. Output that came before that is put at zero.
        floor_s: when the engine made its first health check, at the latest, where its checks
            decided, else None.
    """

    case: str
    cache: str
    n: int
    seconds: Mapping[str, float]
    shares: Mapping[str, float]
    medians: Mapping[str, float | None]
    floor_s: float | None


def spent(run: Run) -> list[Spent]:
    """Every case and cache state with successful trials."""
    return [
        _spent(case, cache, trials)
        for case in run.single_cases
        for cache, arm in measured_states(run, case)
        if arm == "fit" and (trials := good_trials(run, case, cache))
    ]


def _spent(case: str, cache: str, trials: Sequence[TrialResult]) -> Spent:
    divided = [trial.metrics for trial in trials if SHARES[0] in trial.metrics]
    seconds = {
        name: sum(metrics[name] / 100 * metrics["ready_s"] for metrics in divided) / len(divided)
        for name in (SHARES if divided else ())
    }
    whole = sum(seconds.values())
    shares = {name: 100 * value / whole for name, value in seconds.items()}
    moments = {name: [at for trial in trials if (at := _at(name, trial)) is not None]
               for name in _MOMENTS}  # fmt: skip
    medians = {name: stats.median(found) if found else None for name, found in moments.items()}
    floors = [trial.facts.ready.floor_ns for trial in trials if trial.facts.ready]
    floor_s = max((floor / 1e9 for floor in floors if floor), default=None)
    ready_s = medians["ready_s"] or whole
    seconds = {name: share / 100 * ready_s for name, share in shares.items()}
    return Spent(case, cache, len(trials), seconds, shares, medians, floor_s)


def _at(name: str, trial: TrialResult) -> float | None:
    at_s = trial.metrics.get(name)
    if at_s is None or name != "first_output_s":
        return at_s
    return max(
        0.0, at_s - trial.metrics.get("start_s", 0.0)
    )  # it counts from the sending of the call


def time_to_ready(run: Run) -> Section | None:
    """One row per case and cache state; None where no trial was successful."""
    found = spent(run)
    if not found:
        return None
    return Section(
        title="from start to ready",
        beside="medians since the start call returned, and mean shares of the time to ready",
        columns=(
            "case", "cache", "n", "output", "port", "ready after start",
            "running", "core wait", "throttled", "disk wait", "idle",
        ),
        rows=tuple(_row(times) for times in found),
        notes=tuple(note for times in found for note in _notes(times)),
        plots="spent",
    )  # fmt: skip


def _row(times: Spent) -> tuple[str, ...]:
    return (
        times.case,
        times.cache,
        str(times.n),
        *(value_words(times.medians[name], name) for name in _MOMENTS),
        *(value_words(times.shares.get(name), name) for name in SHARES),
    )


def _notes(times: Spent) -> list[str]:
    notes = []
    port_s, ready_s = times.medians["port_open_s"], times.medians["ready_s"]
    if port_s is not None and ready_s is not None:
        early_s = ready_s - port_s
        if early_s > max(EARLY_S, ready_s / 10):
            notes.append(
                f"{times.case}: its port accepts connections {format_seconds(early_s)} before it "
                "answers as required; a check that only connects would report it ready too early."
            )
    if times.floor_s is not None:
        notes.append(
            f"{times.case}: the engine made its first health check up to "
            f"{format_seconds(times.floor_s)} after the start; it cannot be healthy before that."
        )
    if times.shares.get("idle_share_pct", 0.0) >= _MOSTLY:
        notes.append(
            f"{times.case}: mostly idle: it waited for timers, the network or other "
            "programs, and more or faster cores would not help."
        )
    return notes

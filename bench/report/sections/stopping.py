"""Stops: process 1 before the stop, how each case ended, and the processes it left behind."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bench.analysis.behaviour import behaviour
from bench.judge.statistics import stats
from bench.report.sections.section import Section
from bench.report.wording import value_words, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.analysis.behaviour import Behaviour
    from bench.analysis.model import TrialResult
    from bench.journal.facts.behaviour import Standing
    from bench.results.run import Run

_ANSWERS = {
    "handler": "handled",
    "blocked": "blocked",
    "ignored": "ignored",
    "default": "no handler, so no effect",
    None: "not known",
}


def stopping(run: Run) -> Section | None:
    """One row per case; None where none was asked to stop."""
    rows, notes = [], []
    for case, trials in _by_container(run).items():
        asked = [found for trial in trials if (found := behaviour(trial)).stop is not None]
        if not asked:
            continue
        again = [trial.metrics["restart_s"] for trial in trials if "restart_s" in trial.metrics]
        rows.append(_row(case, asked, again))
        notes += _notes(case, asked)
    if not rows:
        return None
    return Section(
        title="stopping",
        beside="process 1 at the stop signal, and how long it took to end (medians)",
        columns=(
            "case",
            "process 1",
            "signal",
            "process 1 ended",
            "exit code",
            "killed",
            "restart",
        ),
        rows=tuple(rows),
        notes=tuple(notes),
        in_terminal=False,
    )


def _by_container(run: Run) -> dict[str, list[TrialResult]]:
    """The trials that say something, by case; of a stack, by service."""
    found: dict[str, list[TrialResult]] = {}
    for case in run.scenario.cases:
        for trial in run.results:
            if trial.key.case == case and trial.status.counts:
                found.setdefault(f"{case}: {trial.service}" if trial.service else case, []).append(
                    trial
                )
    return found


def _row(case: str, asked: Sequence[Behaviour], again: Sequence[float]) -> tuple[str, ...]:
    standing = next((behaved.standing for behaved in asked if behaved.standing), None)
    times = [
        behaved.stop.ended_s
        for behaved in asked
        if behaved.stop and behaved.stop.ended_s is not None
    ]
    killed = sum(behaved.stop.killed for behaved in asked if behaved.stop)
    codes = Counter(behaved.exit_code for behaved in asked)
    return (
        case,
        _process_words(standing),
        f"{standing.signal}: {_ANSWERS[standing.disposition]}" if standing else "not seen",
        f"after {value_words(_median(times), 'stop_s')}",
        ", ".join(str(code) for code, _ in codes.most_common()),
        f"{killed} of {len(asked)}",
        value_words(_median(again), "restart_s"),
    )


def _median(values: Sequence[float]) -> float | None:
    return stats.median(values) if values else None


def _process_words(standing: Standing | None) -> str:
    return "not seen" if standing is None else visible(" → ".join(standing.chain))


def _notes(case: str, asked: Sequence[Behaviour]) -> list[str]:
    """Processes that a case left behind, and gaps in that record."""
    notes = []
    unseen = dict.fromkeys(behaved.unseen for behaved in asked if behaved.unseen)
    notes += [f"{case}: process 1 is unknown: {why}." for why in unseen]
    zombies = max((behaved.standing.zombies for behaved in asked if behaved.standing), default=0)
    if zombies:
        notes.append(f"{case}: up to {zombies} zombie processes.")
    below = Counter(
        process.name
        for behaved in asked
        if behaved.stop
        for process in behaved.stop.killed_below or ()
    )
    if below:
        names = ", ".join(visible(name) for name, _ in below.most_common(10))
        notes.append(f"{case}: still running when process 1 ended, and then killed: {names}.")
    unknown = [
        behaved
        for behaved in asked
        if behaved.stop
        and behaved.stop.killed_below is None
        and behaved.standing
        and behaved.standing.children
    ]
    if unknown:
        notes.append(
            f"{case}: it is unknown how the processes below process 1 ended, as this kernel does "
            "not report it (Linux 6.15 does)."
        )
    return notes

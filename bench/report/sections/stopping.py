"""How each case stood before it was asked to stop, how it ended, and what it had left."""

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
    "default": "no handler, so not heard",
    None: "not known",
}


def stopping(run: Run) -> Section | None:
    """A row a case; None where none was asked to stop."""
    rows, notes = [], []
    for case, trials in _by_container(run).items():
        asked = [found for one in trials if (found := behaviour(one)).stop is not None]
        if not asked:
            continue
        again = [one.metrics["restart_s"] for one in trials if "restart_s" in one.metrics]
        rows.append(_row(case, asked, again))
        notes += _notes(case, asked)
    if not rows:
        return None
    return Section(
        title="stopping",
        beside="what stood there when the stop signal came, and when it ended (medians)",
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
        for one in run.results:
            if one.key.case == case and one.status.counts:
                found.setdefault(f"{case}: {one.service}" if one.service else case, []).append(one)
    return found


def _row(case: str, asked: Sequence[Behaviour], again: Sequence[float]) -> tuple[str, ...]:
    standing = next((one.standing for one in asked if one.standing), None)
    times = [one.stop.ended_s for one in asked if one.stop and one.stop.ended_s is not None]
    killed = sum(one.stop.killed for one in asked if one.stop)
    codes = Counter(one.exit_code for one in asked)
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
    """What a case left behind, and what could not be seen of it."""
    notes = []
    unseen = dict.fromkeys(one.unseen for one in asked if one.unseen)
    notes += [f"{case}: process 1 was not seen, for {why}." for why in unseen]
    zombies = max((one.standing.zombies for one in asked if one.standing), default=0)
    if zombies:
        notes.append(f"{case}: up to {zombies} dead processes that nobody had waited for.")
    below = Counter(
        process.name for one in asked if one.stop for process in one.stop.killed_below or ()
    )
    if below:
        names = ", ".join(visible(name) for name, _ in below.most_common(10))
        notes.append(f"{case}: still there when process 1 ended, and killed then: {names}.")
    unknown = [
        one
        for one in asked
        if one.stop and one.stop.killed_below is None and one.standing and one.standing.children
    ]
    if unknown:
        notes.append(
            f"{case}: how the processes below process 1 ended is not known, for this kernel does "
            "not tell (Linux 6.15 does)."
        )
    return notes

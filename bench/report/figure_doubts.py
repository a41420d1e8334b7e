"""Warnings about the figures that workloads print: which are missing, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.domain import TrialStatus
from bench.judge.finding import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bench.analysis.model import TrialResult
    from bench.journal.facts.matches import Matches
    from bench.results.run import Run


def figure_doubts(run: Run) -> Iterator[str]:
    """Sentences without a full stop; none where every figure was found in every good trial."""
    for case, settings in run.scenario.cases.items():
        trials = [
            trial
            for trial in run.results
            if trial.key.case == case and trial.status is TrialStatus.OK
        ]
        yield from _source_doubts(case, case, settings.metrics, trials)
        if settings.load is not None:
            loaded = [trial for trial in trials if trial.facts.load]
            yield from _source_doubts(case, f"the load on {case}", settings.load.metrics, loaded)


def _source_doubts(
    case: str, source: str, names: Iterable[str], trials: Sequence[TrialResult]
) -> Iterator[str]:
    """Of the figures `names` in the output of `source`, that is of the case or its load tool."""
    names = list(names)
    if not names or not trials:
        return
    unread = sum(trial.facts.figures is None for trial in trials)
    if unread:
        yield (
            f"the output of {source} was not read to its end in {unread} of "
            f"{counted(len(trials), 'trial')}: its figures are missing in those trials"
        )
    for name in names:
        yield from _doubts(
            case, name, [trial for trial in trials if trial.facts.figures is not None]
        )


def _doubts(case: str, name: str, trials: Sequence[TrialResult]) -> Iterator[str]:
    found = [_matches(trial, name) for trial in trials]
    odd = [matches for matches in found if matches and matches.odd]
    if odd:
        yield (
            f"{name} of {case} was not a number in {len(odd)} of {counted(len(trials), 'trial')} "
            f"(such as {odd[0].odd_text!r}): those values are left out"
        )
    silent = sum(matches is None for matches in found)
    if silent:
        whole = ", so the scenario's pattern may be wrong" if silent == len(trials) else ""
        yield (
            f"{name} did not appear in the output of {case} in {silent} of "
            f"{counted(len(trials), 'trial')}{whole}"
        )


def _matches(trial: TrialResult, name: str) -> Matches | None:
    return (trial.facts.figures or {}).get(name)

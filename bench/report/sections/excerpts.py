"""Parts of what the workloads printed, as they stand, case by case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.judge.finding import counted
from bench.report.sections.section import Section
from bench.report.wording import visible
from bench.results.summary import good_trials, measured_states

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.analysis.model import TrialResult
    from bench.journal.facts.excerpt import ExcerptFound
    from bench.results.run import Run


def excerpts(run: Run) -> Section | None:
    """A row for each excerpt of each case; None where the scenario asks for none."""
    found = [
        (case, name, _last(run, case, name))
        for case, settings in run.scenario.cases.items()
        for name in settings.excerpts
    ]
    if not found:
        return None
    return Section(
        title="excerpts",
        beside="parts of the workload's output, each from the last trial that has it",
        columns=("case", "excerpt", "trial", "lines"),
        rows=tuple(_row(case, name, last) for case, name, last in found),
        texts=tuple(
            (f"{case}: {name}", "\n".join(visible(line) for line in last[1].lines))
            for case, name, last in found
            if last
        ),
        in_terminal=False,
    )


def _last(run: Run, case: str, name: str) -> tuple[TrialResult, ExcerptFound] | None:
    """The excerpt of the last trial under the case's limits that has it, and that trial."""
    having = [(trial, found) for trial in _trials(run, case) if (found := _found(trial, name))]
    return having[-1] if having else None


def _trials(run: Run, case: str) -> Iterator[TrialResult]:
    for cache, arm in measured_states(run, case):
        if arm == "fit":
            yield from good_trials(run, case, cache)


def _found(trial: TrialResult, name: str) -> ExcerptFound | None:
    return (trial.facts.excerpts or {}).get(name)


def _row(case: str, name: str, last: tuple[TrialResult, ExcerptFound] | None) -> tuple[str, ...]:
    if last is None:
        return (case, name, "", "none: its first line was not printed")
    trial, found = last
    words = counted(len(found.lines), "line")
    if found.left_out:
        words += f", and {found.left_out} more not kept"
    if not found.ended:
        words += "; it runs to the end of the output, as its last line was not printed"
    return (case, name, trial.trial_id, words)

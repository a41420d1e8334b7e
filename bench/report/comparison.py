"""Comparisons on the terminal: what the candidate does against the baseline, in words."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from bench.judge.compare import compare_cases
from bench.judge.model import Difference
from bench.metrics import METRICS
from bench.report.rows import comparison_groups, key_comparisons
from bench.report.wording import (
    DIFFERENCE_MARKS,
    change_words,
    one_line,
    p_words,
    ratio_interval_words,
    value_words,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TextIO

    from rich.console import RenderableType

    from bench.judge.model import Comparison
    from bench.results.run import Run

_NUMBER_WIDTH = 9
_STYLES = {
    Difference.BETTER: "green",
    Difference.WORSE: "bold red",
    Difference.DIFFERENT: "cyan",
    Difference.INCONCLUSIVE: "yellow",
    Difference.NOT_MEASURED: "dim",
    Difference.SAME: "",
}


def print_comparisons(earlier: Run, run: Run, stream: TextIO | None = None) -> None:
    """Write how the cases of `run` compare with those of the same name in an earlier run."""
    from bench.report.console import write_safely

    found = compare_runs(earlier, run)
    write_safely(stream or sys.stdout, comparisons_text(found, everything=False))


def compare_runs(earlier: Run, run: Run) -> list[Comparison]:
    """Every case that both runs have, the earlier one as the baseline."""
    before, after = run_names(earlier, run)
    return [
        one
        for case in run.scenario.cases
        if case in earlier.scenario.cases
        for one in compare_cases(
            earlier.sample(case, f"{before}{case}"), run.sample(case, f"{after}{case}")
        )
    ]


def run_names(one: Run, other: Run) -> tuple[str, str]:
    """What to put before the cases of two runs to tell them apart: `RUN:`, or nothing."""
    if one.folder == other.folder:
        return "", ""
    names = one.folder.name, other.folder.name
    if names[0] == names[1]:
        names = str(one.folder), str(other.folder)
    return f"{names[0]}:", f"{names[1]}:"


def comparisons_text(
    comparisons: Sequence[Comparison], *, everything: bool, colour: bool = False
) -> str:
    """Comparisons as text of at most 100 columns: every metric, or the most important few."""
    from bench.report.console import rendered

    blocks = [
        block
        for _, group in comparison_groups(list(comparisons))
        for block in comparison_blocks(group, everything=everything)
    ]
    return rendered(blocks, colour=colour)


def comparison_blocks(
    comparisons: list[Comparison], *, everything: bool
) -> Iterable[RenderableType]:
    """One candidate against one baseline: a table, and why what is unclear is unclear."""
    from bench.report.console import grid, heading

    first = comparisons[0]
    shown = comparisons if everything else key_comparisons(comparisons)
    several = len({one.cache for one in shown if one.cache}) > 1
    sides = [one_line(first.baseline), one_line(first.candidate)]
    if max(len(side) for side in sides) > _NUMBER_WIDTH:
        sides = ["baseline", "candidate"]
    table = grid(
        ("left", 1),
        ("left", 28 if several else 22),
        ("right", _NUMBER_WIDTH),
        ("right", _NUMBER_WIDTH),
        ("left", 24),
        ("left", None),
    )
    table.add_row("", "", *(Text(text, "dim") for text in (*sides, "", "95 % interval, p")))
    for one in shown:
        table.add_row(
            Text(DIFFERENCE_MARKS[one.difference], _STYLES[one.difference]),
            _title(one, several=several),
            value_words(one.baseline_median, one.metric),
            value_words(one.candidate_median, one.metric),
            Text(change_words(one), _STYLES[one.difference]),
            Text(_evidence(one), "dim", no_wrap=True),
        )
    title = f"{one_line(first.candidate)} AGAINST {one_line(first.baseline)}"
    yield Group(heading(title, _samples(shown)), table, *_doubts(shown))


def _doubts(comparisons: Sequence[Comparison]) -> Iterable[Text]:
    """Why what could not be called could not be, the same reason once."""
    unclear = [one for one in comparisons if one.difference is Difference.INCONCLUSIVE]
    for reason in dict.fromkeys(one.reason for one in unclear):
        metrics = [METRICS[one.metric].title for one in unclear if one.reason == reason]
        named = metrics[0] if len(metrics) == 1 else f"{len(metrics)} metrics"
        yield Text(f"? {named}: {one_line(reason)}", "dim")


def _title(comparison: Comparison, *, several: bool) -> Text:
    title = METRICS[comparison.metric].title
    return Text(f"{title} ({comparison.cache})" if several and comparison.cache else title)


def _evidence(comparison: Comparison) -> str:
    parts = [ratio_interval_words(comparison), p_words(comparison.p_value)]
    return ", ".join(part for part in parts if part)


def _samples(comparisons: Sequence[Comparison]) -> str:
    of_trials = [one for one in comparisons if one.cache]
    if not of_trials:
        return ""
    one = of_trials[0]
    caches = " and ".join(dict.fromkeys(other.cache for other in of_trials))
    return f"medians of {one.n_baseline} and {one.n_candidate} {caches} trials"

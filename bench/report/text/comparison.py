"""Comparisons on the terminal: the candidate against the baseline, metric by metric."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from bench.core.domain import Arm
from bench.journal.facts.comparison import Difference
from bench.judge.compare import compare_cases
from bench.report.comparison_words import (
    DIFFERENCE_MARKS,
    change_words,
    comparison_notes,
    detectable_words,
    median_words,
    p_words,
    ratio_interval_words,
    rule_words,
)
from bench.report.rows import comparison_groups, key_comparisons
from bench.report.wording import NO_LIMITS, one_line, state_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TextIO

    from rich.console import RenderableType

    from bench.journal.facts.comparison import Comparison
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


def print_comparisons(
    comparisons: Sequence[Comparison], stream: TextIO, *, everything: bool
) -> None:
    """Write comparisons as text, coloured where `stream` is a terminal."""
    from bench.report.text.terminal import may_colour, write_safely

    text = comparisons_text(comparisons, everything=everything, colour=may_colour(stream))
    write_safely(stream, text)


def compare_runs(
    baseline: Run, candidate: Run, pairs: Iterable[tuple[str, str]]
) -> list[Comparison]:
    """Cases of one run against cases of another, each under a name that tells them apart."""
    before, after = run_names(baseline, candidate)
    return [
        found
        for case, against in pairs
        for found in compare_cases(
            baseline.sample(case, f"{before}{case}"), candidate.sample(against, f"{after}{against}")
        )
    ]


def run_names(baseline: Run, candidate: Run) -> tuple[str, str]:
    """Prefixes that tell the cases of two runs apart: `RUN:`, or nothing for one run."""
    if baseline.folder == candidate.folder:
        return "", ""
    names = baseline.folder.name, candidate.folder.name
    if names[0] == names[1]:
        names = str(baseline.folder), str(candidate.folder)
    return f"{names[0]}:", f"{names[1]}:"


def comparisons_text(
    comparisons: Sequence[Comparison], *, everything: bool, colour: bool = False
) -> str:
    """Comparisons as text of at most 100 columns: every metric, or the most important few."""
    from bench.report.text.terminal import rendered

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
    from bench.report.text.terminal import grid, heading

    first = comparisons[0]
    shown = comparisons if everything else key_comparisons(comparisons)
    sides = [one_line(first.baseline), one_line(first.candidate)]
    if max(len(side) for side in sides) > _NUMBER_WIDTH:
        sides = ["baseline", "candidate"]
    table = grid(
        ("left", 1),
        ("left", 21),
        ("right", _NUMBER_WIDTH),
        ("right", _NUMBER_WIDTH),
        ("left", 22),
        ("left", 10),
        ("left", 7),
        ("right", 5),
    )
    names = (*sides, "", "95 %", "p", "finds")
    table.add_row("", "", *(Text(text, "dim") for text in names))
    several = len({comparison.cache for comparison in shown if comparison.arm == Arm.FIT}) > 1
    state = ""
    for comparison in shown:
        words = state_words(comparison.cache, comparison.arm)
        if several and words not in ("", state):
            state = words
            table.add_row("", Text(state, "dim"))
        baseline, candidate = median_words(comparison)
        table.add_row(
            Text(DIFFERENCE_MARKS[comparison.difference], _STYLES[comparison.difference]),
            comparison.title,
            baseline,
            candidate,
            Text(change_words(comparison), _STYLES[comparison.difference]),
            Text(ratio_interval_words(comparison).replace("x to ", "-"), "dim", no_wrap=True),
            Text(p_words(comparison.corrected_p).replace(" ", ""), "dim", no_wrap=True),
            Text(detectable_words(comparison.detectable), "dim", no_wrap=True),
        )
    title = f"{one_line(first.candidate)} AGAINST {one_line(first.baseline)}"
    yield Group(
        heading(title, _samples(shown)),
        table,
        *(Text(one_line(note), "dim") for note in comparison_notes(shown)),
        *_doubts(shown),
        Text(rule_words(shown), "dim"),
    )


def _doubts(comparisons: Sequence[Comparison]) -> Iterable[Text]:
    """Why what could not be called could not be, the same reason once."""
    unclear = [
        comparison
        for comparison in comparisons
        if comparison.difference is Difference.INCONCLUSIVE
        and not (comparison.killed_baseline or comparison.killed_candidate)  # a note says why
    ]
    for reason in dict.fromkeys(comparison.reason for comparison in unclear):
        metrics = [comparison.title for comparison in unclear if comparison.reason == reason]
        named = metrics[0] if len(metrics) == 1 else f"{len(metrics)} metrics"
        yield Text(f"? {named}: {one_line(reason)}", "dim")


def _samples(comparisons: Sequence[Comparison]) -> str:
    """How many trials of which kind the medians are of."""
    counts: dict[tuple[int, int, bool], dict[str, None]] = {}
    for comparison in comparisons:
        if comparison.cache:
            key = comparison.n_baseline, comparison.n_candidate, comparison.arm == Arm.NEED
            counts.setdefault(key, {})[comparison.cache] = None
    kinds = []
    for (before, after, free), caches in counts.items():
        if free:
            kinds.append(f"memory of {before} and {after} {NO_LIMITS}")
        else:
            kinds.append(f"{before} and {after} {' and '.join(caches)} trials")
    return f"medians of {', '.join(kinds)}" if kinds else ""

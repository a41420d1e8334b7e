"""Comparisons on the terminal: what the candidate does against the baseline, in words."""

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


def compare_runs(one: Run, other: Run, pairs: Iterable[tuple[str, str]]) -> list[Comparison]:
    """Cases of one run against cases of another, each under a name that tells them apart."""
    before, after = run_names(one, other)
    return [
        found
        for case, against in pairs
        for found in compare_cases(
            one.sample(case, f"{before}{case}"), other.sample(against, f"{after}{against}")
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
    several = len({one.cache for one in shown if one.arm == Arm.FIT}) > 1
    state = ""
    for one in shown:
        words = state_words(one.cache, one.arm)
        if several and words not in ("", state):
            state = words
            table.add_row("", Text(state, "dim"))
        baseline, candidate = median_words(one)
        table.add_row(
            Text(DIFFERENCE_MARKS[one.difference], _STYLES[one.difference]),
            one.title,
            baseline,
            candidate,
            Text(change_words(one), _STYLES[one.difference]),
            Text(ratio_interval_words(one).replace("x to ", "-"), "dim", no_wrap=True),
            Text(p_words(one.corrected_p).replace(" ", ""), "dim", no_wrap=True),
            Text(detectable_words(one.detectable), "dim", no_wrap=True),
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
        one
        for one in comparisons
        if one.difference is Difference.INCONCLUSIVE
        and not (one.killed_baseline or one.killed_candidate)  # a note says why
    ]
    for reason in dict.fromkeys(one.reason for one in unclear):
        metrics = [one.title for one in unclear if one.reason == reason]
        named = metrics[0] if len(metrics) == 1 else f"{len(metrics)} metrics"
        yield Text(f"? {named}: {one_line(reason)}", "dim")


def _samples(comparisons: Sequence[Comparison]) -> str:
    """How many trials of which kind the medians are of."""
    counts: dict[tuple[int, int, bool], dict[str, None]] = {}
    for one in comparisons:
        if one.cache:
            key = one.n_baseline, one.n_candidate, one.arm == Arm.NEED
            counts.setdefault(key, {})[one.cache] = None
    kinds = []
    for (before, after, free), caches in counts.items():
        if free:
            kinds.append(f"memory of {before} and {after} {NO_LIMITS}")
        else:
            kinds.append(f"{before} and {after} {' and '.join(caches)} trials")
    return f"medians of {', '.join(kinds)}" if kinds else ""

"""summary.md: verdicts, checklist, comparison and reasons, for a job's summary page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.report import caveats
from bench.report.comparison_words import (
    change_words,
    comparison_notes,
    detectable_words,
    effect_words,
    median_words,
    p_words,
    ratio_interval_words,
    rule_words,
)
from bench.report.failing import failing
from bench.report.fix_next import fix_next
from bench.report.headline import answer
from bench.report.rows import (
    case_outcomes,
    comparison_groups,
    key_comparisons,
    reason_groups,
    rule_rows,
)
from bench.report.sections.all import sections
from bench.report.text.console import floor_words
from bench.report.wording import (
    MARKS,
    actual_words,
    case_words,
    counted_values,
    exit_words,
    limit_words,
    one_line,
    standard_words,
    state_words,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bench.judge.model import Verdict
    from bench.results.run import Run

MOST_BYTES = 1_000_000
"""Below the 1 MiB at which GitHub refuses a job summary."""

_SPECIAL = "\\`*_{}[]<>#|~$@"


def escaped(text: object) -> str:
    """`text` on one line, with nothing in it that Markdown or HTML would act upon."""
    return "".join(f"\\{char}" if char in _SPECIAL else char for char in one_line(text)).replace(
        "&", "&amp;"
    )


def markdown_text(run: Run) -> str:
    """The summary, cut at a line's end where it would pass `MOST_BYTES`."""
    lines: list[str] = []
    size = 0
    for line in _lines(run):
        size += len(line.encode()) + 1
        if size > MOST_BYTES - 200:
            lines += ["", "The rest is left out, to stay below 1 MB: see run.json."]
            break
        lines.append(line)
    return "\n".join(lines) + "\n"


def _lines(run: Run) -> Iterator[str]:
    yield f"# {escaped(run.header.name)}"
    yield ""
    if run.scenario.description:
        yield from (escaped(run.scenario.description), "")
    if sentence := answer(run):
        yield from (f"**{escaped(sentence)}**", "")
    for case, outcome in case_outcomes(run).items():
        mark = MARKS[outcome.outcome]
        yield f"- {mark} **{escaped(case)}**: {case_words(outcome)}"
    yield ""
    yield from _failing(run)
    yield (
        f"Run `{one_line(run.run_id)}`, link: {escaped(run.link)}, exit code {run.exit_code}: "
        f"{exit_words(run)}."
    )
    if mends := fix_next(run):
        yield from ("", "## Fix next", "", *(f"- {escaped(text)}" for text in mends))
    yield from _checklist(run)
    yield from _comparisons(run)
    yield from _reasons(run)
    for section in sections(run):
        yield from ("", f"## {section.heading}", "", f"{escaped(section.beside)}", "")
        yield from _table(
            section.columns, ([escaped(cell) for cell in row] for row in section.rows)
        )
        yield from (line for note in section.notes for line in ("", escaped(note)))
        for title, text in section.texts:
            yield from ("", escaped(title), "", *_as_it_stands(text))
    floor = floor_words(run)
    if floor:
        yield from ("", "## Floor of the engine", "", escaped(floor))
    doubts = caveats.warnings(run)
    if doubts:
        yield from ("", "## Before you trust this", "")
        yield from (f"- {escaped(text)}" for text in doubts)


def _failing(run: Run) -> Iterator[str]:
    for problem in failing(run):
        yield from (f"**{escaped(problem.case)} {escaped(problem.headline)}**", "")
        for name, value in problem.facts:
            yield from (f"{name}: {escaped(value)}", "")
        if problem.lines:
            yield from (f"{problem.lines_title}:", "", *_as_it_stands("\n".join(problem.lines)), "")
        if problem.remedy:
            yield from (f"What to do: {escaped(problem.remedy)}", "")


def _as_it_stands(text: str) -> Iterator[str]:
    """`text` indented, which nothing in it can end, as it could a fence."""
    yield from (f"    {line}" for line in text.split("\n"))


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    names = list(head)
    yield f"| {' | '.join(names)} |"
    yield f"|{' --- |' * len(names)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _checklist(run: Run) -> Iterator[str]:
    rows = rule_rows(run)
    if not rows:
        return
    cases = list(run.scenario.cases)
    title = standard_words(run)
    yield from ("", f"## Checklist: {escaped(title)}", "")
    yield from _table(
        ["rule", *(escaped(case) for case in cases), "limit"],
        (
            [
                escaped(row.name),
                *(_cell(row.verdicts.get(case)) for case in cases),
                escaped(limit_words(row.first)),
            ]
            for row in rows
        ),
    )


def _cell(verdict: Verdict | None) -> str:
    if verdict is None:
        return ""
    parts = (MARKS[verdict.verdict], actual_words(verdict), counted_values(verdict.n))
    return escaped(" ".join(part for part in parts if part))


def _comparisons(run: Run) -> Iterator[str]:
    for (baseline, candidate), group in comparison_groups(run.all_comparisons):
        yield from ("", f"## {escaped(candidate)} against {escaped(baseline)}", "")
        yield from _table(
            [
                "metric, median",
                escaped(baseline),
                escaped(candidate),
                "change",
                "95 % interval",
                "p, corrected",
                "effect",
                "finds",
                "n",
            ],
            (
                [
                    escaped(f"{comparison.title} {state_words(comparison.cache, comparison.arm)}"),
                    *median_words(comparison),
                    escaped(change_words(comparison)),
                    ratio_interval_words(comparison),
                    escaped(p_words(comparison.corrected_p)),
                    effect_words(comparison.effect),
                    detectable_words(comparison.detectable),
                    f"{comparison.n_baseline}, {comparison.n_candidate}"
                    if comparison.cache
                    else "",
                ]
                for comparison in key_comparisons(group)
            ),
        )
        for note in comparison_notes(group):
            yield from ("", escaped(note))
        effect = (
            f"Effect: the share of all pairs of trials in which {candidate} has the larger value."
        )
        yield from ("", escaped(f"{rule_words(group)} {effect}"))


def _reasons(run: Run) -> Iterator[str]:
    groups = reason_groups(run)
    if not groups:
        return
    yield from ("", "## Why", "")
    for group in groups:
        verdict = group.first
        expected = ", expected" if verdict.verdict == "fail" and verdict.expected else ""
        cases = escaped(", ".join(group.cases))
        mark = MARKS[verdict.verdict]
        yield f"- {mark} **{escaped(group.rule)}** ({cases}){expected}: {escaped(verdict.reason)}"
        if verdict.remedy:
            yield f"  - What to do: {escaped(verdict.remedy)}"

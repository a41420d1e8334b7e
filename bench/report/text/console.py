"""The end of a run on the terminal: verdicts, checklist, comparison, reasons and warnings.

At most 100 columns; without a terminal plain text of exactly that width, with no colours.
"""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from bench.core.domain import CALIBRATION_CASE
from bench.core.metrics import METRICS
from bench.judge.finding import counted
from bench.judge.model import Outcome
from bench.judge.stops import STOP_TIMES, killed_words
from bench.report import caveats
from bench.report.baseline import baseline_words
from bench.report.failing import failing
from bench.report.fix_next import fix_next
from bench.report.headline import answer
from bench.report.rows import case_outcomes, comparison_groups, reason_groups, rule_rows
from bench.report.sections.all import sections
from bench.report.text.comparison import comparison_blocks
from bench.report.text.terminal import (
    WIDTH,
    grid,
    heading,
    may_colour,
    rendered,
    visible_path,
    write_safely,
)
from bench.report.wording import (
    KEY_METRICS,
    MARKS,
    actual_words,
    case_words,
    counted_values,
    exit_words,
    limit_words,
    one_line,
    standard_words,
    state_words,
    unit_words,
    value_words,
    visible,
)
from bench.results.summary import calibration, good_trials, shown_summaries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TextIO

    from rich.console import RenderableType

    from bench.judge.model import Verdict
    from bench.report.failing import Failing
    from bench.report.rows import ReasonGroup, RuleRow
    from bench.report.sections.section import Section
    from bench.results.run import Run

_CASES_AT_ONCE = 3
_STYLES = {
    Outcome.PASS: "green",
    Outcome.FAIL: "bold red",
    Outcome.INCONCLUSIVE: "yellow",
    Outcome.NOT_MEASURED: "dim",
    Outcome.ERROR: "bold magenta",
}
_FLOOR = ("create_s", "start_s", "cpu_s", "memory_peak_bytes")


def print_results(run: Run, stream: TextIO | None = None) -> None:
    """Write the end block to `stream`, or to stdout: in colour only to a terminal."""
    stream = stream or sys.stdout
    width = min(WIDTH, shutil.get_terminal_size().columns) if stream.isatty() else WIDTH
    write_safely(stream, end_block(run, width=width, colour=may_colour(stream)))


def end_block(run: Run, *, width: int = WIDTH, colour: bool = False) -> str:
    """The end block as text; with escape sequences for colours where asked for."""
    return rendered(_blocks(run), width=width, colour=colour)


def _blocks(run: Run) -> Iterable[RenderableType]:
    broken = [_failing(problem) for problem in failing(run)]
    if broken:
        yield from (_result(run), *broken, _summary(run))
    else:
        yield Group(_result(run), _summary(run))
    names = list(run.scenario.cases)
    shown = [section for section in sections(run) if section.in_terminal]
    leading = [section for section in shown if section.leads]
    yield from map(_section, leading)
    rows = rule_rows(run)
    if rows:
        for start in range(0, len(names), _CASES_AT_ONCE):
            yield _checklist(run, rows, names[start : start + _CASES_AT_ONCE])
    compared: set[str] = set()
    for (baseline, candidate), group in comparison_groups(run.comparisons):
        compared |= {baseline, candidate}
        yield from comparison_blocks(group, everything=False)
    if run.baseline is not None:
        for _, group in comparison_groups(run.baseline.comparisons):
            yield from comparison_blocks(group, everything=False)
    alone = [name for name in names if name not in compared and not leading]
    for start in range(0, len(alone), _CASES_AT_ONCE):
        yield from _medians(run, alone[start : start + _CASES_AT_ONCE])
    groups = reason_groups(run)
    if groups:
        yield Group(heading("WHY"), *(_reason(group) for group in groups))
    yield from (_section(section) for section in shown if not section.leads)
    floor = floor_words(run)
    if floor:
        yield Text.assemble(("FLOOR OF THE ENGINE", "bold"), f"  {floor}")
    doubts = caveats.warnings(run)
    if mends := fix_next(run):
        yield Group(heading("FIX NEXT"), *(_item("→", text) for text in mends))
    if doubts:
        yield Group(heading("BEFORE YOU TRUST THIS"), *(_item("!", text) for text in doubts))
    yield _where(run)


def _result(run: Run) -> RenderableType:
    table = grid(("left", 6), ("left", None), ("left", None))
    for number, (case, outcome) in enumerate(case_outcomes(run).items()):
        table.add_row(
            Text("RESULT" if number == 0 else "", "bold"),
            Text(one_line(case)),
            Text(case_words(outcome), _STYLES[outcome.outcome]),
        )
    first = exit_words(run) if run.interrupted else baseline_words(run)
    return Group(table, *([Text(one_line(f"{first}."))] if first else []))


def _summary(run: Run) -> RenderableType:
    sentence = answer(run, with_baseline=False)
    said = [Text(one_line(sentence))] if sentence else []
    return Group(*said, Text(_circumstances(run), "dim"))


def _failing(problem: Failing) -> RenderableType:
    """The failure of a case, with its last lines unchanged."""
    parts: list[RenderableType] = [Text(one_line(f"{problem.case} {problem.headline}"), "bold red")]
    table = grid(("left", None), ("left", None))
    for name, value in problem.facts:
        table.add_row(Text(name, "dim"), Text(one_line(value)))
    if problem.facts:
        parts.append(Padding(table, (0, 0, 0, 2)))
    if problem.lines:
        parts.append(Padding(Text(f"{problem.lines_title}:", "dim"), (0, 0, 0, 2)))
        lines = [Text(visible(line), no_wrap=True, overflow="ellipsis") for line in problem.lines]
        parts.append(Padding(Group(*lines), (0, 0, 0, 4)))
    if problem.remedy:
        parts.append(_item("→", problem.remedy))
    return Group(*parts)


def _circumstances(run: Run) -> str:
    trials = sum(
        trial.key.case != CALIBRATION_CASE and trial.key.replica <= 1 and not trial.service
        for trial in run.results
    )
    engine = run.header.engine
    parts = (
        f"{run.header.name}: {counted(trials, 'trial')}",
        f"link: {run.link}",
        f"{engine.get('kind', 'engine')} {engine.get('version', '')}".strip(),
        f"{run.header.host['cores']} cores",
    )
    return one_line(" · ".join(parts))


def _checklist(run: Run, rows: Sequence[RuleRow], cases: Sequence[str]) -> RenderableType:
    limits = [one_line(limit_words(row.first)) for row in rows]
    limit_width = min(18, max(5, *(len(text) for text in limits)))
    cells = {row.id: [_cell(row.verdicts.get(case)) for case in cases] for row in rows}
    needed = max(
        *(len(one_line(case)) for case in cases),
        *(len(cell) for row in cells.values() for cell in row),
    )
    left = WIDTH - limit_width - 2
    share = min(needed, (left - 24) // len(cases) - 2)
    name_width = min(max(len(one_line(row.name)) for row in rows), left - len(cases) * (share + 2))
    table = grid(("left", name_width), *((("left", share),) * len(cases)), ("left", limit_width))
    table.columns[0].no_wrap = False
    table.add_row(
        Text("CHECKLIST", "bold"),
        *(Text(one_line(case), "bold") for case in cases),
        Text("limit", "bold"),
    )
    for row, limit in zip(rows, limits, strict=True):
        table.add_row(Text(one_line(row.name)), *cells[row.id], Text(limit))
    title = standard_words(run)
    return Group(table, Text(f"by: {one_line(title)}", "dim"))


def _cell(verdict: Verdict | None) -> Text:
    if verdict is None:
        return Text("")
    words = [MARKS[verdict.verdict], actual_words(verdict), counted_values(verdict.n)]
    if verdict.severity == "warn" and verdict.verdict is Outcome.FAIL:
        words.append("(warns)")
    return Text(" ".join(word for word in words if word), _STYLES[verdict.verdict])


def _medians(run: Run, cases: Sequence[str]) -> Iterator[RenderableType]:
    """The key figures of cases that no comparison shows; nothing where there are none."""
    table = grid(("left", 20), *((("left", 24),) * len(cases)))
    table.add_row(Text("MEDIANS", "bold"), *(Text(one_line(case), "bold") for case in cases))
    for name in KEY_METRICS:
        cells = [_median(run, case, name) for case in cases]
        if any(cells):
            table.add_row(run.metrics[name].title, *(Text(cell) for cell in cells))
    if table.row_count > 1:
        yield table


def _median(run: Run, case: str, metric: str) -> str:
    image, unit = run.images.get(case), run.metrics[metric].unit
    if image is not None and metric in image.metric_values():
        return unit_words(image.metric_values()[metric], unit)
    for summary in shown_summaries(run, case):
        if summary.metric == metric:
            killed = metric in STOP_TIMES and killed_words(
                good_trials(run, case, summary.cache, summary.arm)
            )
            value = "killed" if killed else unit_words(summary.median, unit)
            return f"{value} {state_words(summary.cache, summary.arm)} n={summary.n}"
    return ""


def _reason(group: ReasonGroup) -> RenderableType:
    verdict = group.first
    title = Text.assemble(
        (f"{MARKS[verdict.verdict]} ", _STYLES[verdict.verdict]),
        (one_line(group.rule), "bold"),
        f" ({one_line(', '.join(group.cases))})",
    )
    if verdict.verdict is Outcome.FAIL and verdict.expected:
        title.append(", expected")
    lines: list[RenderableType] = [title, Padding(Text(one_line(verdict.reason)), (0, 0, 0, 4))]
    if verdict.remedy:
        lines.append(_item("→", verdict.remedy, indent=4))
    return Padding(Group(*lines), (0, 0, 0, 2))


def _item(mark: str, text: str, indent: int = 2) -> RenderableType:
    table = grid(("left", 1), ("left", None))
    table.padding = (0, 1, 0, 0)
    table.add_row(mark, Text(one_line(text)))
    return Padding(table, (0, 0, 0, indent))


def _section(section: Section) -> RenderableType:
    table = grid(*[("left", None) for _ in section.columns])
    table.add_row(*(Text(one_line(name), "dim") for name in section.columns))
    for row in section.rows:
        table.add_row(*(Text(one_line(cell)) for cell in row))
    notes = [Text(one_line(note), "dim") for note in section.notes]
    return Group(heading(section.title.upper(), section.beside), table, *notes)


def floor_words(run: Run) -> str:
    """The cost of the runtime itself, from the do-nothing container; empty where none was run."""
    found = {summary.metric: summary for summary in calibration(run)}
    parts = [
        f"{METRICS[name].title} {value_words(found[name].median, name)}"
        for name in _FLOOR
        if name in found
    ]
    if not parts:
        return ""
    n = max(summary.n for summary in found.values())
    return f"a do-nothing container: {', '.join(parts)} (median of {n})"


def _where(run: Run) -> RenderableType:
    page = run.folder / "index.html"
    code = run.exit_code
    lines = [Text(f"Exit code {code}: {exit_words(run)}")]
    place = str(page if page.exists() else run.folder)
    lines.append(Text.assemble(("Report", "bold"), f"  {visible_path(place)}", overflow="fold"))
    return Group(*lines)

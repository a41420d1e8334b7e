"""`bench list`: the runs under a folder, newest first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.core.paths import is_there
from bench.core.text import clean, clean_tree

if TYPE_CHECKING:
    from bench.results.listing import RunEntry


_ALIGNED = 5
_OF_BROKEN = 2  # cells of a run that cannot be read


@click.command("list")
@click.argument("folder", type=click.Path(path_type=Path), default=Path("reports"))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def command(folder: Path, form: str) -> None:
    """List the runs under FOLDER (reports where none is named), newest first."""
    from bench.core.errors import UsageError
    from bench.results.listing import list_runs

    if not is_there(folder, Path.is_dir):
        raise UsageError(str(folder), "is not a folder", "`bench run` creates reports/")
    entries = list_runs(folder)
    if form == "json":
        _print_json(entries)
    elif entries:
        _print_table(entries)
    else:
        click.echo(clean(f"no runs under {folder}"), err=True)


def _print_json(entries: list[RunEntry]) -> None:
    import json

    rows = [
        {
            "run_id": entry.run_id,
            "folder": str(entry.folder),
            "started_at": entry.at or None,
            "name": entry.name or None,
            "outcome": entry.outcome or None,
            "cases": {
                case: {"verdict": verdict, "as_expected": expected}
                for case, (verdict, expected) in entry.cases.items()
            },
            "exit_code": entry.exit_code,
            "problem": entry.problem or None,
        }
        for entry in entries
    ]
    click.echo(json.dumps(clean_tree(rows), indent=2, ensure_ascii=False))


def _print_table(entries: list[RunEntry]) -> None:
    """One line per run, its columns aligned; first what `RUN` on a command line may say for it."""
    from bench.report.wording import one_line

    rows = [[one_line(cell) for cell in _cells(entry)] for entry in entries]
    whole = [row for row in rows if len(row) > _OF_BROKEN]
    widths = [max((len(row[index]) for row in whole), default=0) for index in range(_ALIGNED)]
    for row in rows:
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        click.echo("  ".join([*padded, *row[len(widths) :]]).rstrip())


def _cells(entry: RunEntry) -> list[str]:
    if entry.problem:
        return [entry.folder.name, f"cannot be read: {entry.problem}"]
    cases = ", ".join(
        f"{case} {verdict}{_beside(verdict, expected=expected)}"
        for case, (verdict, expected) in entry.cases.items()
    )
    when = entry.at[:16].replace("T", " ")
    return [
        entry.folder.name,
        when,
        entry.name,
        entry.outcome,
        f"exit {entry.exit_code}",
        cases,
    ]


def _beside(verdict: str, *, expected: bool) -> str:
    if verdict == "fail" and expected:
        return " (expected)"
    return " (not expected)" if verdict == "pass" and not expected else ""

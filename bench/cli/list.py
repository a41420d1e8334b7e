"""`bench list`: the runs under a folder, newest first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bench.results.listing import RunEntry


@click.command("list")
@click.argument("folder", type=click.Path(path_type=Path), default=Path("reports"))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def command(folder: Path, form: str) -> None:
    """List the runs under FOLDER (reports where none is named), newest first."""
    from bench.errors import UsageError
    from bench.results.listing import list_runs

    if not folder.is_dir():
        raise UsageError(str(folder), "is no folder", "`bench run` makes reports/")
    entries = list_runs(folder)
    if form == "json":
        _print_json(entries)
    elif entries:
        for entry in entries:
            click.echo(_line(entry))
    else:
        click.echo(f"no runs under {folder}", err=True)


def _print_json(entries: list[RunEntry]) -> None:
    import json

    rows = [
        {
            "run_id": one.run_id,
            "folder": str(one.folder),
            "started_at": one.at or None,
            "name": one.name or None,
            "outcome": one.outcome or None,
            "cases": {
                case: {"verdict": verdict, "as_expected": expected}
                for case, (verdict, expected) in one.cases.items()
            },
            "exit_code": one.exit_code,
            "problem": one.problem or None,
        }
        for one in entries
    ]
    click.echo(json.dumps(rows, indent=2, ensure_ascii=False))


def _line(entry: RunEntry) -> str:
    from bench.report.wording import one_line

    if entry.problem:
        return one_line(f"{entry.run_id}  cannot be read: {entry.problem}")
    cases = ", ".join(
        f"{case} {verdict}{_beside(verdict, expected=expected)}"
        for case, (verdict, expected) in entry.cases.items()
    )
    when = entry.at[:16].replace("T", " ")
    return one_line(
        f"{entry.run_id}  {when}  {entry.name}  {entry.outcome}  exit {entry.exit_code}  {cases}"
    )


def _beside(verdict: str, *, expected: bool) -> str:
    if verdict == "fail" and expected:
        return " (expected)"
    return " (not expected)" if verdict == "pass" and not expected else ""

"""`bench history`: trend and change points over a folder of runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.core.errors import UsageError
from bench.core.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from bench.results.run_figures import RecordedRun
    from bench.results.trends import Trend

_PAGE = "history.html"


@click.command("history")
@click.argument("folder", type=click.Path(path_type=Path), default=Path("reports"))
@click.option("--scenario", "scenarios", multiple=True, metavar="NAME", help="Only this scenario.")
@click.option("--case", "cases", multiple=True, metavar="ID", help="Only this case (repeatable).")
@click.option(
    "--metric",
    "metrics",
    multiple=True,
    metavar="NAME",
    help="This metric in every arm (repeatable); the key metrics if none is given.",
)
@click.option("--last", type=click.IntRange(min=1), help="Only the newest runs of each scenario.")
@click.option("--format", "form", type=click.Choice(["text", "json", "html"]), default="text")
@click.option(
    "-o",
    "--output",
    metavar="-|FILE",
    help=f"Write to stdout (-) or to this file; a page goes into FOLDER as {_PAGE} otherwise.",
)
def command(
    folder: Path,
    scenarios: tuple[str, ...],
    cases: tuple[str, ...],
    metrics: tuple[str, ...],
    last: int | None,
    form: str,
    output: str | None,
) -> None:
    """Show how figures changed over the runs under FOLDER (reports where none is named).

    Runs that were not measured in the same way have a trend of their own.
    """
    from bench.cli.output import tell
    from bench.results.history import read_runs
    from bench.results.trends import TrendChoice, trends

    _check_output(output)
    chosen: list[TrendChoice] = []

    def choose(runs: Sequence[RecordedRun]) -> Collection[str]:
        names = _metrics(folder, runs, scenarios, cases, metrics)
        every_arm = bool(metrics) or form == "json"
        chosen[:] = [TrendChoice(names, scenarios, cases, last, every_arm)]
        return names

    recorded = read_runs(folder, choose, lambda line: tell(clean(line), err=True))
    found = trends(recorded, chosen[0])
    if not found:
        tell(clean(f"nothing to show: no run under {folder} has these figures"), err=True)
    if found or form == "json":
        _write(found, folder, form, output)


def _check_output(output: str | None) -> None:
    from bench.journal.writer import FILE_NAME
    from bench.results.history_index import INDEX_NAME

    if output == "":
        raise UsageError("-o", "is not a file name", "write - for stdout")
    if output is not None and Path(output).name in (FILE_NAME, INDEX_NAME):
        raise UsageError(f"-o {output}", "is the name of a file that bench reads", "name another")


def _metrics(
    folder: Path,
    runs: Sequence[RecordedRun],
    scenarios: Sequence[str],
    cases: Sequence[str],
    metrics: Sequence[str],
) -> list[str]:
    """The metrics to show, once it is known that all that was named is there.

    Raises:
        UsageError: some is not.
    """
    from bench.core.metrics import METRICS
    from bench.report.wording import KEY_METRICS

    if not runs:
        return list(metrics)
    _check_known(folder, "scenario", scenarios, {run.name for run in runs})
    runs = [run for run in runs if not scenarios or run.name in scenarios]
    _check_known(folder, "case", cases, {case for run in runs for case in run.cases})
    own = dict.fromkeys(name for run in runs for name in run.own)
    _check_known(folder, "metric", metrics, {**METRICS, **own})
    return list(dict.fromkeys(metrics or (*KEY_METRICS, *own)))


def _check_known(folder: Path, what: str, names: Sequence[str], known: Collection[str]) -> None:
    from bench.yamldoc.suggest import did_you_mean

    for name in names:
        if name not in known:
            hint = did_you_mean(name, sorted(known)) or "`bench history` shows all there are"
            raise UsageError(f"--{what} {name}", f"there is no such {what} under {folder}", hint)


def _write(found: Sequence[Trend], folder: Path, form: str, output: str | None) -> None:
    from bench.core.atomic import write_named, write_text

    texts: dict[str, Callable[[], str]] = {
        "text": lambda: _text(found, plain=output not in (None, "-")),
        "json": lambda: _json(found, folder),
        "html": lambda: _page(found, folder),
    }
    text = texts[form]()
    if output is not None and output != "-":
        click.echo(clean(write_named(Path(output), text)))
    elif form == "html" and output is None:
        click.echo(clean(write_text(folder / _PAGE, text)))
    else:
        click.echo(text, nl=False)


def _text(found: Sequence[Trend], *, plain: bool) -> str:
    import shutil

    from bench.report.text.history import history_text

    if plain:
        return history_text(found)
    width = shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else 80
    return history_text(found, width=width, blocks=_has_blocks(sys.stdout.encoding))


def _has_blocks(encoding: str | None) -> bool:
    from bench.report.text.sparkline import BLOCKS

    try:
        BLOCKS.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _json(found: Sequence[Trend], folder: Path) -> str:
    from bench.results.history_export import history_json

    return history_json(found, folder)


def _page(found: Sequence[Trend], folder: Path) -> str:
    from bench.report.html.history import history_html

    return history_html(found, folder)

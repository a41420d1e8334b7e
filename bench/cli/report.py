"""`bench report`: reports made again from a run's journal, without an engine."""

from __future__ import annotations

from pathlib import Path

import click

from bench.core.errors import UsageError
from bench.core.text import clean


@click.command("report")
@click.argument("run")
@click.option(
    "--format",
    "formats",
    multiple=True,
    help="html, md, json, csv, junit, github, sarif, trace, plots or parquet (repeatable); the "
    "default ones if none is given.",
)
@click.option(
    "-o", "--output", metavar="-|FILE", help="Write the one report to stdout (-) or to this file."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("reports"),
    show_default=True,
    help="Folder that contains RUN.",
)
def command(run: str, formats: tuple[str, ...], output: str | None, out: Path) -> None:
    """Make the reports of RUN again: a run's folder, its id, or `latest`."""
    from bench.core.atomic import write_named
    from bench.journal.writer import FILE_NAME
    from bench.report.formats import check_formats, report_text, write_reports
    from bench.results.find import find_run
    from bench.results.run import load_run

    check_formats(formats)
    if output is not None and len(formats) != 1:
        raise UsageError(f"-o {output}", "takes one report", "choose it with one --format")
    if output == "":
        raise UsageError("-o", "is not a file name", "write - for stdout")
    if output is not None and Path(output).name == FILE_NAME:
        raise UsageError(f"-o {output}", "is the name of the journal", "name another")
    loaded = load_run(find_run(run, out))
    if output == "-":
        click.echo(report_text(loaded, formats[0]), nl=False)
    elif output is not None:
        click.echo(clean(write_named(Path(output), report_text(loaded, formats[0]))))
    else:
        for path in write_reports(loaded, formats or None):
            click.echo(clean(path))

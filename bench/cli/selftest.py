"""`bench selftest`: how far bench itself is off, on containers of exactly known behaviour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bench.cli.options import out_option, progress_option
from bench.cli.progress import make_progress

if TYPE_CHECKING:
    from pathlib import Path


@click.command(name="selftest")
@click.option("--quick", is_flag=True, help="Fewer trials: one or two minutes instead of five.")
@click.option("--seed", type=int, help="Seed of the random order within the rounds.")
@out_option
@click.option("--engine", help="private, docker, podman, or an address.")
@progress_option
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    quick: bool,
    seed: int | None,
    out: Path,
    engine: str | None,
    progress: str,
    form: str,
) -> None:
    """Measure bench itself, on containers that do exactly what they are told and stamp when.

    Exit code 0: every target met; 1: one was missed; 3: it could not be judged.
    """
    from bench.core.atomic import write_text
    from bench.report.formats import write_reports
    from bench.report.text.selftest import FILE, selftest_json, selftest_text
    from bench.selftest.run import selftest

    watcher = make_progress(progress)
    test = selftest(quick=quick, out=out, engine=engine, seed=seed, progress=watcher)
    data = selftest_json(test)
    write_text(test.run.folder / FILE, data)
    click.echo(data if form == "json" else selftest_text(test), nl=False)
    write_reports(test.run)
    watcher.say(f"results: {test.run.folder}")
    ctx.exit(test.exit_code)

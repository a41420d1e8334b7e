"""`bench ladder`: what each change on the way from one image to another buys."""

from __future__ import annotations

from pathlib import Path

import click

from bench.cli.options import out_option, progress_option
from bench.cli.progress import make_progress
from bench.cli.quiet import quiet_options, with_bound


@click.command(name="ladder")
@click.argument("scenario", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--case", "cases", multiple=True, metavar="ID", help="Only this rung (repeatable).")
@click.option("--repeat", type=click.IntRange(1, 10_000), help="Trials of each rung.")
@click.option("--set", "overrides", multiple=True, metavar="PATH=VALUE", help="Change a value.")
@click.option("--seed", type=int, help="Seed of the random order within the rounds.")
@out_option
@click.option("--engine", help="private, docker, podman, or an address.")
@click.option("--dry-run", is_flag=True, help="Print the plan and run nothing.")
@quiet_options
@progress_option
@click.option(
    "--format",
    "formats",
    multiple=True,
    help="Also write `github` or `parquet`, or print `json` on stdout (repeatable).",
)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    scenario: Path,
    cases: tuple[str, ...],
    repeat: int | None,
    overrides: tuple[str, ...],
    seed: int | None,
    out: Path,
    engine: str | None,
    dry_run: bool,
    wait_quiet: float,
    max_other_load: str | None,
    progress: str,
    formats: tuple[str, ...],
) -> None:
    """Measure the rungs of the ladder of SCENARIO, and how each change counts.

    Rungs are not judged by the checklist or thresholds: a rung that misses some is the point of a
    ladder. Exit code 0: every rung got ready; 1: one did not; 3: one could not be measured.
    """
    from bench.cli import measuring
    from bench.cli.run import narrowed
    from bench.scenario.loading.load import load_scenarios

    changes = with_bound(overrides, max_other_load)
    (loaded,) = load_scenarios([scenario], overrides=list(changes))
    rungs = narrowed(loaded.of_ladder(), cases, repeat)
    if dry_run:
        measuring.show_plan(rungs, seed)
        return
    settings = measuring.RunOptions(
        out=out,
        seed=seed,
        engine=engine,
        formats=formats,
        progress=make_progress(progress),
        wait_quiet_s=wait_quiet,
        overrides=changes,
    )
    ctx.exit(measuring.measure(rungs, settings))

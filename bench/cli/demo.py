"""`bench demo`: the quickstart, measured from anywhere."""

from __future__ import annotations

from pathlib import Path

import click

from bench.cli.options import out_option
from bench.core.errors import UsageError

_SCENARIO = Path("scenarios", "quickstart.yaml")


@click.command("demo")
@click.option(
    "--repeat", type=click.IntRange(1, 10_000), help="Trials of each image; 6 by default."
)
@out_option
@click.option("--dry-run", is_flag=True, help="Print the plan and run nothing.")
@click.pass_context
def command(ctx: click.Context, repeat: int | None, out: Path, *, dry_run: bool) -> None:
    """Measure one small service in two images, packed badly and packed well.

    The private engine is installed and started if needed (root on Debian or Ubuntu), and the base
    images are made of Debian packages where no registry is reachable: the first time takes about
    ten minutes, later ones five. The exit code is 0 if all came out as the scenario expects.
    """
    from bench.cli.engine import install_missing
    from bench.cli.run import command as run
    from bench.runtimes.managed.private import PrivateEngine

    scenario = quickstart()
    if not dry_run:
        private = PrivateEngine()
        install_missing(private)
        private.up()
    ctx.invoke(run, scenarios=(scenario,), repeat=repeat, out=out, dry_run=dry_run)


def quickstart() -> Path:
    """The scenario: in the wheel, or in the checkout.

    Raises:
        UsageError: it is in neither.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "bundled", package.parent):
        if (folder / _SCENARIO).is_file():
            return folder / _SCENARIO
    raise UsageError(
        "bench demo", "its scenario is missing", "install bench again, or run it in a checkout"
    )

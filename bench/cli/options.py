"""Options that the commands which measure have in common."""

from __future__ import annotations

from pathlib import Path

import click

from bench.cli.progress import MODES

out_option = click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("reports"),
    show_default=True,
    help="Folder in which the run's folder is created.",
)
progress_option = click.option(
    "--progress", type=click.Choice(MODES), default="auto", show_default=True
)

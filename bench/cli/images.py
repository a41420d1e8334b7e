"""`bench images`: the base images that the bundled scenarios stand on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bench.cli.output import tell_waiting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.images.bases.choose import BaseImage


@click.group(name="images")
def command() -> None:
    """Prepare the base images of the bundled scenarios."""


@command.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--force", is_flag=True, help="Fetch or make them again, even if they exist.")
def prepare(names: tuple[str, ...], force: bool) -> None:
    """Make base images available in bench's own builder: those named, or all that are bundled.

    They come from Docker Hub or, if it cannot be reached, are made of Debian packages: debian,
    python, node, golang, eclipse-temurin, nginx, postgres and redis, in the versions of Debian 12
    and 13.
    """
    from bench.images.bases.choose import check_names, prepare_bases
    from bench.runtimes.known import connect
    from bench.runtimes.managed.private import PrivateEngine

    only = list(check_names(names)) or None
    private = PrivateEngine()
    private.up()
    with private.reserved("bench images prepare", tell_waiting):
        engine = connect(private.address("building"), private.login())
        ready = prepare_bases(
            engine,
            private.registry_address(),
            on_progress=lambda text: click.echo(text, err=True),
            only=only,
            force=force,
        )
        engine.close()
    _show(ready)


def _show(ready: Sequence[BaseImage]) -> None:
    from bench.core.units import format_seconds

    rows = [("NAME", "SOURCE", "TOOK", "DIGEST", "WHAT IT IS")]
    for base in ready:
        took = format_seconds(base.took_s) if base.took_s else "-"
        rows.append((base.name, base.source, took, base.digest, base.made_of or "-"))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        click.echo("  ".join((*cells, row[4])))

"""`bench inspect`: what is in an image, and what could be saved."""

from __future__ import annotations

import click


@click.command("inspect")
@click.argument("image", metavar="IMAGE")
@click.option(
    "--against", metavar="IMAGE", help="Another image, such as the base: which layers both have."
)
@click.option("--engine", help="private, docker, podman, or an address.")
@click.option(
    "form", "--format", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def command(image: str, against: str | None, engine: str | None, form: str) -> None:
    """Show layers, sizes, waste, leftovers and configuration of an image.

    IMAGE is the name of an image of the engine or of a registry (HOST:PORT/NAME), the path of an
    archive made by `docker save`, or the folder of an OCI layout. Nothing is run or unpacked.

    Exits with 2 if there is no such image or its file is damaged, with 3 if the engine or the
    registry is at fault.
    """
    from bench.images.inspection.inspect import inspect_image
    from bench.images.inspection.sources.find import read_image
    from bench.report.text.inspection import inspection_json, inspection_text

    other = None if against is None else read_image(against, engine)
    found = inspect_image(read_image(image, engine), other)
    if form == "text":
        click.echo(inspection_text(found))
        return
    for line in inspection_json(found):
        click.echo(line)

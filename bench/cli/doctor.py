"""`bench doctor`: what this host can and cannot measure."""

from __future__ import annotations

import click

from bench.core.text import clean, clean_tree
from bench.runtimes.select import choose

_MARKS = {"good": "✓", "less": "-", "bad": "✗"}


@click.command(name="doctor")
@click.option("--engine", help="private, docker, podman, or an address.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.pass_context
def command(ctx: click.Context, engine: str | None, form: str) -> None:
    """Say what this host can and cannot measure; exit 3 where nothing can be run."""
    import dataclasses
    import json

    from bench.host.doctor import examine
    from bench.host.finding import Health

    findings = examine(choose(engine))
    if form == "json":
        click.echo(json.dumps(clean_tree([dataclasses.asdict(one) for one in findings]), indent=2))
    else:
        for one in findings:
            click.echo(clean(f"{_MARKS[one.health]} {one.subject:<12} {one.text}"))
            if one.remedy:
                click.echo(f"  {'':<12} {one.remedy}")
    ctx.exit(3 if any(one.health is Health.BAD for one in findings) else 0)

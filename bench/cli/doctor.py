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
    """Check what this host can measure; exit with 3 if nothing can be run."""
    import dataclasses
    import json

    from bench.host.doctor import examine
    from bench.host.finding import Health

    findings = examine(choose(engine))
    if form == "json":
        click.echo(
            json.dumps(clean_tree([dataclasses.asdict(finding) for finding in findings]), indent=2)
        )
    else:
        for finding in findings:
            click.echo(clean(f"{_MARKS[finding.health]} {finding.subject:<12} {finding.text}"))
            if finding.remedy:
                click.echo(f"  {'':<12} {finding.remedy}")
    ctx.exit(3 if any(finding.health is Health.BAD for finding in findings) else 0)

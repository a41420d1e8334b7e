"""`bench schema`: the JSON Schema of scenario files, for editors."""

from __future__ import annotations

import click


@click.command("schema")
def command() -> None:
    """Print the JSON Schema that editors use to complete and check scenarios.

    The same text lies in bench/scenario/scenario.v1.schema.json; name it in the first line of
    a scenario, as `# yaml-language-server: $schema=PATH`.
    """
    import json

    from bench.scenario.schema import scenario_schema

    click.echo(json.dumps(scenario_schema(), indent=2, ensure_ascii=False))

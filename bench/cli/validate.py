"""`bench validate`: checks scenario files without an engine, and reports all mistakes at once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.core.text import clean, clean_tree

if TYPE_CHECKING:
    from bench.core.errors import Diagnostic

_UNUSABLE = 2
"""Exit code where a scenario cannot be used; nothing is ever run here."""


@click.command("validate")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(path_type=Path, readable=False),
)
@click.option(
    "output",
    "--format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="text: valid files on stdout, errors on stderr. json: a list of errors on stdout.",
)
@click.option("overrides", "--set", multiple=True, metavar="PATH=VALUE", help="As in `bench run`.")
@click.pass_context
def command(
    context: click.Context, files: tuple[Path, ...], output: str, overrides: tuple[str, ...]
) -> None:
    """Check scenarios without an engine.

    Shows all errors of all files at once, each with its file, line and column, and a suggestion.
    Exits with 0 if every file is valid, else with 2.
    """
    # Looking for plugins in every installed package takes a seventh of this command's time.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from bench.core.errors import ScenarioError
    from bench.scenario.loading.load import load_scenario

    faults: list[Diagnostic] = []
    for path in files:
        try:
            loaded = load_scenario(path, overrides=overrides)
        except ScenarioError as error:
            faults += error.diagnostics
        else:
            if output == "text":
                count = len(loaded.scenario.cases)
                click.echo(clean(f"{path}: ok ({count} case{'s' if count != 1 else ''})"))
                for warning in loaded.warnings:
                    click.echo(str(warning), err=True)
    if output == "json":
        _print_json(faults)
    elif faults:
        click.echo(str(ScenarioError(faults)), err=True)
    context.exit(_UNUSABLE if faults else 0)


def _print_json(faults: list[Diagnostic]) -> None:
    import json
    from dataclasses import asdict

    found = clean_tree([asdict(fault) for fault in faults])
    click.echo(json.dumps(found, indent=2, ensure_ascii=False))

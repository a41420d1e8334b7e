"""`bench lint`: habits in Dockerfiles that cost time, space or safety, without an engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli.output import tell
from bench.core.text import clean, clean_tree

if TYPE_CHECKING:
    from bench.dockerfile.lint.finding import LintFinding

_UNUSABLE = 2
"""Exit code where a file is no Dockerfile."""


@click.command("lint")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="DOCKERFILE...",
    type=click.Path(path_type=Path, readable=False),
)
@click.option(
    "output",
    "--format",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    show_default=True,
    help="json: a list of findings. sarif: for code hosts. github: annotations for GitHub Actions.",
)
@click.pass_context
def command(context: click.Context, files: tuple[Path, ...], output: str) -> None:
    """Find costly habits in Dockerfiles, without an engine.

    Shows each finding with its line, its rule and a remedy. `# bench: ignore=RULE reason` on the
    line before an instruction silences one; `bench explain RULE` explains it. The folder of the
    Dockerfile is taken as the context of the build.

    Exits with 0 if there is no error and no warning, with 1 if there is, and with 2 if a file
    cannot be read as a Dockerfile.
    """
    from bench.core.errors import UsageError
    from bench.dockerfile.lint.lint import lint_file

    found: list[tuple[Path, LintFinding]] = []
    lines: list[str] = []
    is_unusable = False
    for path in files:
        try:
            here = lint_file(path)
        except UsageError as error:
            tell(str(error), err=True)
            is_unusable = True
            continue
        found += [(path, finding) for finding in here]
        if output == "text" and not here:
            lines.append(clean(f"{path}: ok"))
        elif output in ("text", "github"):
            words = _text if output == "text" else _annotation
            lines += [words(path, finding) for finding in here]
    if output == "json":
        lines = [_json(found)]
    elif output == "sarif":
        from bench.report.text.sarif import lint_sarif

        lines = [lint_sarif(found)]
    for line in lines:
        tell(line)
    fails = any(finding.severity.fails for _, finding in found)
    context.exit(_UNUSABLE if is_unusable else int(fails))


def _text(path: Path, finding: LintFinding) -> str:
    head = clean(f"{path}:{finding.line}: {finding.severity}: {finding.message} [{finding.rule}]")
    return f"{head}\n      = {clean(finding.remedy)}"


def _annotation(path: Path, finding: LintFinding) -> str:
    from bench.report.text.github import escaped_data, escaped_property

    level = "notice" if finding.severity == "info" else finding.severity
    name, rule = escaped_property(clean(str(path))), escaped_property(clean(finding.rule))
    place = f"file={name},line={finding.line},endLine={finding.last_line}"
    text = escaped_data(clean(f"{finding.message}\nWhat to do: {finding.remedy}"))
    return f"::{level} {place},title={rule}::{text}"


def _json(found: list[tuple[Path, LintFinding]]) -> str:
    import json
    from dataclasses import asdict

    listed = clean_tree([{"file": str(path), **asdict(finding)} for path, finding in found])
    return json.dumps(listed, indent=2, ensure_ascii=False)

"""Scenario texts in which `«` marks every place where a fault is expected."""

from __future__ import annotations

from pathlib import Path

from bench.core.errors import Diagnostic, ScenarioError
from bench.scenario.loading.load import parse_scenario_text

MARK = "«"

CASE = "{image: nginx, ready: {tcp: {port: 80}}}"


def unmarked(text: str) -> tuple[str, list[tuple[int, int]]]:
    """`text` without its marks, and their 1-based lines and columns."""
    places = []
    lines = []
    for number, line in enumerate(text.split("\n"), start=1):
        while MARK in line:
            places.append((number, line.index(MARK) + 1))
            line = line.replace(MARK, "", 1)  # noqa: PLW2901
        lines.append(line)
    return "\n".join(lines), places


def faults_in(text: str, folder: Path = Path(), **environ: str) -> list[Diagnostic]:
    """What is wrong with `text`; fails where nothing is."""
    try:
        parse_scenario_text(text, "s.yaml", folder=folder, environ=environ)
    except ScenarioError as error:
        return error.diagnostics
    raise AssertionError(f"nothing is wrong with\n{text}")


def one_fault(marked: str, folder: Path = Path(), **environ: str) -> Diagnostic:
    """The only fault in `marked`, which must be where its only mark is."""
    text, places = unmarked(marked)
    faults = faults_in(text, folder, **environ)
    shown = "\n".join(map(str, faults))
    assert [(one.file, one.line, one.col) for one in faults] == [
        ("s.yaml", line, col) for line, col in places
    ], f"expected at {places}:\n{shown}"
    (fault,) = faults
    assert fault.source_line == text.split("\n")[fault.line - 1]
    return fault


def scenario(cases: str = f"cases: {{one: {CASE}}}", rest: str = "") -> str:
    """A scenario with these `cases` and, after them, `rest`."""
    return f"version: 1\nname: t\n{cases}\n{rest}"


def case(settings: str) -> str:
    """A scenario whose one case has `settings`, a flow mapping's inside, beside an image."""
    ready = "" if "ready" in settings else "ready: {tcp: {port: 80}}, "
    image = "" if "image" in settings or "build" in settings else "image: nginx, "
    return scenario(f"cases: {{one: {{{image}{ready}{settings}}}}}")

"""Small Compose files on disk, and what is wrong with those in which `«` marks the place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.core.errors import ScenarioError
from bench.scenario.loading.compose_file import load_stack
from tests.scenario.marked import unmarked

if TYPE_CHECKING:
    from pathlib import Path

    from bench.compose.stack import Stack
    from bench.core.errors import Diagnostic


def write(folder: Path, text: str, name: str = "compose.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def stack(folder: Path, text: str, environ: dict[str, str] | None = None, **choice: Any) -> Stack:
    """The stack that a file with this text describes."""
    return load_stack(write(folder, text), environ=environ or {}, **choice)


def one_fault(
    folder: Path, marked: str, environ: dict[str, str] | None = None, **choice: Any
) -> Diagnostic:
    """The only fault in `marked`, which must be where its only mark is."""
    text, places = unmarked(marked)
    try:
        stack(folder, text, environ, **choice)
    except ScenarioError as error:
        faults = error.diagnostics
        shown = "\n".join(map(str, faults))
        assert [(one.line, one.col) for one in faults] == places, f"expected at {places}:\n{shown}"
        (fault,) = faults
        return fault
    raise AssertionError(f"nothing is wrong with\n{text}")

"""A standard as data: its rules, read from the built-in file or from one of the user's own.

Judging is not done here; `bench validate` imports this module, so it stays cheap to import.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.core.errors import Diagnostic, ScenarioError, UsageError
from bench.core.paths import is_there
from bench.standard.checklist_form import place, plain, read_form
from bench.standard.rule import Judgement, Rule

if TYPE_CHECKING:
    from collections.abc import Sequence

_BUILT_IN = Path(__file__).parent / "checklists"


@dataclass(frozen=True)
class Checklist:
    """A standard.

    Attributes:
        name: what a scenario's `checklist:` calls it.
        title: its name for people.
        rules: in the order of the file.
        data: the file's content as plain values, which the journal keeps.
    """

    name: str
    title: str
    rules: tuple[Rule, ...]
    data: dict[str, Any] = field(compare=False, repr=False)

    @classmethod
    def from_data(cls, data: object) -> Checklist:
        """The checklist that `data` was taken from.

        Raises:
            UsageError: `data` has not the form of a checklist.
        """
        rules, faults = read_form(data)
        if faults or not isinstance(data, dict):
            where = ".".join(faults[0].path) or "checklist"
            raise UsageError(where, faults[0].message, faults[0].suggestion)
        return cls(data["name"], data["title"], rules, data)


def built_in_names() -> list[str]:
    """The names of the checklists that come with bench."""
    return sorted(path.stem for path in _BUILT_IN.glob("*.yaml"))


def load_checklist(name_or_path: str, folder: Path) -> Checklist:
    """The built-in checklist of that name, or the one in a file, relative to `folder`.

    A name without a folder or a suffix is looked up among the built-in ones first.

    Raises:
        UsageError: there is no such checklist, or its file cannot be read.
        ScenarioError: the file is there and cannot be used; carries every fault with its line.
    """
    if name_or_path in built_in_names():
        return _read_built_in(name_or_path)
    path = folder / name_or_path
    if not is_there(path, Path.is_file):
        known = ", ".join(built_in_names())
        raise UsageError(
            name_or_path,
            f"no built-in checklist has this name, and there is no file {path}",
            f"built in: {known}; the path of your own file is relative to the scenario",
        )
    return _read(path, str(path))


@cache
def _read_built_in(name: str) -> Checklist:
    """Kept: every scenario is checked against its rules, and then again judged by them."""
    return _read(_BUILT_IN / f"{name}.yaml", f"{name}.yaml")


def _read(path: Path, shown: str) -> Checklist:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(shown, f"cannot be read: {error}", "give a text file in UTF-8") from error
    lines = text.splitlines()
    try:
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, col = (mark.line, mark.column) if mark else (0, 0)
        message = f"is not YAML: {error.problem or error.context}"
        raise ScenarioError([_diagnostic(shown, lines, (line, col), message)]) from error
    except YAMLError as error:
        raise UsageError(shown, f"is not YAML: {error}") from error
    data = plain(tree)
    _, faults = read_form(data)
    if faults:
        raise ScenarioError(
            [
                _diagnostic(shown, lines, place(tree, fault.path), fault.message, fault.suggestion)
                for fault in faults
            ]
        )
    return Checklist.from_data(data)


def _diagnostic(
    shown: str, lines: Sequence[str], at: tuple[int, int], message: str, suggestion: str = ""
) -> Diagnostic:
    line, col = at
    source = lines[line] if line < len(lines) else ""
    return Diagnostic(shown, line + 1, col + 1, message, suggestion, source)


__all__ = ["Checklist", "Judgement", "Rule", "built_in_names", "load_checklist"]

"""Which package may import which: from above to below, in no circle, and what is kept in one place.

Imports count wherever they stand: for types only and inside functions too.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest

import bench

ROOT = Path(bench.__file__).parent

LAYERS = (
    "core",
    "yamldoc",
    "cgroup",
    "dockerfile",
    "compose",
    "standard",
    "scenario",
    "journal",
    "runtimes",
    "sampling",
    "images",
    "egress",
    "host",
    "analysis",
    "judge",
    "results",
    "observe",
    "probes",
    "trial",
    "runner",
    "sizing",
    "improve",
    "selftest",
    "report",
    "api",
    "cli",
    "__main__",
)
"""Each imports only what stands before it; `bench` itself, which passes the API on, stands last."""

OUTSIDERS = {"docker": "runtimes.docker", "pynvml": "sampling.gpu", "podman": "runtimes.podman"}
"""Libraries, and the one place in `bench` that imports them."""


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(ROOT.rglob("*.py"))}


def imported(path: Path) -> set[str]:
    """The absolute names that a file imports, of modules or of what is in them."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            found |= {f"{node.module}.{one.name}" for one in node.names}
    return found


def own(name: str) -> str:
    """The module of bench that an imported name is, or is in; empty for one from elsewhere."""
    if name.split(".", maxsplit=1)[0] != "bench":
        return ""
    below = name.removeprefix("bench").removeprefix(".")
    return below if below in MODULES else below.rpartition(".")[0]


IMPORTS = {
    name: {own(one) for one in imported(path)} - {"", name} for name, path in MODULES.items()
}


def test_every_package_has_its_layer():
    assert {name.split(".")[0] for name in MODULES if name} == set(LAYERS)


def test_nothing_imports_what_stands_above_it():
    rank = {name: number for number, name in enumerate(LAYERS)}
    upwards = [
        f"{name} imports {one}"
        for name, others in IMPORTS.items()
        for one in others
        if name and rank[one.split(".")[0]] > rank[name.split(".")[0]]
    ]
    assert upwards == []


def packages() -> list[str]:
    return sorted({name.rpartition(".")[0] for name in MODULES if name})


@pytest.mark.parametrize("package", packages())
def test_there_is_no_circle_among_the_parts_of_a_package(package):
    """Its parts are its modules and the packages in it, each as a whole."""
    prefix = f"{package}." if package else ""
    parts: dict[str, set[str]] = defaultdict(set)
    for name, others in IMPORTS.items():
        if name.startswith(prefix) and name != package:
            part = name.removeprefix(prefix).split(".")[0]
            inside = {
                one.removeprefix(prefix).split(".")[0] for one in others if one.startswith(prefix)
            }
            parts[part] |= inside - {part}
    while ends := [part for part, others in parts.items() if not others & parts.keys()]:
        for part in ends:
            del parts[part]
    assert parts == {}, "these lead to one another"


@pytest.mark.parametrize(("library", "place"), OUTSIDERS.items())
def test_a_library_for_one_kind_of_machine_is_imported_in_one_place(library, place):
    importers = {
        name
        for name, path in MODULES.items()
        for one in imported(path)
        if one.split(".")[0] == library
    }
    assert all(f"{one}.".startswith(f"{place}.") for one in importers), importers


def test_a_circle_and_an_import_upwards_would_be_seen():
    assert "scenario.model" in IMPORTS["scenario.loading.load"]
    assert "runtimes.docker.runtime" in IMPORTS["runtimes.known"]
    assert own("bench.core.errors.BenchError") == "core.errors"
    assert own("docker.errors.APIError") == ""


def test_modules_stay_short():
    """Around 140 lines on average, and none so long that nobody reads it whole."""
    lengths = {name: len(path.read_text().splitlines()) for name, path in MODULES.items()}
    assert {name: n for name, n in lengths.items() if n > 350} == {}
    assert sum(lengths.values()) / len(lengths) < 140


def test_functions_fit_on_a_screen():
    """Fifty lines without the docstring."""
    long = []
    for name, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.end_lineno:
                first = node.body[1 if ast.get_docstring(node) and len(node.body) > 1 else 0]
                if node.end_lineno - first.lineno >= 50:
                    long.append(f"{name}.{node.name}")
    assert long == []

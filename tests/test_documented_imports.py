"""What documents and notebooks import from bench is there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_IMPORT = re.compile(r"^\s*(from bench[\w.]* import .+|import bench[\w.]*)$", re.MULTILINE)


def texts() -> dict[str, str]:
    found = {path.name: path.read_text() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]}
    for path in ROOT.glob("notebooks/*.ipynb"):
        cells = json.loads(path.read_text())["cells"]
        found[path.name] = "\n".join("".join(one["source"]) for one in cells)
    return found


IMPORTS = sorted(
    {(name, line.strip()) for name, text in texts().items() for line in _IMPORT.findall(text)}
)


@pytest.mark.parametrize(("name", "line"), IMPORTS)
def test_it_can_be_imported(name, line):
    exec(line, {})


def test_some_are_found():
    assert len({name for name, _ in IMPORTS}) >= 3


def test_pictures_named_in_documents_are_there():
    from bench.report import plots

    used = {one for text in texts().values() for one in re.findall(r"\bplots\.(\w+)\(", text)}
    assert used
    assert used <= set(plots.__all__)

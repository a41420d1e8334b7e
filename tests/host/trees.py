"""Two hosts under tests/data: a virtual machine that was recorded, a notebook written by hand."""

from __future__ import annotations

import shutil
from pathlib import Path

DATA = Path(__file__).parents[1] / "data"
VM = DATA / "host_vm"
METAL = DATA / "host_metal"


def copy_of(tree: Path, folder: Path) -> Path:
    """A copy of the tree that a test may change."""
    return Path(shutil.copytree(tree, folder / tree.name))

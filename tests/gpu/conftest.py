"""The tests of a GPU run where they are asked for by name: most machines have none."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(config, items) -> None:
    """Mark them, and leave them out unless `-m gpu` asks for them."""
    mine = [item for item in items if "tests/gpu" in str(item.path)]
    for item in mine:
        item.add_marker(pytest.mark.gpu)
    if "gpu" not in config.getoption("markexpr"):
        items[:] = [item for item in items if item not in mine]
        config.hook.pytest_deselected(items=mine)

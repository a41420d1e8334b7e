"""These tests download packages for minutes: all but those without the marker are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave those marked `bases` out unless `-m bases` asks for them."""
    if "bases" in config.getoption("markexpr"):
        return
    kept = [item for item in items if item.get_closest_marker("bases") is None]
    left_out = [item for item in items if item not in kept]
    config.hook.pytest_deselected(items=left_out)
    items[:] = kept

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.dockerfile.lint.lint import lint

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def places(tmp_path) -> Callable[[str], set[tuple[str, int]]]:
    """The findings in a Dockerfile in an empty folder: rules and lines."""

    def call(text: str) -> set[tuple[str, int]]:
        return {(one.rule, one.line) for one in lint(text, tmp_path / "Dockerfile")}

    return call

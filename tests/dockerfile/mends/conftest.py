from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.dockerfile.mends.sources import Sources, read_sources

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def sources(tmp_path) -> Callable[..., Sources]:
    """A Dockerfile in a folder with other files, by their place."""

    def call(text: str, **files: str) -> Sources:
        for name, content in {"Dockerfile": text, **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode())
        return read_sources(tmp_path / "Dockerfile", tmp_path)

    return call

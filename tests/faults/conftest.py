"""The engine of the live tests, and what faults need beside: broken benches, small disks."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.faults.images import put_image
from tests.live.conftest import (  # noqa: F401 - fixtures
    Bench,
    bench,
    building,
    busybox,
    chosen,
    measuring,
    own_address,
    private,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


def pytest_collection_modifyitems(config, items) -> None:
    """Mark them; whoever selects by other markers does not want these minutes by the way."""
    asked = config.getoption("markexpr")
    mine = [item for item in items if "tests/faults" in str(item.path)]
    for item in mine:
        item.add_marker(pytest.mark.faults)
    if asked and "faults" not in asked:
        items[:] = [item for item in items if item not in mine]
        config.hook.pytest_deselected(items=mine)


@pytest.fixture(scope="session", autouse=True)
def _bench_is_found_from_anywhere() -> None:
    os.environ["PYTHONPATH"] = str(ROOT)


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A file system of 1 MiB of its own."""
    folder: Path = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="session")
def deep_image(private) -> str:  # noqa: F811
    return put_image(private, "faults/deep", layers=120)

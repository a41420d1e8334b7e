"""What a user installs works outside a checkout: the wheel has all that bench reads."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the content of the wheel and nothing of the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir"]
    subprocess.run([*build, str(folder), str(ROOT)], check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


@pytest.fixture
def bench(installed: Path, tmp_path: Path) -> Callable[..., str]:
    """Calls the installed command line in an empty folder; returns its stdout."""

    def call(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "bench", *arguments],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(installed)},
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return call


def test_the_quickstart_is_in_it_with_its_images_and_its_ladder(bench, installed):
    assert "case bad: build bad.Dockerfile" in bench("demo", "--dry-run")
    scenario = installed / "bench" / "bundled" / "scenarios" / "quickstart.yaml"
    assert "2 cases" in bench("validate", str(scenario))
    bundled = installed / "bench" / "bundled" / "images" / "web"
    for path in sorted((ROOT / "images" / "web").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            copy = bundled / path.relative_to(ROOT / "images" / "web")
            assert copy.read_bytes() == path.read_bytes()


def test_texts_and_schemas_are_in_it(bench):
    assert bench("explain", "cold").strip()
    assert bench("schema").strip() == (
        (ROOT / "bench" / "scenario" / "scenario.v1.schema.json").read_text().strip()
    )

"""The run that is kept with bench: what lies in its folder is what its journal gives."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from click.testing import CliRunner

from bench.cli import cli

SAMPLE = Path(__file__).parents[2] / "reports" / "sample"
REMAKE = "if it is meant: bench report reports/sample"


def numbers(tree: object, path: str = "") -> dict[str, object]:
    """Every number, truth value and null of a JSON document, by where it stands."""
    if isinstance(tree, list):
        tree = dict(enumerate(tree))
    if not isinstance(tree, dict):
        return {} if isinstance(tree, str) else {path: tree}
    found: dict[str, object] = {}
    for key, value in tree.items():
        found |= numbers(value, f"{path}/{key}")
    return found


def test_every_number_is_what_the_journal_gives(tmp_path):
    folder = shutil.copytree(SAMPLE, tmp_path / "sample")
    for path in folder.glob("*.csv*"):
        path.unlink()
    done = CliRunner().invoke(cli, ["report", str(folder)])
    assert done.exit_code == 0, done.output
    kept, made = (json.loads((one / "run.json").read_text()) for one in (SAMPLE, folder))
    assert numbers(made) == numbers(kept), REMAKE
    assert len(numbers(kept)) > 1000
    for name in ("trials.csv", "phases.csv", "layers.csv", "samples.csv.gz"):
        assert (folder / name).read_bytes() == (SAMPLE / name).read_bytes(), f"{name}: {REMAKE}"

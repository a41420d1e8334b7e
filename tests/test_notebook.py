"""The notebook runs from top to bottom on the run that is kept in the repository."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "notebooks" / "bad_vs_good.ipynb"


def outputs_of(cell: Any) -> list[Any]:
    """What a cell shows; a text cell shows nothing of its own."""
    return list(cell.get("outputs", []))


@pytest.mark.slow
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
def test_the_notebook_runs_on_the_sample_run_and_shows_its_pictures(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=120, resources={"metadata": {"path": str(NOTEBOOK.parent)}}
    )
    client.execute()
    drawn = [
        cell["source"]
        for cell in notebook.cells
        for output in outputs_of(cell)
        if "image/png" in output.get("data", {})
    ]
    assert len(drawn) == 5


def test_the_notebook_is_kept_without_outputs_and_begins_with_its_parameter():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    code = [cell for cell in notebook.cells if cell["cell_type"] == "code"]
    assert code[0]["source"] == 'RUN = "../reports/sample"'
    assert not any(outputs_of(cell) or cell["execution_count"] for cell in code)

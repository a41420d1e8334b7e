"""Write the texts in golden/ again, after a change to the end block that is meant."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
RUNS = ("run", "troubled", "warm", "empty")


def without_folder(text: str) -> str:
    """The block without the place of the run, which differs from test to test."""
    return re.sub(r"(?s)^Report  .*", "Report  FOLDER\n", text, flags=re.MULTILINE)


class _Writer:
    """A pytest plugin that writes what the tests compare."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> None:
        from bench.report.text.console import end_block

        name = item.callspec.params["name"]  # type: ignore[attr-defined]
        run = item.funcargs["request"].getfixturevalue(name)  # type: ignore[attr-defined]
        (GOLDEN / f"end-block-{name}.txt").write_text(without_folder(end_block(run)))


if __name__ == "__main__":
    pytest.main(
        ["-q", f"{Path(__file__).parent}/test_console.py::test_the_end_block_reads_as_kept"],
        plugins=[_Writer()],
    )

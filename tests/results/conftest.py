"""Runs to export, each made once."""

from __future__ import annotations

import pytest

from bench.results.run import Run, load_run
from tests.journals import CRASHED, REPEATED, Build, write_journal


@pytest.fixture(scope="session")
def run(tmp_path_factory) -> Run:
    """A run with a repeated and a failed trial."""
    build = Build(troubles=REPEATED | CRASHED)
    return load_run(write_journal(tmp_path_factory.mktemp("run"), build))

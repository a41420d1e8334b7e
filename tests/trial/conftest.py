from __future__ import annotations

import pytest

from tests.trial.lab import Bench
from tests.trial.runs import Runs


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path)
    yield bench
    bench.close()


@pytest.fixture
def runs(tmp_path, monkeypatch):
    runs = Runs(tmp_path / "reports")
    runs.patch(monkeypatch)
    yield runs
    runs.measuring.end_all()
    runs.building.end_all()
    runs.host.end_all()

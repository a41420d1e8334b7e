from __future__ import annotations

import pytest

from tests.trial.lab import Bench


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path)
    yield bench
    bench.journal.close()

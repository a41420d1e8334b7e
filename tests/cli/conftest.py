from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _no_engine_and_no_place_of_its_own(monkeypatch, tmp_path):
    """A command that gets as far as an engine, or writes where it was not told to, is a mistake."""

    def refuse(*_: object) -> None:
        pytest.fail("a unit test asked for an engine")

    monkeypatch.setattr("bench.cli.measuring.open_session", refuse)
    monkeypatch.chdir(tmp_path)

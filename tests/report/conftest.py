"""Runs to report on, each made once."""

from __future__ import annotations

import pytest

from bench.results.run import Run, load_run
from tests.journals import CRASHED, REPEATED, Build, write_events, write_journal


@pytest.fixture(scope="session")
def run(tmp_path_factory) -> Run:
    """Bad fails as expected, good passes, one trial was repeated."""
    return load_run(write_journal(tmp_path_factory.mktemp("run")))


@pytest.fixture(scope="session")
def troubled(tmp_path_factory) -> Run:
    """The same with a trial of bad that failed."""
    build = Build(troubles=REPEATED | CRASHED)
    return load_run(write_journal(tmp_path_factory.mktemp("troubled"), build))


@pytest.fixture(scope="session")
def warm(tmp_path_factory) -> Run:
    """One case, one trial, warm, judged by nothing."""
    case = {
        "image": "app:1",
        "repeat": 1,
        "cache": "warm",
        "ready": {"tcp": {"port": 80}},
    }
    build = Build(
        rounds=1,
        cases=("good",),
        need=False,
        cut=False,
        calibrate=False,
        troubles={},
        scenario={"cases": {"good": case}, "checklist": None, "thresholds": {}},
        header={"checklist": None},
    )
    return load_run(write_journal(tmp_path_factory.mktemp("warm"), build))


@pytest.fixture(scope="session")
def empty(tmp_path_factory) -> Run:
    """A run that was cut off before its first trial."""
    from tests.journals import events

    folder = tmp_path_factory.mktemp("empty")
    return load_run(write_events(folder, events()[:1]))

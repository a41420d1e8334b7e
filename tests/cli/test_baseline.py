"""`bench run --baseline`: what the comparison with an earlier run does to the exit code."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from bench.cli import measuring
from bench.trial.progress import Silent
from bench.trial.run import RunResult
from tests.journals import GOOD, SHAPES, Build, events, write_events, write_journal


@pytest.fixture
def out(tmp_path, monkeypatch):
    monkeypatch.setattr("bench.report.formats.write_reports", lambda *_: [])
    write_journal(tmp_path / "first", built())
    return tmp_path


def built(**changes: Any) -> Build:
    """A run of `good`, of which nothing but the start is judged; changes are to its shape."""
    return Build(
        cases=("good",),
        need=False,
        troubles={},
        shapes=SHAPES | {"good": replace(GOOD, **changes)},
        scenario={"checklist": None, "thresholds": {"startup_s": "<= 1h"}},
        header={"checklist": None},
    )


def settings(out, *formats: str) -> measuring.Settings:
    return measuring.Settings(
        out=out,
        seed=None,
        engine=None,
        keep=False,
        formats=formats,
        baseline="first",
        progress=Silent(),
    )


def conclude(out, build: Build, *formats: str, interrupted: int = 0) -> int:
    """The exit code of a run that left this journal, compared with the first."""
    folder = write_journal(out / "second", build)
    return measuring._conclude(RunResult(folder, interrupted), settings(out, *formats))


def test_a_run_like_the_first_ends_with_0_and_shows_the_comparison(out, capsys):
    assert conclude(out, built()) == 0
    shown = capsys.readouterr()
    assert "second:good AGAINST first:good" in shown.out
    assert "regression" not in shown.err


def test_a_slower_start_ends_with_1_and_is_named(out, capsys):
    assert conclude(out, built(ready_s=9.0)) == 1
    said = capsys.readouterr().err
    assert "regression: second:good: startup_s: " in said
    assert "ready_s" not in said, "no rule judges it"


def test_a_faster_start_ends_with_0(out):
    assert conclude(out, built(ready_s=GOOD.ready_s / 3)) == 0


def test_what_no_blocking_rule_judges_does_not_count(out, capsys):
    assert conclude(out, built(stop_s=2.5)) == 0
    assert "slower" in capsys.readouterr().out


def test_runs_of_different_hosts_are_not_compared_and_end_with_3(out, capsys):
    made = events(built(ready_s=9.0))
    made[0]["host"] |= {"cores": 8}
    folder = write_events(out / "second", made)
    assert measuring._conclude(RunResult(folder), settings(out)) == 3
    shown = capsys.readouterr()
    assert "host cores: 16 against 8" in shown.err
    assert "AGAINST first" not in shown.out


def test_an_interruption_keeps_its_own_code(out):
    assert conclude(out, built(ready_s=9.0), interrupted=143) == 143


def test_json_stays_all_there_is_on_stdout(out, capsys):
    assert conclude(out, built(ready_s=9.0), "json") == 1
    shown = capsys.readouterr()
    assert json.loads(shown.out)["exit_code"] == 0
    assert "second:good AGAINST first:good" in shown.err

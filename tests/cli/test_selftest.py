"""`bench selftest`: its options, its exit codes, and what it leaves behind."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from bench.cli.selftest import command
from bench.judge.statistics.noise import HostNoise
from bench.results.run import load_run
from bench.selftest.run import Floor, SelfTest
from bench.selftest.score import Figure, Measurement, ScoreSection, Target
from tests.journals import write_journal

if TYPE_CHECKING:
    from pathlib import Path

TARGET = Target(share=1.0, within=0.01)


def row(*errors: float) -> Figure:
    comparisons = tuple(Measurement("c", "t", 1.0, 1.0 + one) for one in errors)
    return Figure("ready.http", "http", "s", "stamp", comparisons, TARGET)


@pytest.fixture
def tested(monkeypatch, tmp_path):
    """A self-test that measured nothing and says what it is given; what it was asked for."""
    made = SelfTest(
        run=load_run(write_journal(tmp_path / "run")),
        quick=False,
        sections=(ScoreSection("READY", (row(0.001),)),),
        floor=Floor(None, None, None),
        noise=HostNoise("", {}),
        noise_file=None,
    )
    asked: dict[str, Any] = {"result": made}

    def selftest(**options: Any) -> SelfTest:
        asked.update(options)
        result: SelfTest = asked["result"]
        return result

    monkeypatch.setattr("bench.selftest.run.selftest", selftest)
    return asked


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["--progress", "quiet", *arguments])


@pytest.mark.slow
def test_the_table_is_the_result_and_all_targets_met_is_0(tested):
    result = invoke()
    assert result.exit_code == 0
    assert "1 of 1 targets met" in result.stdout
    assert (tested["quick"], tested["engine"], tested["seed"]) == (False, None, None)


@pytest.mark.slow
def test_options_reach_the_test(tested, tmp_path):
    invoke("--quick", "--engine", "docker", "--seed", "4", "--out", str(tmp_path / "here"))
    assert (tested["quick"], tested["engine"], tested["seed"]) == (True, "docker", 4)
    assert tested["out"] == tmp_path / "here"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("figure", "interrupted", "code"), [(row(0.5), 0, 1), (row(), 0, 3), (row(), 143, 143)]
)
def test_exit_codes(tested, figure, interrupted, code):
    sections = (ScoreSection("READY", (figure,)),)
    tested["result"] = dataclasses.replace(
        tested["result"], sections=sections, interrupted=interrupted
    )
    assert invoke().exit_code == code


@pytest.mark.slow
def test_json_goes_to_stdout_and_always_into_the_folder(tested, tmp_path: Path):
    result = invoke("--format", "json")
    kept = tmp_path / "run" / "selftest.json"
    assert json.loads(result.stdout) == json.loads(kept.read_text())
    kept.unlink()
    invoke()
    assert json.loads(kept.read_text())["exit_code"] == 0


@pytest.mark.slow
def test_the_folder_has_the_reports_of_any_run(tested, tmp_path: Path):
    invoke()
    names = {one.name for one in (tmp_path / "run").iterdir()}
    assert {"run.json", "trials.csv", "index.html", "summary.md"} <= names

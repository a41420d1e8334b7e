"""`bench run --baseline`: what the comparison with an earlier run does to the exit code."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from bench.cli import measuring
from bench.report.formats import report_text
from bench.results.export import run_document
from bench.results.run import load_run
from bench.runner.request import RunResult
from bench.trial.progress import Silent
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


def settings(out, *formats: str) -> measuring.RunOptions:
    return measuring.RunOptions(
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


def test_a_run_like_the_first_ends_with_0_and_says_so_first(out, capsys):
    assert conclude(out, built()) == 0
    shown = capsys.readouterr().out
    assert "second:good AGAINST first:good" in shown
    sentence = shown.splitlines()[1]
    assert sentence.startswith("no regression found in start incl. pull against")


def test_a_slower_start_ends_with_1_and_is_named_first(out, capsys):
    assert conclude(out, built(ready_s=9.0)) == 1
    sentence = capsys.readouterr().out.splitlines()[1]
    assert sentence.startswith("regression: good: start incl. pull cold ")
    assert "ready after start" not in sentence, "no rule judges it"


@pytest.mark.parametrize("ready_s", [GOOD.ready_s, 9 * GOOD.ready_s])
def test_too_few_trials_cannot_tell_and_end_with_3(out, capsys, ready_s):
    changes = built(ready_s=ready_s)
    changes.rounds = 3
    assert conclude(out, changes) == 3
    said = " ".join(capsys.readouterr().out.split())
    assert "cannot tell whether there is a regression against" in said
    assert "needs at least" in said


def test_a_faster_start_ends_with_0(out):
    assert conclude(out, built(ready_s=GOOD.ready_s / 3)) == 0


def test_what_no_blocking_rule_judges_does_not_count(out, capsys):
    assert conclude(out, built(stop_s=2.5)) == 0
    assert "slower" in capsys.readouterr().out


def conclude_elsewhere(out) -> int:
    """The exit code of a slower run on a host with other cores."""
    made = events(built(ready_s=9.0))
    made[0]["host"] |= {"cores": 8}
    folder = write_events(out / "second", made)
    return measuring._conclude(RunResult(folder), settings(out))


def test_runs_of_different_hosts_are_not_compared_and_end_with_3(out, capsys):
    assert conclude_elsewhere(out) == 3
    shown = capsys.readouterr().out
    assert "host cores: 16 against 8" in " ".join(shown.split())
    assert "AGAINST first" not in shown


def test_an_interruption_keeps_its_own_code(out):
    assert conclude(out, built(ready_s=9.0), interrupted=143) == 143


def test_json_stays_all_there_is_on_stdout_and_has_the_exit_code_of_the_command(out, capsys):
    assert conclude(out, built(ready_s=9.0), "json") == 1
    shown = capsys.readouterr()
    document = json.loads(shown.out)
    assert document["exit_code"] == document["baseline"]["exit_code"] == 1
    assert document["baseline"]["run_id"] == load_run(out / "first").run_id
    assert [one["outcome"] for one in document["baseline"]["watched"]] == ["fail"]
    assert shown.err.startswith("regression: good: ")


def test_every_report_says_the_same_when_the_earlier_run_is_gone(out):
    assert conclude(out, built(ready_s=9.0)) == 1
    shutil.rmtree(out / "first")
    run = load_run(out / "second")
    assert run.exit_code == 1
    words = "regression: good: start incl. pull cold"
    for form in ("html", "md", "json", "junit", "github"):
        assert words in report_text(run, form).replace("\\", "") or form == "json"
    assert json.loads(report_text(run, "json"))["baseline"]["comparisons"]
    suites = ET.fromstring(report_text(run, "junit")).findall("testsuite")
    assert suites[-1].get("name", "").startswith("baseline ")
    assert suites[-1].get("failures") == "1"
    assert report_text(run, "github").startswith("::error title=baseline::regression: good")


def test_a_comparison_that_was_asked_for_and_is_not_there_ends_with_3(out):
    """The journal's last line was lost, or bench was killed before it was written."""
    made = events(built(ready_s=9.0))
    made[0]["baseline"] = str(out / "first")
    run = load_run(write_events(out / "second", made))
    assert run.exit_code == 3
    assert "the journal does not have the comparison with" in report_text(run, "md")
    assert measuring._conclude(RunResult(run.folder), replace(settings(out), baseline=None)) == 1
    assert load_run(run.folder).exit_code == 1


def test_a_case_that_the_earlier_run_has_not_is_named(out):
    both = replace(built(), cases=("good", "bad"), shapes=SHAPES)
    conclude(out, both)
    words = "bad is not in that run, so not compared"
    assert words in report_text(load_run(out / "second"), "md")


def test_a_run_that_was_never_compared_says_nothing_of_regressions(out):
    run = load_run(out / "first")
    assert run_document(run)["baseline"] is None
    assert "regression" not in report_text(run, "md")

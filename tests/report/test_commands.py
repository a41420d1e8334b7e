"""`bench report`, `bench list` and `bench compare`, as they are called."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bench.cli.compare import command as compare
from bench.cli.list import command as list_
from bench.cli.report import command as report
from bench.core.errors import BenchError
from bench.judge.compare import compare_cases
from bench.report.formats import write_reports
from bench.results.comparable import differences
from bench.results.run import load_run
from tests.journals import (
    GOOD,
    SHAPES,
    Build,
    Trouble,
    events,
    rewrite,
    write_events,
    write_journal,
)


def call(command: Any, *words: str) -> Result:
    """The command's answer; errors of ours come out as they do below the root command."""
    return CliRunner().invoke(command, list(words), catch_exceptions=False)


def refused(command: Any, *words: str) -> str:
    """What the command says as it refuses; its exit code is 2."""
    with pytest.raises(BenchError) as caught:
        call(command, *words)
    assert caught.value.exit_code == 2
    return str(caught.value)


@pytest.fixture
def out(run, tmp_path):
    """A folder with two copies of a run, of which the second has a slower `good`."""
    out = tmp_path / "reports"
    shutil.copytree(run.folder, out / "first", ignore=shutil.ignore_patterns("*.html", "plots"))
    slower = Build(shapes=SHAPES | {"good": _slower()})
    write_journal(out / "second", slower)
    (out / "latest").symlink_to("second")
    return out


def _slower() -> Any:
    from dataclasses import replace

    return replace(GOOD, ready_s=3.5)


@pytest.mark.slow
def test_report_writes_the_default_set_and_names_each_file(out):
    done = call(report, "first", "--out", str(out))
    named = [Path(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 0
    assert out / "first" / "index.html" in named
    assert all(one.is_file() for one in named)


def test_report_writes_one_report_to_stdout_and_no_file(out):
    before = sorted((out / "first").iterdir())
    done = call(report, "first", "--format", "md", "-o", "-", "--out", str(out))
    assert done.stdout.startswith("# bad-vs-good\n")
    assert sorted((out / "first").iterdir()) == before


def test_report_writes_one_report_to_a_file_of_any_name(out, tmp_path):
    target = tmp_path / "deep" / "result.json"
    call(report, "latest", "--format", "json", "-o", str(target), "--out", str(out))
    assert json.loads(target.read_text())["schema_version"] == 2


def test_report_refuses_what_cannot_be_meant(out):
    where = ("--out", str(out))
    assert "takes one report" in refused(report, "first", "-o", "-", *where)
    assert "is not a format" in refused(report, "first", "--format", "pdf", *where)
    assert "is not a file name" in refused(report, "first", "--format", "md", "-o", "", *where)
    assert "neither a run's folder" in refused(report, "nothing", *where)


def test_list_has_a_line_for_each_run_also_for_a_broken_one(out):
    (out / "third").mkdir()
    (out / "third" / "events.jsonl").write_text("{}\n")
    lines = call(list_, str(out)).stdout.splitlines()
    assert len(lines) == 3
    assert "bad fail (expected), good pass" in lines[0]
    assert "exit 0" in lines[0]
    assert lines[2].split(maxsplit=1) == ["third", "cannot be read: is not a journal of bench"]


def test_list_as_json_can_be_read_by_programs(out):
    rows = json.loads(call(list_, str(out), "--format", "json").stdout)
    assert {Path(one["folder"]).name for one in rows} == {"first", "second"}
    assert rows[0]["cases"]["bad"] == {"verdict": "fail", "as_expected": True}


def test_list_of_an_empty_folder_prints_nothing_to_stdout(tmp_path):
    done = call(list_, str(tmp_path))
    assert (done.exit_code, done.stdout) == (0, "")
    assert "is not a folder" in refused(list_, str(tmp_path / "nowhere"))


def test_compare_sets_two_cases_of_one_run_against_each_other(out):
    done = call(compare, "first:bad", "first:good", "--out", str(out))
    assert done.exit_code == 0
    assert done.stdout.startswith("good AGAINST bad")
    assert "5.5x faster" in done.stdout
    assert max(len(line) for line in done.stdout.splitlines()) <= 100


def test_compare_sets_cases_of_the_same_name_in_two_runs_against_each_other(out):
    done = call(compare, "first", "latest", "--out", str(out))
    headings = [line for line in done.stdout.splitlines() if "AGAINST" in line]
    assert [line.split("  ")[0] for line in headings] == [
        "second:bad AGAINST first:bad",
        "second:good AGAINST first:good",
    ]


def test_compare_as_json_is_what_the_judge_says(out):
    done = call(compare, "first:good", "second", "--format", "json", "--out", str(out))
    rows = json.loads(done.stdout)
    first, second = load_run(out / "first"), load_run(out / "second")
    judged = compare_cases(first.sample("good", "first:good"), second.sample("good", "second:good"))
    assert [one["ratio"] for one in rows] == [one.ratio for one in judged]
    assert {one["candidate"] for one in rows} == {"second:good"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("margin", "code"),
    [
        ("ready_s:10%,500ms", 1),
        ("ready_s:10%,10s", 0),
        ("ready_s:500%", 0),
        ("image_size_bytes:1%", 0),
        ("build_s:1%", 3),
        ("gpu_energy_j:1%", 3),
    ],
)
def test_compare_fails_where_a_metric_got_worse_by_more_than_every_margin(out, margin, code):
    done = call(compare, "first:good", "second:good", "--fail-on", margin, "--out", str(out))
    assert done.exit_code == code
    assert ("regression: " in done.stderr) is (code == 1)
    assert ("cannot be judged: " in done.stderr) is (code == 3)


def test_compare_calls_a_candidate_that_only_crashes_a_regression(out):
    crash = Trouble("failed", "exited with code 1 before it was ready")
    crashes = {("good", number, 0): crash for number in range(6)}
    write_journal(out / "third", Build(troubles=crashes))
    words = ("first:good", "third:good", "--out", str(out))
    assert call(compare, *words).exit_code == 0
    done = call(compare, *words, "--fail-on", "startup_s:10%")
    assert done.exit_code == 1
    assert "trials failed" in " ".join(done.stderr.split())
    back = ("third:good", "first:good", "--out", str(out))
    assert call(compare, *back, "--fail-on", "startup_s:10%").exit_code == 3


def test_compare_refuses_what_was_not_measured_alike_unless_forced(out):
    made = events(Build())
    made[0]["host"] |= {"cores": 8, "kernel": "6.12"}
    made[0]["link"] = {"text": "200mbit"}
    made[0]["engine"] |= {"decoder": "unpigz", "version": "26.1.5"}
    for event in made:
        if event["event"] == "image_ready" and event["case"] == "good":
            event["bases"][0]["source"] = "docker-hub"
    for case in made[0]["scenario"]["cases"].values():
        case["limits"]["memory"] = "4g"
        case["ready"] = {"tcp": {"port": 8080}}
    write_events(out / "second", made)
    said = refused(compare, "first", "second", "--out", str(out))
    for words in ("host cores: 16 against 8", "host kernel", "link: loopback",
                  "against unpigz", "engine's version: 20.10.24 against 26.1.5",
                  ": bootstrapped against docker-hub", "limit of memory",
                  "different probes"):  # fmt: skip
        assert words in said
    done = call(compare, "first", "second", "--force", "--out", str(out))
    assert done.exit_code == 0
    assert "not measured in the same way: host cores: 16 against 8" in done.stderr


def test_cases_of_one_run_share_their_circumstances(run):
    assert differences(run, run, ("bad", "good")) == []


@pytest.mark.parametrize(
    ("one", "other", "cause"),
    [
        ("first", "first", "is compared with itself"),
        ("first:bad", "first:bad", "is compared with itself"),
        ("first:bad", "first:best", "there is no such case"),
        ("first:best", "first", "there is no such case"),
    ],
)
def test_compare_refuses_cases_that_are_not_there_or_the_same(out, one, other, cause):
    assert cause in refused(compare, one, other, "--out", str(out))


def test_compare_refuses_runs_without_a_case_in_common(out):
    build = Build(rounds=1, cases=("other",), samples_each=3, troubles={},
                  shapes=SHAPES | {"other": GOOD})  # fmt: skip
    write_journal(out / "third", build)
    assert "have no case in common" in refused(compare, "first", "third", "--out", str(out))


def test_compare_refuses_a_margin_of_no_metric(out):
    said = refused(compare, "first", "second", "--fail-on", "nope:1%", "--out", str(out))
    assert "nope" in said


def test_report_does_not_put_a_file_in_the_place_of_what_is_none(out, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        done = call(report, "first", "--out", str(out), "--format", "junit", "-o", str(pipe))
        assert done.exit_code == 0
        assert pipe.is_fifo()
        assert os.read(reading, 5) == b"<?xml"
    finally:
        os.close(reading)


@pytest.mark.slow
def test_report_shows_what_is_no_text_as_an_escape(out, tmp_path):
    folder = tmp_path / os.fsdecode(b"\xff")
    shutil.copytree(out / "first", folder)
    rewrite(folder, lambda text: text.replace('"reason":""', '"reason":"not \\udcff"'))
    write_reports(load_run(folder))
    assert "\\udcff" in (folder / "index.html").read_text(encoding="utf-8")

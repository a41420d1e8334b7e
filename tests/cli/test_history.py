"""`bench history`, as it is called."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import bench.cli
from bench.cli.history import command
from bench.core.errors import UsageError
from bench.report.wording import KEY_METRICS
from tests.histories import run_name, write_run
from tests.hostile import speaking, texts_in


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight runs: from the fifth on the image starts slower, and in the third it crashed."""
    out = tmp_path_factory.mktemp("made")
    for number in range(8):
        ready_s = 1.35 if number < 4 else 1.8
        write_run(out, number, ready_s=ready_s, crashed=6 if number == 2 else 0)
    call(str(out))
    return out


@pytest.fixture
def out(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "reports")
    return tmp_path / "reports"


def call(*words: str) -> Result:
    return CliRunner().invoke(command, list(words), catch_exceptions=False)


def document(*words: str) -> Any:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    return json.loads(call(*words, "--format", "json").stdout, parse_constant=refuse)


def refused(*words: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        call(*words)
    assert caught.value.exit_code == 2
    return caught.value


def test_it_is_a_command_of_the_command_line():
    assert "history" in bench.cli.COMMANDS
    shown = CliRunner().invoke(bench.cli.cli, ["history", "--help"])
    assert shown.exit_code == 0
    for option in ("--scenario", "--case", "--metric", "--last", "--format", "--output"):
        assert option in shown.output


def test_the_help_of_bench_loads_neither_numpy_nor_sqlite():
    code = (
        "import sys, bench.cli, bench.cli.history\n"
        "heavy = {'numpy', 'sqlite3', 'pydantic', 'jinja2', 'pandas'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_by_default_it_looks_at_reports(out, monkeypatch):
    monkeypatch.chdir(out.parent)
    done = call()
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("shop  8 runs, 2026-01-01 to 2026-01-08\n")


def test_the_change_is_at_its_run_and_the_crash_is_a_gap(out):
    text = call(str(out), "--metric", "ready_s").stdout
    assert re.search(rf"changed at {run_name(4)} by \+3\d % \(\+.* to \+.*\), worse", text)
    assert "7 runs, 1 failed" in text
    assert max(map(len, text.splitlines())) <= 80


def test_json_has_every_point_and_change(out):
    found = document(str(out), "--metric", "ready_s")
    assert found["schema_version"] == 1
    (trend,) = found["trends"]
    assert (trend["scenario"], trend["case"], trend["cache"], trend["arm"]) == (
        "shop",
        "good",
        "cold",
        "fit",
    )
    assert trend["circumstances"]["engine version"] == "20.10.24"
    assert [point["run"] for point in trend["points"]] == [run_name(number) for number in range(8)]
    crashed = trend["points"][2]
    assert (crashed["median"], crashed["n"], crashed["values"]) == (None, 0, [])
    assert crashed["gap"] == "6 of 6 trials failed"
    (change,) = trend["changes"]
    assert change["run"] == run_name(4)
    assert change["interval"][0] < change["ratio"] < change["interval"][1]
    assert change["difference"] == "worse"
    assert change["corrected_p"] < 0.05


def test_json_is_documented(out):
    page = (Path(bench.__file__).parent.parent / "docs" / "history.md").read_text()
    found = document(str(out))
    trend = next(one for one in found["trends"] if one["changes"])
    keys = {*found, *trend, *trend["points"][0], *trend["changes"][0]}
    assert [key for key in keys if f"`{key}`" not in page] == []


def test_by_default_the_key_metrics_are_shown(out):
    found = document(str(out))
    assert {trend["metric"] for trend in found["trends"]} <= set(KEY_METRICS)
    assert {"startup_s", "image_size_bytes"} <= {trend["metric"] for trend in found["trends"]}


def test_only_the_newest_runs_can_be_looked_at(out):
    found = document(str(out), "--last", "3")
    assert {len(trend["points"]) for trend in found["trends"]} == {3}


# where it is written


def test_the_page_goes_into_the_folder(out):
    done = call(str(out), "--format", "html")
    assert Path(done.stdout.strip()) == out / "history.html"
    assert "History of reports" in (out / "history.html").read_text()


def test_every_form_can_go_to_a_file_or_to_stdout(out, tmp_path):
    for form in ("text", "json", "html"):
        shown = call(str(out), "--format", form, "-o", "-").stdout
        file = tmp_path / f"history.{form}"
        assert call(str(out), "--format", form, "-o", str(file)).stdout.strip() == str(file)
        assert file.read_text() == shown
    assert not (out / "history.html").exists()


def test_a_link_in_the_place_of_the_page_is_replaced(out, tmp_path):
    (tmp_path / "precious").write_text("kept")
    (out / "history.html").symlink_to(tmp_path / "precious")
    call(str(out), "--format", "html")
    assert (tmp_path / "precious").read_text() == "kept"
    assert not (out / "history.html").is_symlink()


@pytest.mark.parametrize("name", ["", "events.jsonl", "x/history.sqlite"])
def test_a_file_that_is_read_is_not_written_over(out, name):
    assert refused(str(out), "-o", name).remedy


def test_a_terminal_without_block_characters_gets_ascii(out):
    done = CliRunner(charset="ascii").invoke(command, [str(out), "--metric", "ready_s"])
    assert done.exit_code == 0
    assert done.stdout.isascii()
    assert re.search(r"ready after start  [x_.:=+*#-]{8}  ", done.stdout)


# what is not there


def test_a_missing_folder_and_one_without_runs_are_refused(tmp_path):
    assert "none: is not a folder" in str(refused(str(tmp_path / "none")))
    assert "has no run in it" in str(refused(str(tmp_path)))


@pytest.mark.parametrize(
    ("option", "name", "near"),
    [
        ("--scenario", "shpo", "shop"),
        ("--case", "god", "good"),
        ("--metric", "startup", "startup_s"),
    ],
)
def test_what_is_misspelt_is_refused_with_a_suggestion(out, option, name, near):
    error = refused(str(out), option, name)
    assert error.subject == f"{option} {name}"
    assert str(out) in error.cause
    assert error.remedy == f"did you mean `{near}`?"


def test_what_resembles_nothing_is_told_what_there_is(out):
    assert refused(str(out), "--case", "qqqq").remedy == "known here: good"
    assert refused(str(out), "--metric", "qqqq").remedy


def test_where_there_is_nothing_to_show_it_says_so_and_ends_well(out):
    done = call(str(out), "--metric", "gpu_energy_j")
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr.startswith("nothing to show: ")
    assert document(str(out), "--metric", "gpu_energy_j")["trends"] == []


def test_where_no_run_can_be_read_it_says_which_and_ends_well(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "events.jsonl").write_text("nothing\n")
    done = call(str(tmp_path), "--case", "good")
    assert (done.exit_code, done.stdout) == (0, "")
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == [
        "a",
        "b",
        "nothing to show",
    ]


def test_no_name_of_a_run_speaks_to_the_terminal(made, tmp_path):
    out = tmp_path / "re\x1b]0;t\x07ports"
    shutil.copytree(made / run_name(0), out / "a\x1b[2J\u202eb")
    (out / "c\x1b[2J").mkdir()
    (out / "c\x1b[2J" / "events.jsonl").write_text("nothing\n")
    for form in ("text", "html"):
        done = call(str(out), "--format", form, "-o", "-")
        assert not speaking((done.stdout + done.stderr).replace("\n", ""))
    done = call(str(out), "--format", "json")
    assert [text for text in texts_in(json.loads(done.stdout)) if speaking(text)] == []

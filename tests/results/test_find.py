"""What RUN and RUN:CASE mean, and the list of runs."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from bench.core.errors import UsageError
from bench.results.export import write_json
from bench.results.find import find_case, find_run
from bench.results.listing import list_runs
from bench.results.run import load_run
from tests.journals import Build, rewrite, write_journal

SMALL = Build(rounds=1, samples_each=3, troubles={}, calibrate=False, need=False)


@pytest.fixture
def out(tmp_path):
    """Two runs, a link to the newest, a stray file and a stray folder."""
    out = tmp_path / "reports"
    write_journal(out / "20261122T083107Z-web", SMALL)
    write_journal(out / "20261123T090000Z-web", SMALL)
    (out / "latest").symlink_to("20261123T090000Z-web")
    (out / "notes.txt").write_text("")
    (out / "empty").mkdir()
    return out


def test_a_run_is_found_by_id_by_its_beginning_by_folder_and_as_latest(out, monkeypatch):
    first, second = out / "20261122T083107Z-web", out / "20261123T090000Z-web"
    assert find_run("20261122T083107Z-web", out) == first
    assert find_run("20261122", out) == first
    assert find_run("latest", out) == second
    assert find_run(str(first), out) == first
    assert find_run(str(first / "events.jsonl"), out) == first
    monkeypatch.chdir(first)
    assert find_run(".", out) == first


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("2026", "is the beginning of 2 runs"),
        ("empty", "neither a run's folder nor the id"),
        ("20261122T083107Z-wbe", "did you mean 20261122T083107Z-web"),
        ("", "neither"),
        ("../reports", "neither"),
    ],
)
def test_what_is_no_run_is_refused_with_a_hint(out, text, cause):
    with pytest.raises(UsageError) as caught:
        find_run(text, out)
    assert cause in str(caught.value)


def test_latest_before_the_first_run_says_how_to_start_one(tmp_path):
    with pytest.raises(UsageError, match="no newest run") as caught:
        find_run("latest", tmp_path / "reports")
    assert "bench run" in caught.value.remedy


def test_a_case_stands_behind_the_last_colon_unless_the_folder_itself_has_one(out):
    assert find_case("latest:bad", out)[1] == "bad"
    assert find_case("latest", out)[1] == ""
    odd = out / "odd:name"
    write_journal(odd, SMALL)
    assert find_case(str(odd), out) == (odd, "")
    assert find_case(f"{odd}:bad", out) == (odd, "bad")
    with pytest.raises(UsageError):
        find_case("nothing:bad", out)


def test_runs_are_listed_once_newest_first_with_their_verdicts(out):
    later = out / "20261123T090000Z-web"
    rewrite(later, lambda text: text.replace("2026-11-22T08:31", "2026-11-23T09:00"))
    found = list_runs(out)
    assert [one.folder.name for one in found] == ["20261123T090000Z-web", "20261122T083107Z-web"]
    assert found[0].cases["bad"][0] == "not-measured", "CI-7 and CI-8 have no trials here"
    assert found[0].exit_code == 3
    assert found[0].outcome == "complete"


def test_a_broken_run_is_listed_with_what_is_wrong(out):
    (out / "20261122T083107Z-web" / "events.jsonl").write_text('{"event": "note"}\n')
    broken = list_runs(out)[-1]
    assert broken.run_id == "20261122T083107Z-web"
    assert broken.exit_code is None
    assert "damaged" in broken.problem or "began" in broken.problem


def test_run_json_is_a_short_cut_that_says_the_same_as_the_journal(out):
    from_journals = list_runs(out)
    for entry in from_journals:
        write_json(load_run(entry.folder), entry.folder)
    assert list_runs(out) == from_journals


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema_version": 99}', "\x00"])
def test_a_broken_run_json_is_passed_over(out, text):
    from_journals = list_runs(out)
    for entry in from_journals:
        (entry.folder / "run.json").write_text(text)
    assert list_runs(out) == from_journals


def test_a_run_json_older_than_the_journal_is_passed_over(out):
    folder = out / "20261122T083107Z-web"
    write_json(load_run(folder), folder)
    stale = json.loads((folder / "run.json").read_text()) | {"exit_code": 0}
    (folder / "run.json").write_text(json.dumps(stale))
    os.utime(folder / "run.json", ns=(0, 0))
    assert {one.exit_code for one in list_runs(out)} == {3}


def test_a_folder_without_runs_lists_nothing(out):
    shutil.rmtree(out)
    assert list_runs(out) == []

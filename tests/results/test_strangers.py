"""A run folder from a stranger: read without leaving it, and written into without leaving it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bench.core.atomic import write_named, write_text
from bench.core.errors import StoreError
from bench.journal.writer import FILE_NAME
from bench.report.formats import write_reports
from bench.results.find import find_run
from bench.results.listing import list_runs
from bench.results.run import load_run
from tests.journals import Build, write_journal

if TYPE_CHECKING:
    from pathlib import Path

SMALL = Build(rounds=1, samples_each=4, troubles={}, cases=("good",), need=False, cut=False,
              replicas=(), calibrate=False)  # fmt: skip


@pytest.fixture
def outside(tmp_path) -> Path:
    """A file that nobody may read or write by way of a run folder."""
    path: Path = tmp_path / "outside" / "secret"
    path.parent.mkdir()
    path.write_text("secret")
    return path


@pytest.fixture
def folder(tmp_path) -> Path:
    return write_journal(tmp_path / "reports" / "20261122T083107Z-strange", SMALL)


def test_a_journal_that_is_a_link_is_neither_read_nor_taken_for_one(folder, tmp_path):
    elsewhere = write_journal(tmp_path / "elsewhere", SMALL)
    (folder / FILE_NAME).unlink()
    (folder / FILE_NAME).symlink_to(elsewhere / FILE_NAME)
    with pytest.raises(StoreError, match="no plain file"):
        load_run(find_run(str(folder), tmp_path))
    (entry,) = list_runs(folder.parent)
    assert entry.problem == "is no plain file"


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "too large"])
def test_a_run_json_that_is_no_plain_file_is_passed_over(folder, outside, kind):
    from_journal = list_runs(folder.parent)
    document = folder / "run.json"
    if kind == "link":
        outside.write_text('{"schema_version": 2}')
        document.symlink_to(outside)
    elif kind == "pipe":
        os.mkfifo(document)
    elif kind == "folder":
        document.mkdir()
    else:
        with document.open("wb") as file:
            file.truncate(2**40)
    assert list_runs(folder.parent) == from_journal


def test_reports_replace_links_and_pipes_and_do_not_write_through_them(folder, outside):
    names = ("index.html", "run.json", "summary.md", "trials.csv", "samples.csv.gz", "junit.xml")
    for name in names[:-1]:
        (folder / name).symlink_to(outside)
    os.mkfifo(folder / names[-1])
    write_reports(load_run(folder), ["html", "json", "md", "csv", "junit"])
    assert outside.read_text() == "secret"
    assert all((folder / name).is_file() and not (folder / name).is_symlink() for name in names)


def test_a_name_that_is_written_first_may_be_a_link_too(folder, outside):
    (folder / f".run.json.{os.getpid()}.partial").symlink_to(outside)
    write_reports(load_run(folder), ["json"])
    assert outside.read_text() == "secret"


def test_pictures_are_not_written_into_a_folder_that_is_a_link(folder, outside):
    (folder / "plots").symlink_to(outside.parent)
    with pytest.raises(StoreError, match="plots is a link") as caught:
        write_reports(load_run(folder), ["plots"])
    assert caught.value.exit_code == 3
    assert list(outside.parent.iterdir()) == [outside]


def test_an_output_is_not_written_through_a_link(folder, outside):
    log = folder / "logs" / "good-t0000.log"
    log.parent.mkdir()
    log.symlink_to(outside)
    write_text(log, "output")
    assert (outside.read_text(), log.read_text()) == ("secret", "output")


def test_a_path_that_the_user_names_is_followed(tmp_path, outside):
    link = tmp_path / "link"
    link.symlink_to(outside)
    assert write_named(link, "mine") == link
    assert link.is_symlink()
    assert outside.read_text() == "mine"
    write_named(tmp_path / "deep" / "new", "mine")
    write_named(type(tmp_path)("/dev/null"), "mine")
    assert (tmp_path / "deep" / "new").read_text() == "mine"

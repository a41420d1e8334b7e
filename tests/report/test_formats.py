"""The registry of formats, and the set of files that a run writes."""

from __future__ import annotations

import shutil

import pytest

from bench.core.errors import StoreError, UsageError
from bench.report.formats import DEFAULT, FORMATS, report_text, write_reports
from bench.results.run import load_run


@pytest.fixture
def fresh(run, tmp_path):
    """A folder with nothing but the journal."""
    shutil.copy(run.folder / "events.jsonl", tmp_path)
    return load_run(tmp_path)


@pytest.mark.slow
def test_the_default_set_is_that_of_the_contract(fresh):
    written = write_reports(fresh)
    names = {one.name for one in fresh.folder.iterdir()}
    assert names == {
        "events.jsonl",
        "run.json",
        "trials.csv",
        "phases.csv",
        "layers.csv",
        "samples.csv.gz",
        "summary.md",
        "index.html",
        "junit.xml",
        "plots",
    }
    assert all(one.is_file() for one in written)
    assert {one.parent for one in written} == {fresh.folder, fresh.folder / "plots"}


@pytest.mark.slow
def test_reports_made_again_are_the_same_bytes(fresh):
    first = {one: one.read_bytes() for one in write_reports(fresh)}
    again = {one: one.read_bytes() for one in write_reports(load_run(fresh.folder))}
    assert first == again


def test_only_the_formats_asked_for_are_written(fresh):
    assert [one.name for one in write_reports(fresh, ["junit", "md"])] == [
        "summary.md",
        "junit.xml",
    ]
    assert not (fresh.folder / "plots").exists()


def test_every_report_of_one_text_can_be_had_on_stdout(run):
    for name in ("sarif", "trace"):
        assert report_text(run, name)


def test_an_unknown_format_is_refused_before_anything_is_written(fresh):
    with pytest.raises(UsageError, match="is not a format"):
        write_reports(fresh, ["md", "pdf"])
    assert not (fresh.folder / "summary.md").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "start"),
    [("json", "{"), ("csv", "trial_id,case,"), ("md", "# bad-vs-good"), ("junit", "<?xml"),
     ("html", "<!DOCTYPE html>"), ("github", "")],
)  # fmt: skip
def test_what_goes_to_stdout_is_what_stands_in_the_file(fresh, name, start):
    text = report_text(fresh, name)
    assert text.startswith(start)
    (path, *_) = write_reports(fresh, [name])
    if name != "html":  # which lists the files that lie beside it
        assert path.read_text() == text


def test_what_is_not_one_text_is_not_for_stdout(fresh):
    with pytest.raises(UsageError, match="cannot be printed"):
        report_text(fresh, "plots")


def test_every_default_format_is_known():
    assert set(DEFAULT) <= set(FORMATS)


def test_parquet_is_written_where_pyarrow_is_there_and_asked_for(fresh, monkeypatch):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match="needs pyarrow"):
        write_reports(fresh, ["parquet"])
    monkeypatch.undo()
    pytest.importorskip("pyarrow")
    import pandas as pd

    (path,) = write_reports(fresh, ["parquet"])
    assert list(pd.read_parquet(path).columns) == list(fresh.samples.columns)


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_to_says_what_to_do(fresh):
    (fresh.folder / "plots").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written") as caught:
        write_reports(fresh, ["plots"])
    assert caught.value.remedy

"""A run that is being made is read as far as it was not read before."""

from __future__ import annotations

import pytest

from bench.core.errors import StoreError
from bench.results.growing import GrowingRun
from bench.results.run import load_run
from tests.journals import Build, write_journal

SMALL = Build(rounds=2, samples_each=4)


@pytest.fixture
def halves(tmp_path):
    """The folder of a run, cut off in the middle of a trial, and what comes after."""
    journal = write_journal(tmp_path, SMALL) / "events.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    middle = next(at for at, line in enumerate(lines) if b'"trial_ended"' in line) + 4
    journal.write_bytes(b"".join(lines[:middle]))
    return tmp_path, b"".join(lines[middle:])


def test_what_is_added_gives_the_same_results_as_the_whole_run(halves):
    folder, rest = halves
    growing = GrowingRun(folder)
    before = growing.results()
    assert before == [one for one in load_run(folder).results if one.status != "interrupted"]
    with (folder / "events.jsonl").open("ab") as journal:
        journal.write(rest)
    after = growing.results()
    assert len(after) > len(before)
    assert tuple(after) == load_run(folder).results


def test_what_was_read_once_is_not_read_again(halves):
    folder, rest = halves
    growing = GrowingRun(folder)
    growing.results()
    journal = folder / "events.jsonl"
    read = len(journal.read_bytes())
    journal.write_bytes(b"?" * read + rest)
    assert growing.results()


def test_what_is_added_must_follow_from_what_was_read(halves):
    folder, rest = halves
    growing = GrowingRun(folder)
    growing.results()
    with (folder / "events.jsonl").open("ab") as journal:
        journal.write(rest.replace(b"observe", b"observd"))
    with pytest.raises(StoreError, match="was changed"):
        growing.results()

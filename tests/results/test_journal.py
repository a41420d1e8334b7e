"""The journal: what is appended can be read back, whatever happens to its writer or its disk."""

from __future__ import annotations

import errno
import json
import os
import threading
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import StoreError
from bench.results.journal import Journal, read_events

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def path(tmp_path) -> Path:
    folder: Path = tmp_path
    return folder / "events.jsonl"


@pytest.fixture
def journal(path) -> Iterator[Journal]:
    opened = Journal(path)
    yield opened
    opened.close()


def events(path: Path) -> list[dict[str, Any]]:
    return list(read_events(path))


def test_what_is_appended_is_read_back_in_order(journal, path):
    journal.append("note", text="first")
    journal.append("samples", trial_id="t0001", columns={"t_ns": [1, 2], "cpu_ns": [3, None]})
    assert events(path) == [
        {"event": "note", "text": "first"},
        {
            "event": "samples",
            "trial_id": "t0001",
            "columns": {"t_ns": [1, 2], "cpu_ns": [3, None]},
        },
    ]


def test_an_event_is_on_the_disk_before_append_returns(journal, path):
    journal.append("note", text="here")
    assert path.read_bytes() == b'{"event":"note","text":"here"}\n'


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), values, max_size=3))
def test_whatever_can_be_said_in_json_comes_back_as_one_line(tmp_path_factory, fields):
    path = tmp_path_factory.mktemp("journal") / "events.jsonl"
    journal = Journal(path)
    journal.append("note", fields=fields)
    journal.close()
    assert path.read_bytes().count(b"\n") == 1
    assert events(path) == [{"event": "note", "fields": fields}]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_refused_and_leaves_no_trace(journal, path, value):
    journal.append("note", text="before")
    with pytest.raises(ValueError, match="JSON"):
        journal.append("samples", columns={"cpu_ns": [1, value]})
    assert len(events(path)) == 1


def test_a_journal_is_continued_and_never_overwritten(path):
    for text in ("first", "second"):
        journal = Journal(path)
        journal.append("note", text=text)
        journal.close()
    assert [one["text"] for one in events(path)] == ["first", "second"]


# torn lines


WHOLE = b'{"event":"note","text":"whole"}\n'


@pytest.mark.parametrize("cut", [1, 8, len(WHOLE) - 2])
def test_a_line_that_a_kill_left_torn_is_passed_over(path, cut):
    path.write_bytes(WHOLE + WHOLE[:cut])
    assert events(path) == [{"event": "note", "text": "whole"}]


@pytest.mark.parametrize("cut", [1, 8, len(WHOLE) - 2])
def test_what_is_appended_after_a_torn_line_is_not_lost_in_it(path, cut):
    path.write_bytes(WHOLE + WHOLE[:cut])
    journal = Journal(path)
    journal.append("note", text="after")
    journal.close()
    assert [one["text"] for one in events(path)] == ["whole", "after"]


def test_a_line_that_lacks_only_its_end_still_counts(path):
    path.write_bytes(WHOLE[:-1])
    journal = Journal(path)
    journal.append("note", text="after")
    journal.close()
    assert [one["text"] for one in events(path)] == ["whole", "after"]


@pytest.mark.parametrize(
    "line",
    [
        b"\x00\x00\x00\n",
        b"\xff\xfe\n",
        b"[]\n",
        b'"note"\n',
        b'{"text": "no event"}\n',
        b'{"event": 7}\n',
        b'{"event": "note", "value": NaN}\n',
        b"\n",
    ],
)
def test_a_line_that_is_no_event_is_passed_over(path, line):
    path.write_bytes(WHOLE + line + WHOLE)
    assert len(events(path)) == 2


@pytest.mark.parametrize("content", [b"", b"\n", b"hello\n", b"{}\n", b"\x89PNG\r\n"])
def test_a_file_without_a_single_event_is_no_journal(path, content):
    path.write_bytes(content)
    with pytest.raises(StoreError, match="not a journal"):
        events(path)


def test_a_journal_that_is_not_there_says_so(path):
    with pytest.raises(StoreError, match="No such file") as caught:
        events(path)
    assert "bench list" in caught.value.remedy


# trouble with the disk


class Disk:
    """The journal's file on a disk that takes so many bytes, then so many more."""

    def __init__(
        self, file: Any, room: int, error: int = errno.ENOSPC, at_most: int = 4096
    ) -> None:
        self._file, self.room, self._error, self._at_most = file, room, error, at_most

    def write(self, data: bytes) -> int:
        if self.room <= 0:
            raise OSError(self._error, os.strerror(self._error))
        taken = min(len(data), self.room, self._at_most)
        self.room -= taken
        self._file.write(data[:taken])
        return taken

    def fileno(self) -> int:
        number: int = self._file.fileno()
        return number

    def close(self) -> None:
        self._file.close()


def put_on(journal: Journal, room: int, **options: int) -> Disk:
    disk = Disk(journal._file, room, **options)
    journal._file = disk  # type: ignore[assignment]
    return disk


@pytest.mark.parametrize("room", [0, 1, 20])
def test_a_full_disk_ends_the_run_with_a_remedy(journal, room):
    put_on(journal, room)
    with pytest.raises(StoreError, match="No space left on device") as caught:
        journal.append("note", text="does not fit on this disk")
    assert "--resume" in caught.value.remedy


def test_a_write_that_takes_only_a_part_is_gone_on_with(journal, path):
    put_on(journal, room=10_000, at_most=7)
    journal.append("note", text="longer than seven bytes")
    assert events(path) == [{"event": "note", "text": "longer than seven bytes"}]


def test_what_fits_again_after_a_full_disk_is_a_line_of_its_own(journal, path):
    journal.append("note", text="before")
    disk = put_on(journal, room=20)
    with pytest.raises(StoreError):
        journal.append("note", text="half of this is written")
    disk.room = 10_000
    journal.append("note", text="after")
    assert [one["text"] for one in events(path)] == ["before", "after"]


def test_a_folder_that_is_not_there_is_an_error_of_the_store(tmp_path):
    with pytest.raises(StoreError, match="cannot be written: No such file"):
        Journal(tmp_path / "nowhere" / "events.jsonl")


def test_a_folder_in_the_place_of_the_file_is_an_error_of_the_store(tmp_path):
    (tmp_path / "events.jsonl").mkdir()
    (tmp_path / "events.jsonl" / "x").touch()
    with pytest.raises(StoreError, match="cannot be written: Is a directory"):
        Journal(tmp_path / "events.jsonl")


def test_a_journal_that_may_not_be_read_is_an_error_of_the_store(path, monkeypatch):
    path.write_bytes(WHOLE)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(StoreError, match="Permission denied"):
        Journal(path)


def test_a_disk_that_fails_at_the_end_is_an_error_of_the_store(path, monkeypatch):
    journal = Journal(path)

    def fail(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreError, match="Input/output error"):
        journal.close()
    assert journal._file.closed


# threads


def test_lines_of_several_threads_are_never_mixed(journal, path):
    put_on(journal, room=10_000_000, at_most=50)  # every line takes several writes
    begin = threading.Barrier(4)

    def write(name: str) -> None:
        begin.wait(10)
        for number in range(50):
            journal.append("note", name=name, number=number, text="x" * 150)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert len(lines) == 200
    for name in "abcd":
        assert [one["number"] for one in lines if one["name"] == name] == list(range(50))

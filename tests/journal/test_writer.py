"""The journal: what is appended can be read back, whatever happens to its writer or its disk."""

from __future__ import annotations

import errno
import json
import os
import threading
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.core.errors import StoreError
from bench.core.text import clean_tree
from bench.journal import lines as lines_module
from bench.journal import writer as journal_module
from bench.journal.lines import DEEPEST, LARGEST_JOURNAL, JournalPosition, Lines
from bench.journal.writer import Journal
from tests.journals import write_events

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
    return list(Lines(path).events())


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
    assert path.read_bytes() == b'{"seq":0,"event":"note","text":"here","crc":"%08x"}\n' % (
        zlib.crc32(b'{"seq":0,"event":"note","text":"here"')
    )


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)  # a busy host is slow
@given(st.dictionaries(st.text(), values, max_size=3))
def test_whatever_can_be_said_in_json_comes_back_as_one_line(tmp_path_factory, fields):
    path = tmp_path_factory.mktemp("journal") / "events.jsonl"
    journal = Journal(path)
    journal.append("note", fields=fields)
    journal.close()
    assert path.read_bytes().count(b"\n") == 1
    assert events(path) == [{"event": "note", "fields": clean_tree(fields)}]


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


def noted(path: Path, *names: str) -> list[bytes]:
    """The lines of a journal of these notes."""
    write_events(path.parent, [{"event": "note", "text": name} for name in names])
    return path.read_bytes().splitlines(keepends=True)


CUTS = (1, 8, -2, -12)


@pytest.mark.parametrize("cut", CUTS)
def test_a_last_line_that_a_kill_left_torn_is_passed_over(path, cut):
    first, second = noted(path, "whole", "torn")
    path.write_bytes(first + second[:cut])
    assert events(path) == [{"event": "note", "text": "whole"}]


@pytest.mark.parametrize("cut", CUTS)
def test_a_run_that_is_resumed_goes_on_from_its_last_whole_line(path, cut):
    first, second = noted(path, "whole", "torn")
    path.write_bytes(first + second[:cut])
    for at in ("once", "twice"):
        journal = Journal(path)
        journal.append("run_resumed", at=at)
        journal.close()
    assert [one.get("text") or one["at"] for one in events(path)] == ["whole", "once", "twice"]


@pytest.mark.parametrize("cut", CUTS)
def test_a_torn_line_is_refused_where_the_run_was_not_resumed_after_it(path, cut):
    first, second = noted(path, "whole", "torn")
    path.write_bytes(first + second[:cut])
    journal = Journal(path)
    journal.append("note", text="after")
    journal.close()
    with pytest.raises(StoreError, match="line 2 is not whole"):
        events(path)


def test_a_resumed_run_that_was_killed_in_its_first_line_is_resumed_again(path):
    first, second = noted(path, "whole", "torn")
    path.write_bytes(first + second[:8] + b'\n{"seq":1,"event":"run_res')
    journal = Journal(path)
    journal.append("run_resumed", at="later")
    journal.close()
    assert len(events(path)) == 2


def test_a_line_that_lacks_only_its_end_still_counts(path):
    path.write_bytes(b"".join(noted(path, "whole"))[:-1])
    journal = Journal(path)
    journal.append("note", text="after")
    journal.close()
    assert [one["text"] for one in events(path)] == ["whole", "after"]


# damage


LINES = ("a", "b", "c", "d")


def damaged(path: Path, lines: list[bytes]) -> str:
    """Why a journal of these lines is refused."""
    path.write_bytes(b"".join(lines))
    with pytest.raises(StoreError) as caught:
        events(path)
    assert caught.value.exit_code == 3
    assert caught.value.remedy
    assert str(path) in str(caught.value)
    return caught.value.cause


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_line_that_is_gone_is_missed(path, at):
    lines = noted(path, *LINES)
    why = damaged(path, lines[:at] + lines[at + 1 :])
    due = f"it is number {at + 1}, and {at} is due"
    assert why == f"line {at + 1} follows lines that are missing: {due}"


@pytest.mark.parametrize("at", range(4))
def test_a_line_that_is_there_twice_is_refused(path, at):
    lines = noted(path, *LINES)
    assert "is there twice or was moved" in damaged(path, lines[: at + 1] + lines[at:])


def test_lines_in_another_order_are_refused(path):
    a, b, c, d = noted(path, *LINES)
    assert damaged(path, [a, c, b, d]).startswith("line 2 ")


@pytest.mark.parametrize("at", range(4))
def test_a_line_that_was_changed_is_refused(path, at):
    lines = noted(path, *LINES)
    lines[at] = lines[at].replace(b'"text":"', b'"text":"not ')
    why = f"line {at + 1} was changed: its checksum does not fit"
    assert damaged(path, lines) == why


def test_a_line_is_refused_that_fits_by_itself_and_not_to_those_before_it(path):
    other = noted(path, "x", "b")
    lines = noted(path, *LINES)
    assert "line 2 was changed" in damaged(path, [lines[0], other[1], *lines[2:]])


def test_damage_is_found_when_a_run_is_to_be_resumed_too(path):
    lines = noted(path, *LINES)
    path.write_bytes(b"".join(lines[:1] + lines[2:]))
    with pytest.raises(StoreError, match="line 2"):
        Journal(path)


@settings(deadline=None)  # a busy host is slow
@given(st.integers(0, 2**31), st.integers(1, 255))
def test_no_byte_that_changes_goes_unnoticed(tmp_path_factory, at, by):
    path = tmp_path_factory.mktemp("journal") / "events.jsonl"
    whole = b"".join(noted(path, *LINES))
    at %= len(whole)
    path.write_bytes(whole[:at] + bytes([whole[at] ^ by]) + whole[at + 1 :])
    try:
        left = [one["text"] for one in events(path)]
    except StoreError:
        return
    assert left == list(LINES[: len(left)])
    assert len(left) == 3, "what a tear of the last line may look like"


@pytest.mark.parametrize("content", [b"", b"\n", b"hello\n", b"{}\n", b"\x89PNG\r\n"])
def test_a_file_without_a_single_event_is_no_journal(path, content):
    path.write_bytes(content)
    with pytest.raises(StoreError, match="not a journal"):
        events(path)


def test_a_journal_that_is_not_there_says_so(path):
    with pytest.raises(StoreError, match="No such file") as caught:
        events(path)
    assert "bench list" in caught.value.remedy


# version 1

OLD = b'{"event":"note","text":"whole"}\n'


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
def test_a_line_without_a_checksum_that_is_no_event_is_passed_over_and_counted(path, line):
    path.write_bytes(OLD + line + OLD)
    lines = Lines(path)
    assert len(list(lines.events())) == 2
    assert lines.passed_over == [2]
    assert not lines.sealed


def test_half_a_character_in_an_escape_is_read_as_python_writes_it(path):
    noted(path, "half \ud800 of one")
    assert events(path)[0]["text"] == "half \ud800 of one"


def test_a_journal_without_checksums_is_not_added_to(path):
    path.write_bytes(OLD)
    with pytest.raises(StoreError, match="no checksums"):
        Journal(path)
    assert path.read_bytes() == OLD


def test_a_checksum_after_lines_without_one_is_refused(path):
    sealed = noted(path, "x")
    assert "line 2 has a checksum" in damaged(path, [OLD, *sealed])


# bounds


def test_a_line_longer_than_any_of_bench_is_not_read(path, monkeypatch):
    monkeypatch.setattr(lines_module, "LONGEST_LINE", 100)
    noted(path, "x" * 100)
    with pytest.raises(StoreError, match="line 1 is longer than 100 bytes"):
        events(path)


def test_more_lines_than_any_journal_has_are_not_read(path, monkeypatch):
    monkeypatch.setattr(lines_module, "MOST_LINES", 3)
    noted(path, *LINES)
    with pytest.raises(StoreError, match="more than 3 lines"):
        events(path)


def test_a_file_larger_than_any_journal_is_not_read(path):
    with path.open("wb") as file:
        file.truncate(LARGEST_JOURNAL + 1)
    with pytest.raises(StoreError, match="at most"):
        events(path)


def nested(opening: str, depth: int) -> str:
    closing = "]" if opening == "[" else "}"
    return opening * depth + "1" + closing * depth


@pytest.mark.parametrize("opening", ["[", '{"x":'])
def test_what_is_nested_deeper_than_bench_nests_is_no_event(path, opening):
    for depth in (DEEPEST, 100_000):
        line, _ = JournalPosition().seal(f'{{"event":"note","value":{nested(opening, depth)}}}')
        path.write_bytes(line)
        with pytest.raises(StoreError, match="line 1 is no event"):
            events(path)
    line, _ = JournalPosition().seal(f'{{"event":"note","value":{nested(opening, DEEPEST - 1)}}}')
    path.write_bytes(line)
    assert len(events(path)) == 1


def test_brackets_in_a_text_are_no_nesting(journal, path):
    journal.append("note", text='\\"' + "[" * 500, other=[[], "{" * 500])
    assert len(events(path)) == 1


def test_an_event_or_a_journal_that_could_not_be_read_again_is_not_written(
    journal, path, monkeypatch
):
    journal.append("note", text="x")
    monkeypatch.setattr(journal_module, "LONGEST_LINE", 100)
    with pytest.raises(StoreError, match="bytes"):
        journal.append("note", text="x" * 100)
    monkeypatch.setattr(journal_module, "MOST_LINES", 1)
    with pytest.raises(StoreError, match="as large as one may be"):
        journal.append("note", text="x")
    assert len(events(path)) == 1


def test_a_link_in_the_place_of_a_journal_is_not_followed(path, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    noted(outside / "events.jsonl", "secret")
    path.symlink_to(outside / "events.jsonl")
    with pytest.raises(StoreError, match="no plain file"):
        events(path)
    with pytest.raises(StoreError, match="cannot be written"):
        Journal(path)


def test_a_pipe_in_the_place_of_a_journal_is_not_waited_for(path):
    os.mkfifo(path)
    with pytest.raises(StoreError, match="no plain file"):
        events(path)
    with pytest.raises(StoreError, match="cannot be written"):
        Journal(path)


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


def test_nothing_is_written_after_what_is_lost_until_the_run_is_resumed(journal, path):
    journal.append("note", text="before")
    disk = put_on(journal, room=20)
    with pytest.raises(StoreError):
        journal.append("note", text="half of this is written")
    disk.room = 10_000
    with pytest.raises(StoreError, match="No space left"):
        journal.append("note", text="after")
    resumed = Journal(path)
    resumed.append("run_resumed", at="later")
    resumed.close()
    assert [one["event"] for one in events(path)] == ["note", "run_resumed"]


def test_a_folder_that_is_not_there_is_an_error_of_the_store(tmp_path):
    with pytest.raises(StoreError, match="cannot be written: No such file"):
        Journal(tmp_path / "nowhere" / "events.jsonl")


def test_a_folder_in_the_place_of_the_file_is_an_error_of_the_store(tmp_path):
    (tmp_path / "events.jsonl").mkdir()
    (tmp_path / "events.jsonl" / "x").touch()
    with pytest.raises(StoreError, match="cannot be written: Is a directory"):
        Journal(tmp_path / "events.jsonl")


def test_a_journal_that_may_not_be_read_is_an_error_of_the_store(path, monkeypatch):
    noted(path, "x")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
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


def test_an_interruption_in_the_middle_of_an_append_costs_no_line(tmp_path, monkeypatch):
    """A signal may be raised when the line is on its way, and before the writer knows."""
    journal = Journal(tmp_path / "events.jsonl")
    journal.append("run_started", name="a")
    write = journal._write

    def interrupted(line: bytes) -> None:
        write(line)
        raise KeyboardInterrupt

    monkeypatch.setattr(journal, "_write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        journal.append("note", text="b")
    monkeypatch.setattr(journal, "_write", write)
    journal.append("note", text="c")
    journal.close()
    assert [one["event"] for one in Lines(tmp_path / "events.jsonl").events()] == [
        "run_started",
        "note",
        "note",
    ]


def test_a_comparison_may_follow_a_line_that_was_cut_off(tmp_path):
    journal = Journal(tmp_path / "events.jsonl")
    journal.append("run_started", name="a")
    journal.close()
    with (tmp_path / "events.jsonl").open("ab") as file:
        file.write(b'{"seq":1,"event":"baseline_comp')
    again = Journal(tmp_path / "events.jsonl")
    again.append("baseline_compared", run_id="b")
    again.close()
    kinds = [one["event"] for one in Lines(tmp_path / "events.jsonl").events()]
    assert kinds == ["run_started", "baseline_compared"]

"""Runs from a folder and its index: what is read, what is kept, and what a bad index does."""

from __future__ import annotations

import json
import math
import multiprocessing
import os
import shutil
import sqlite3
import struct
import zlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import bench.results.run
from bench.core.errors import UsageError
from bench.results.history import RecordedRuns, read_runs
from bench.results.history_index import INDEX_NAME
from benchmarks.history import fill
from tests.histories import run_name, write_run

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made")
    for number in range(4):
        write_run(out, number, rounds=2)
    return out


@pytest.fixture
def out(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "reports")
    return tmp_path / "reports"


@pytest.fixture
def read(monkeypatch):
    """The names of the folders whose journals are read."""
    names: list[str] = []
    load = bench.results.run.load_run

    def noted(path: Path):
        names.append(Path(path).name)
        return load(path)

    monkeypatch.setattr(bench.results.run, "load_run", noted)
    return names


TOLD: list[str] = []


def history(out: Path, *metrics: str, told: list[str] | None = None) -> RecordedRuns:
    lines = TOLD if told is None else told
    return read_runs(out, lambda _: metrics or ("ready_s",), lines.append)


def values(found: RecordedRuns) -> dict[str, list[tuple[float, ...]]]:
    return {name: [one.values for one in samples] for name, samples in found.samples.items()}


def test_the_runs_come_in_the_order_in_which_they_began(out):
    found = history(out)
    assert [run.folder for run in found.runs] == [run_name(number) for number in range(4)]
    assert all(len(found.samples[run.folder]) == 1 for run in found.runs)


def test_a_journal_is_read_once(out, read):
    first = history(out)
    assert len(read) == 4
    second = history(out)
    assert len(read) == 4
    assert second == first


def test_any_metric_can_be_asked_for_later(out, read):
    history(out, "ready_s")
    found = history(out, "stop_s", "image_size_bytes")
    assert len(read) == 4
    metrics = {one.metric for samples in found.samples.values() for one in samples}
    assert metrics == {"stop_s", "image_size_bytes"}


def test_a_new_run_is_added(out, read):
    history(out)
    write_run(out, 4, rounds=2)
    assert len(history(out).runs) == 5
    assert read[4:] == [run_name(4)]


def test_a_run_that_vanished_is_dropped(out):
    history(out)
    shutil.rmtree(out / run_name(1))
    found = history(out)
    assert [run.folder for run in found.runs] == [run_name(number) for number in (0, 2, 3)]
    assert run_name(1) not in found.samples
    assert history(out) == found


def test_a_journal_that_changed_is_read_again(out, read):
    history(out)
    write_run(out, 2, rounds=3)
    found = history(out)
    assert read[4:] == [run_name(2)]
    assert len(values(found)[run_name(2)][0]) == 3


def test_a_journal_of_the_same_size_at_another_time_is_read_again(out, read):
    history(out)
    os.utime(out / run_name(2) / "events.jsonl", ns=(1, 1))
    history(out)
    assert read[4:] == [run_name(2)]


def test_what_cannot_be_read_is_named_and_passed_over(out):
    (out / run_name(1) / "events.jsonl").write_text("no journal\n")
    told: list[str] = []
    assert len(history(out, told=told).runs) == 3
    (line,) = told
    assert line.startswith(f"{run_name(1)}: cannot be read: ")


def test_a_run_that_became_unreadable_is_dropped_from_the_index(out):
    history(out)
    (out / run_name(1) / "events.jsonl").write_text("no journal\n")
    told: list[str] = []
    assert len(history(out, told=told).runs) == 3
    assert len(told) == 1


def test_links_to_runs_are_no_runs(out):
    (out / "latest").symlink_to(run_name(3))
    assert len(history(out).runs) == 4


def test_a_name_that_is_not_text_is_kept(made, tmp_path):
    out = tmp_path / "reports"
    name = os.fsdecode(b"run-\xff")
    shutil.copytree(made / run_name(0), out / name)
    assert history(out) == history(out)
    assert [run.folder for run in history(out).runs] == [name]


def test_a_folder_of_many_runs_comes_from_the_index_alone(tmp_path, read):
    fill(tmp_path / "reports", 30, tmp_path / "pattern")
    del read[:]
    found = history(tmp_path / "reports")
    assert (len(found.runs), read) == (30, [])


# folders without runs


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match="is not a folder"):
        history(tmp_path / "none")


def test_a_folder_without_runs_is_refused_and_gets_no_index(tmp_path):
    with pytest.raises(UsageError, match="has no run in it"):
        history(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_no_folder_of_runs(out):
    with pytest.raises(UsageError) as caught:
        history(out / run_name(0))
    assert caught.value.remedy == "name the folder that it is in"


# a bad index


def foreign(path: Path) -> None:
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE songs (name TEXT)")
    connection.commit()
    connection.close()


SPOILING = [
    "UPDATE bench SET version = '0.0.0'",
    "CREATE TRIGGER t AFTER INSERT ON run BEGIN DELETE FROM sample; END",
    "UPDATE sample SET figures = figures || zeroblob(8)",
    "UPDATE run SET facts = replace(facts, 'shop', 'evil')",
    "UPDATE sample SET state = replace(state, 'cold', 'warm')",
    "UPDATE run SET facts = 7, journal_bytes = 'x', folder = NULL",
]
"""SQL after which an index is not what bench wrote."""


def spoiled(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


def rewritten(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """The index with other facts of its runs, and with the checksums that these have."""
    connection = sqlite3.connect(path)
    for folder, text in connection.execute("SELECT folder, facts FROM run").fetchall():
        facts = json.loads(text)
        change(facts)
        changed = json.dumps(facts)
        crc = zlib.crc32(folder + b"\0" + changed.encode())
        connection.execute(
            "UPDATE run SET facts = ?, crc = ? WHERE folder = ?", (changed, crc, folder)
        )
    connection.commit()
    connection.close()


def with_noise_that_is_none(path: Path) -> None:
    rewritten(path, lambda facts: facts.update(noise={"measured_at": "x", "floors": {"a": 1}}))


def with_cases_that_are_none(path: Path) -> None:
    rewritten(path, lambda facts: facts.update(cases=["good"]))


def with_a_metric_of_no_direction(path: Path) -> None:
    rewritten(path, lambda facts: facts.update(own={"m": ["s", "m", "sideways"]}))


def with_a_figure_that_is_not_finite(path: Path) -> None:
    connection = sqlite3.connect(path)
    figures = struct.pack("<Iddd", 0, 0.0, 0.0, math.nan)
    for row, *key in connection.execute(
        "SELECT rowid, folder, CAST(metric AS BLOB), CAST(state AS BLOB) FROM sample"
    ).fetchall():
        crc = zlib.crc32(b"\0".join([*key, figures]))
        connection.execute(
            "UPDATE sample SET figures = ?, crc = ? WHERE rowid = ?", (figures, crc, row)
        )
    connection.commit()
    connection.close()


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def a_link(path: Path) -> None:
    path.replace(path.with_name("elsewhere.sqlite"))
    path.symlink_to("elsewhere.sqlite")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def garbled(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = bytes(one ^ 0x5A for one in data[4096:])
    path.write_bytes(data)


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"no index\n" * 1000),
        cut,
        garbled,
        foreign,
        *(partial(spoiled, statement=statement) for statement in SPOILING),
        with_noise_that_is_none,
        with_cases_that_are_none,
        with_a_metric_of_no_direction,
        with_a_figure_that_is_not_finite,
        a_pipe,
        a_link,
    ],
)
def test_an_index_that_is_none_is_made_again(out, read, harm):
    before = history(out)
    harm(out / INDEX_NAME)
    del read[:]
    assert history(out) == before
    assert len(read) == 4
    assert (out / INDEX_NAME).is_file()
    assert not (out / INDEX_NAME).is_symlink()
    del read[:]
    assert history(out) == before
    assert read == []


@pytest.mark.parametrize("place", range(0, 60, 3))
def test_a_byte_that_was_changed_anywhere_changes_no_figure(out, place):
    before = history(out)
    path = out / INDEX_NAME
    data = bytearray(path.read_bytes())
    data[len(data) * place // 60] ^= 0x10
    path.write_bytes(data)
    assert history(out) == before


@pytest.mark.parametrize("harm", [a_folder])
def test_where_no_index_can_be_written_it_works_and_says_so(out, harm):
    before = history(out)
    harm(out / INDEX_NAME)
    told: list[str] = []
    assert history(out, told=told) == before
    (line,) = told
    assert "cannot be written" in line
    assert "reads the runs again" in line


def test_a_folder_that_may_not_be_written_to_works_without_an_index(out, monkeypatch):
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    told: list[str] = []
    assert len(history(out, told=told).runs) == 4
    assert [INDEX_NAME in line and "Permission denied" in line for line in told] == [True]
    assert not (out / INDEX_NAME).exists()
    assert [one for one in out.iterdir() if one.name.startswith(".")] == []


def test_an_index_in_a_folder_that_may_not_be_written_to_is_used(out, read, monkeypatch):
    history(out)
    monkeypatch.setattr(Path, "replace", lambda *_: pytest.fail("it wrote"))
    told: list[str] = []
    history(out, told=told)
    assert (len(read), told) == (4, [])


def test_an_interruption_keeps_what_was_read(out, read, monkeypatch):
    noted = bench.results.run.load_run

    def interrupted(path: Path):
        if len(read) == 2:
            raise KeyboardInterrupt
        return noted(path)

    monkeypatch.setattr(bench.results.run, "load_run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        history(out)
    monkeypatch.setattr(bench.results.run, "load_run", noted)
    assert len(history(out).runs) == 4
    assert len(read) == 4


def _read_often(out: Path, answers: multiprocessing.Queue[object]) -> None:
    told: list[str] = []
    for _ in range(5):
        (out / INDEX_NAME).unlink(missing_ok=True)
        found = history(out, told=told)
        answers.put((len(found.runs), sorted(values(found)) == [r.folder for r in found.runs]))
    answers.put(told)


def test_several_processes_at_once_do_not_break_it(out):
    spawn = multiprocessing.get_context("spawn")
    answers = spawn.Queue()
    workers = [spawn.Process(target=_read_often, args=(out, answers)) for _ in range(3)]
    for worker in workers:
        worker.start()
    found = [answers.get(timeout=120) for _ in range(3 * 6)]
    for worker in workers:
        worker.join(timeout=60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert sorted(found, key=str) == sorted([(4, True)] * 15 + [[]] * 3, key=str)
    assert len(history(out).runs) == 4

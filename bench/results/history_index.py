"""`history.sqlite`: the figures of the runs in a folder, so that their journals are read once.

The file is only ever replaced as a whole: it is opened as one that nobody changes, new runs are
added to a copy in memory, and that copy takes its place. So there are no locks, no reader is in
the way of a writer, and of two writers the last wins; what the other read is read again next time.

A file that is no index of this version of bench, or does not add up, is passed over and replaced.
"""

from __future__ import annotations

import json
import math
import os
import sqlite3
import stat
import struct
import zlib
from contextlib import closing
from dataclasses import astuple, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from bench.core.atomic import replacing
from bench.core.errors import StoreError
from bench.core.version import __version__
from bench.results.run_figures import RecordedRun, Sample

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

INDEX_NAME = "history.sqlite"

UNSOUND_INDEX = (
    sqlite3.Error,
    struct.error,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
)
"""What reading a damaged index may end in."""

_LARGEST = 2**31
"""Bytes of an index that is opened."""

_APPLICATION, _VERSION = 0x62656E63, 1  # "benc"
_TABLES = {
    "run": "CREATE TABLE run (folder BLOB PRIMARY KEY, journal_bytes INTEGER, "
    "journal_mtime_ns INTEGER, facts TEXT, crc INTEGER)",
    "sample": "CREATE TABLE sample (folder BLOB, metric TEXT, state TEXT, figures BLOB, "
    "crc INTEGER)",
    "bench": "CREATE TABLE bench (version TEXT)",
    "sample_metric": "CREATE INDEX sample_metric ON sample (metric)",
    "sample_folder": "CREATE INDEX sample_folder ON sample (folder)",
}


@dataclass(frozen=True)
class JournalStamp:
    """Size and time of change of a journal: where both are the same, so is the journal."""

    size_bytes: int
    mtime_ns: int

    @classmethod
    def of(cls, journal: Path) -> JournalStamp:
        """The stamp of the file at that path, links not followed.

        Raises:
            OSError: it cannot be looked at.
        """
        found = journal.lstat()
        return cls(found.st_size, found.st_mtime_ns)


class HistoryIndex:
    """The runs of a folder and their figures, as the file has them, with what was added since."""

    def __init__(self, connection: sqlite3.Connection, path: Path, *, in_memory: bool) -> None:
        self._connection = connection
        self._path = path
        self._in_memory = in_memory

    @classmethod
    def open(cls, path: Path) -> HistoryIndex:
        """The index in the file `path`; an empty one where there is none that can be used."""
        connection = _opened(path)
        if connection is not None:
            return cls(connection, path, in_memory=False)
        return cls.empty(path)

    @classmethod
    def empty(cls, path: Path) -> HistoryIndex:
        """One without runs, whatever the file has."""
        connection = sqlite3.connect(":memory:")
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(f"PRAGMA user_version = {_VERSION}")
        for statement in _TABLES.values():
            connection.execute(statement)
        connection.execute("INSERT INTO bench VALUES (?)", (__version__,))
        return cls(connection, path, in_memory=True)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def stamps(self) -> dict[str, JournalStamp]:
        """The stamp that the journal of each folder had when it was read."""
        rows = self._connection.execute("SELECT folder, journal_bytes, journal_mtime_ns FROM run")
        return {os.fsdecode(folder): JournalStamp(size, mtime) for folder, size, mtime in rows}

    def runs(self) -> list[RecordedRun]:
        """The runs, in no order.

        Raises:
            UNSOUND_INDEX: the file is damaged.
        """
        found = []
        for folder, facts, crc in self._connection.execute("SELECT folder, facts, crc FROM run"):
            _check(crc, folder, facts.encode())
            found.append(RecordedRun.from_data(os.fsdecode(folder), json.loads(facts)))
        return found

    def samples(self, metrics: Collection[str]) -> dict[str, list[Sample]]:
        """The figures of these metrics, by the folder of their run.

        Raises:
            UNSOUND_INDEX: the file is damaged.
        """
        found: dict[str, list[Sample]] = {}
        for metric in metrics:
            rows = self._connection.execute(
                "SELECT folder, state, figures, crc FROM sample WHERE metric = ?", (metric,)
            )
            for folder, state, figures, crc in rows:
                _check(crc, folder, metric.encode(), state.encode(), figures)
                sample = _sample(metric, _state(state), figures)
                found.setdefault(os.fsdecode(folder), []).append(sample)
        return found

    def add(self, stamp: JournalStamp, run: RecordedRun, samples: Iterable[Sample]) -> None:
        """Add a run, in place of an earlier state of the same folder."""
        self.remove([run.folder])
        folder, facts = os.fsencode(run.folder), json.dumps(run.as_data())
        self._connection.execute(
            "INSERT INTO run VALUES (?, ?, ?, ?, ?)",
            (folder, *astuple(stamp), facts, _crc(folder, facts.encode())),
        )
        rows = []
        for sample in samples:
            state = json.dumps([sample.case, sample.cache, sample.arm])
            figures = _packed(sample)
            crc = _crc(folder, sample.metric.encode(), state.encode(), figures)
            rows.append((folder, sample.metric, state, figures, crc))
        self._connection.executemany("INSERT INTO sample VALUES (?, ?, ?, ?, ?)", rows)

    def remove(self, folders: Iterable[str]) -> None:
        """Drop the runs of these folders."""
        self._move_to_memory()
        names = [(os.fsencode(folder),) for folder in folders]
        self._connection.executemany("DELETE FROM sample WHERE folder = ?", names)
        self._connection.executemany("DELETE FROM run WHERE folder = ?", names)

    def save(self) -> None:
        """Replace the file.

        Raises:
            StoreError: the folder cannot be written to.
        """
        self._connection.commit()
        try:
            with replacing(self._path) as partial, closing(sqlite3.connect(partial)) as file:
                self._connection.backup(file)
        except sqlite3.Error as error:
            raise StoreError(str(self._path), f"cannot be written: {error}") from error

    def _move_to_memory(self) -> None:
        if self._in_memory:
            return
        copy = sqlite3.connect(":memory:")
        self._connection.backup(copy)
        self._connection.close()
        self._connection, self._in_memory = copy, True


def _opened(path: Path) -> sqlite3.Connection | None:
    """A connection to the index in the file, which is not written to; None where it is none."""
    connection = None
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST:
            return None
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        connection = sqlite3.connect(uri, uri=True)
        connection.execute("PRAGMA trusted_schema = OFF")
        if _is_own(connection):
            return connection
    except (OSError, *UNSOUND_INDEX):
        pass
    if connection is not None:
        connection.close()
    return None


def _is_own(connection: sqlite3.Connection) -> bool:
    """Whether this version of bench wrote the tables, as they are here and no others."""
    numbers = [
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("application_id", "user_version")
    ]
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    if numbers != [_APPLICATION, _VERSION] or dict(rows) != _TABLES:
        return False
    return connection.execute("SELECT version FROM bench").fetchall() == [(__version__,)]


def _packed(sample: Sample) -> bytes:
    return struct.pack(
        f"<Idd{len(sample.values)}d", sample.failed, sample.step, sample.floor, *sample.values
    )


_HEAD = struct.calcsize("<Idd")


@lru_cache(maxsize=1024)  # a folder has few, each a thousand times
def _state(text: str) -> tuple[str, str, str]:
    case, cache, arm = map(str, json.loads(text))
    return case, cache, arm


def _sample(metric: str, state: tuple[str, str, str], figures: bytes) -> Sample:
    count = (len(figures) - _HEAD) // 8
    failed, step, floor, *values = struct.unpack(f"<Idd{count}d", figures)
    if not values or not math.isfinite(sum(values) + step + floor):
        raise ValueError("a figure is missing, or not finite")
    return Sample(*state, metric, tuple(values), failed, step, floor)


def _crc(*parts: bytes) -> int:
    return zlib.crc32(b"\0".join(parts))


def _check(crc: int, *parts: bytes) -> None:
    if _crc(*parts) != crc:
        raise ValueError("the checksum does not match")

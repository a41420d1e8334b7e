"""The runs of a folder as their history takes them, from the index or from their journals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.core.errors import BenchError, StoreError, UsageError
from bench.core.paths import is_there
from bench.journal.writer import FILE_NAME
from bench.results.find import run_folders
from bench.results.history_index import INDEX_NAME, UNSOUND_INDEX, HistoryIndex, JournalStamp

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from bench.results.run_figures import RecordedRun, Sample

_SAVED_EVERY = 100
"""Runs that are read between two writes of the index, so that an interruption costs little."""

_MANY = 20
"""Runs to read from which on it is said beforehand."""


@dataclass(frozen=True)
class RecordedRuns:
    """The runs of a folder and some of their figures.

    Attributes:
        runs: in the order in which they began.
        samples: of the metrics asked for, by the folder of their run.
    """

    runs: tuple[RecordedRun, ...]
    samples: Mapping[str, Sequence[Sample]]


def read_runs(
    out: Path,
    choose: Callable[[Sequence[RecordedRun]], Collection[str]],
    tell: Callable[[str], None],
) -> RecordedRuns:
    """The runs right under `out`; those that cannot be read are named and passed over.

    Args:
        out: the folder.
        choose: gives the metrics that are wanted, once the runs are known.
        tell: takes a line for people.

    Raises:
        UsageError: there is no such folder, or no run in it.
    """
    if not is_there(out, lambda path: path.is_dir()):
        raise UsageError(str(out), "is not a folder", "`bench run` creates reports/")
    try:
        found = {folder.name: folder for folder in run_folders(out)}
    except OSError as error:
        raise UsageError(str(out), f"cannot be listed: {error.strerror}") from error
    if not found:
        is_run = (out / FILE_NAME).exists()
        remedy = "name the folder that it is in" if is_run else "`bench run` makes runs"
        cause = "is a run, and no folder of runs" if is_run else "has no run in it"
        raise UsageError(str(out), cause, remedy)
    index = HistoryIndex.open(out / INDEX_NAME)
    try:
        return _from_index(index, found, choose, tell)
    except UNSOUND_INDEX:
        index.close()
        index = HistoryIndex.empty(out / INDEX_NAME)
        return _from_index(index, found, choose, tell)
    finally:
        index.close()


def _from_index(
    index: HistoryIndex,
    found: Mapping[str, Path],
    choose: Callable[[Sequence[RecordedRun]], Collection[str]],
    tell: Callable[[str], None],
) -> RecordedRuns:
    _bring_up_to_date(index, found, tell)
    runs = sorted(index.runs(), key=lambda run: (run.at, run.folder))
    return RecordedRuns(tuple(runs), index.samples(choose(runs)))


def _bring_up_to_date(
    index: HistoryIndex, found: Mapping[str, Path], tell: Callable[[str], None]
) -> None:
    """Add what is new or has changed, and drop what is gone, and save both where that is possible.

    The stamp is taken before a journal is read: one that grows meanwhile is read again.
    """
    known = index.stamps()
    stamps = {name: _stamp(folder) for name, folder in found.items()}
    fresh = [name for name in sorted(found) if known.get(name) != stamps[name]]
    gone = [name for name in known if name not in found or name in fresh]
    if len(fresh) >= _MANY:
        tell(f"reading {len(fresh)} runs")
    unsaved = 0
    if gone:
        index.remove(gone)
        unsaved = 1
    can_save = True
    try:
        for name in fresh:
            unsaved += _read(index, stamps[name], found[name], tell)
            if unsaved >= _SAVED_EVERY and can_save:
                can_save = _save(index, tell)
                unsaved = 0
    finally:
        if unsaved and can_save:
            _save(index, tell)


def _stamp(folder: Path) -> JournalStamp:
    try:
        return JournalStamp.of(folder / FILE_NAME)
    except OSError:  # reading it says why
        return JournalStamp(-1, -1)


def _read(
    index: HistoryIndex, stamp: JournalStamp, folder: Path, tell: Callable[[str], None]
) -> bool:
    from bench.results.run import load_run  # most runs are in the index, and it takes long
    from bench.results.run_figures import record

    try:
        recorded, samples = record(load_run(folder))
    except BenchError as error:
        tell(f"{folder.name}: cannot be read: {error.cause}")
        return False
    index.add(stamp, recorded, samples)
    return True


def _save(index: HistoryIndex, tell: Callable[[str], None]) -> bool:
    try:
        index.save()
    except StoreError as error:
        tell(f"{error.subject}: {error.cause}; without it, each call reads the runs again")
        return False
    return True

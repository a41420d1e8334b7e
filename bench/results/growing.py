"""The results of a run while it is being made: what was read once is not read again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.journal.reader import UNSOUND, JournalReader, damage
from bench.journal.writer import FILE_NAME
from bench.results.run import result_of

if TYPE_CHECKING:
    from pathlib import Path

    from bench.analysis.model import TrialResult


class GrowingRun:
    """Trials of single containers, as the journal in a run's folder has them so far."""

    def __init__(self, folder: Path) -> None:
        """`folder` is the run's."""
        self._path = folder / FILE_NAME
        self._reader = JournalReader(self._path)
        self._ended: dict[str, TrialResult] = {}

    def results(self) -> list[TrialResult]:
        """Every attempt that has ended, in the order of time, as `load_run` has it.

        Raises:
            StoreError: the journal is damaged.
        """
        trials = self._reader.read().trials
        try:
            for trial_id, events in trials.items():
                if trial_id not in self._ended and events.ended is not None:
                    self._ended[trial_id] = result_of(events, events.samples())
                    events.batches, events.threads = [], []
        except UNSOUND as error:
            raise damage(self._path, "is damaged", error) from error
        return [self._ended[trial] for trial in trials if trial in self._ended]

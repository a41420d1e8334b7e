"""The engine's own stats of a container in the same time: one reading per second."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.core.errors import EngineError
from bench.runtimes.protocol import LABEL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.core.domain import TrialKey
    from bench.runtimes.protocol import Runtime
    from bench.trial.progress import Progress


@dataclass(frozen=True)
class StatsPeak:
    """The most memory that the stats of one container showed.

    Attributes:
        begun_ns: CLOCK_MONOTONIC when they began to be followed.
        memory_bytes: as `docker stats` shows it: charged memory less inactive file cache.
    """

    begun_ns: int
    memory_bytes: int


def shown_bytes(usage: Mapping[str, int]) -> int | None:
    """The memory that `docker stats` shows for a reading; None where the reading has none."""
    if "memory_usage_bytes" not in usage:
        return None
    return max(0, usage["memory_usage_bytes"] - usage.get("memory_inactive_file_bytes", 0))


class StatsBeside:
    """Follows the engine's stats of the containers of one case, and passes the progress on.

    It hears of a trial as the progress display does, so that the trial itself knows nothing of
    it. The stream ends when the container is removed.

    Attributes:
        peaks: of the containers so far.
    """

    def __init__(self, progress: Progress, runtime: Runtime, case: str) -> None:
        """Follow `case` on `runtime`; everything is told to `progress` too."""
        self._progress = progress
        self._runtime = runtime
        self._case = case
        self._is_followed = False
        self._follower: threading.Thread | None = None
        self.peaks: list[StatsPeak] = []

    def say(self, text: str) -> None:
        """Something worth a line."""
        self._progress.say(text)

    def trial_begins(self, number: int, total: int, key: TrialKey) -> None:
        """A trial begins."""
        self._is_followed = key.case == self._case
        self._progress.trial_begins(number, total, key)

    def phase_ended(self, phase: str, seconds: float) -> None:
        """A phase ended; from the start on the stats are followed."""
        if phase == "start" and self._is_followed:
            self._follower = threading.Thread(target=self._follow, name="stats", daemon=True)
            self._follower.start()
        self._progress.phase_ended(phase, seconds)

    def trial_ended(self, status: str, reason: str, startup_s: float | None) -> None:
        """A trial ended, and with it the stream."""
        if self._follower is not None:
            self._follower.join(5.0)
            self._follower = None
        self._progress.trial_ended(status, reason, startup_s)

    def _follow(self) -> None:
        begun_ns = time.monotonic_ns()
        shown: list[int] = []
        try:
            newest = self._runtime.owned(LABEL)[0]  # containers come first
            for usage in self._runtime.workload(newest.name).usages():
                value = shown_bytes(usage)
                shown += [] if value is None else [value]
        except (EngineError, IndexError):
            return  # it was gone before it could be asked about: nothing was shown
        if shown:
            self.peaks.append(StatsPeak(begun_ns, max(shown)))

"""Detection of a case whose starts fail twice in the same way, so that further trials add nothing.

Counted are starts with an open network, one container at a time, without warm-ups, as long as no
trial of the case became ready. A case that sometimes becomes ready keeps all its trials: how often
it does is what they measure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.analysis.failure_kind import failure_kind
from bench.core.domain import CALIBRATION_CASE, SIZE_ARM, TrialStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.core.domain import TrialKey

ENOUGH = 2


@dataclass(frozen=True)
class TrialOutcome:
    """How a trial ended.

    Attributes:
        trial_id: of the trial.
        status: ok, failed and so on.
        reason: why, if it is not ok.
        exit_code: of its process; None if not seen.
        was_ready: whether it had been ready.
        log_tail: the last lines of its output.
    """

    trial_id: str
    status: TrialStatus
    reason: str
    exit_code: int | None
    was_ready: bool
    log_tail: tuple[str, ...]


class FailureWatch:
    """Counts the failures of each case by their kind."""

    def __init__(self, ready: Iterable[str] = ()) -> None:
        """`ready` are cases that became ready before the run was interrupted."""
        self._ready = set(ready)
        self._seen: dict[str, dict[tuple[str, int | None], list[str]]] = {}

    def note(self, key: TrialKey, outcome: TrialOutcome) -> list[str]:
        """The trials of the case that failed like this one, which is last; empty if not counted.

        Failures of a case that has been ready once are not counted.
        """
        plain = key.network == "open" and not key.replicas and not key.warmup
        if not plain or key.case == CALIBRATION_CASE or key.arm == SIZE_ARM:
            return []
        if outcome.was_ready or outcome.status is TrialStatus.OK:
            self._ready.add(key.case)
        if outcome.status is not TrialStatus.FAILED or key.case in self._ready:
            return []
        kind = failure_kind(outcome.reason), outcome.exit_code
        same = self._seen.setdefault(key.case, {}).setdefault(kind, [])
        same.append(outcome.trial_id)
        return same

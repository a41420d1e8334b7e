"""A case whose starts fail twice in the same way: its other trials would only say it again.

What counts are starts with an open way out, one container at a time, warm-ups apart, as long as
none of the case got ready. One that gets ready now and then keeps all its trials: how often it
does is what they are for.
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
        reason: why, where it is not ok.
        exit_code: of its process; None where it was not seen.
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
        """`ready` are cases of which a trial got ready before a run was cut off."""
        self._ready = set(ready)
        self._seen: dict[str, dict[tuple[str, int | None], list[str]]] = {}

    def note(self, key: TrialKey, outcome: TrialOutcome) -> list[str]:
        """The trials of the case that failed like this one, itself last; none where it counts not.

        A case that has been ready once fails in no way that counts.
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

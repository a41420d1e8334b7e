"""The course of every trial, for any number of containers: begin, measure, remove, write."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from bench.core.capability import Capability
from bench.core.domain import TrialStatus
from bench.core.errors import BenchError, StoreError
from bench.core.interrupts import Interrupted, postponed
from bench.host.load import load_between
from bench.trial.outcome import FailedTrialError, InvalidTrialError, judge_host, outcome_of
from bench.trial.record import total_cpu_s

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.core.domain import TrialKey
    from bench.journal.facts.host import HostUse
    from bench.trial.context import TrialContext
    from bench.trial.record import TrialRecord
    from bench.trial.same_failure import TrialOutcome


class TrialProcedure(ABC):
    """One trial; its events are appended to the journal, and nothing is computed from them here."""

    def __init__(self, context: TrialContext, key: TrialKey) -> None:
        self._context = context
        self._key = key

    def run(self) -> TrialStatus:
        """Measure, remove everything, and write how it ended.

        Raises:
            Interrupted: after the clean-up.
            StoreError: the journal cannot be written; raised after the clean-up too.
        """
        context = self._context
        self._begin()
        before = context.load_now()
        interrupted: Interrupted | None = None
        try:
            self._measure()
            status, reason = TrialStatus.OK, ""
        except StoreError:
            with postponed():
                self._take_down(whole=False)
            raise
        except (BenchError, FailedTrialError, InvalidTrialError) as error:
            status, reason = outcome_of(error)
        except Interrupted as signal:
            status, reason = TrialStatus.INTERRUPTED, str(signal)
            interrupted = signal
        with postponed():
            left = self._take_down(whole=status is TrialStatus.OK)
            load = load_between(
                before,
                context.load_now(),
                total_cpu_s(self._records),
                with_engine=Capability.IMAGE in context.runtime.capabilities,
            )
            status, reason = self._settled(status, reason, load)
            if left:
                status, reason = TrialStatus.ERROR, f"{reason}; clean-up: {left}".lstrip("; ")
            status = self._end(status, reason, load)
        if interrupted:
            raise interrupted
        return status

    @property
    def ending(self) -> TrialOutcome | None:
        """How it ended, to recognise repeated failures; None if it says nothing about a case."""
        return None

    @property
    @abstractmethod
    def _records(self) -> Sequence[TrialRecord]:
        """The records of its containers."""

    @abstractmethod
    def _begin(self) -> None:
        """Write the start of the trial."""

    @abstractmethod
    def _measure(self) -> None:
        """Run all phases."""

    @abstractmethod
    def _take_down(self, *, whole: bool) -> str:
        """Remove everything that is left; returns what could not be done.

        Args:
            whole: whether every phase succeeded.
        """

    def _doubt(self) -> str:
        """Why the trial did not run in the required state; empty if it did."""
        return ""

    def _settled(self, status: TrialStatus, reason: str, load: HostUse) -> tuple[TrialStatus, str]:
        """The status after services, proofs of the cache state and host load are considered."""
        status, reason = self._context.excused(status, reason)
        if status.counts and (doubt := self._doubt()):
            status, reason = TrialStatus.INVALID, doubt
        if status is TrialStatus.OK:
            status, reason = judge_host(load, self._context.bounds)
        return status, reason

    @abstractmethod
    def _end(self, status: TrialStatus, reason: str, load: HostUse) -> TrialStatus:
        """Write how it ended; returns the status of the whole trial."""

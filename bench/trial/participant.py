"""One container among several of a trial: a replica, or a service of a stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.domain import TrialStatus
from bench.core.errors import BenchError, StoreError
from bench.trial.container import ContainerLifecycle
from bench.trial.outcome import FailedTrialError, InvalidTrialError, outcome_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.core.domain import Arm, TrialKey
    from bench.journal.facts.host import HostUse
    from bench.trial.container_network import ContainerNetwork
    from bench.trial.context import PreparedCase, TrialContext
    from bench.trial.record import TrialRecord


class Participant:
    """A container that takes its steps with others.

    Attributes:
        record: of this container alone.
        container: its life cycle.
        status: ok until a step goes wrong; then no further step is taken.
        reason: why it is not ok.
    """

    def __init__(
        self,
        context: TrialContext,
        prepared: PreparedCase,
        key: TrialKey,
        record: TrialRecord,
        network: ContainerNetwork,
        arm: Arm,
    ) -> None:
        self._context = context
        self._prepared = prepared
        self._key = key
        self.record = record
        self.container = ContainerLifecycle(context, prepared, record, arm, network)
        self.status, self.reason = TrialStatus.OK, ""

    @property
    def is_fine(self) -> bool:
        """Whether every step so far went well."""
        return self.status is TrialStatus.OK

    @property
    def seconds_to_ready(self) -> float | None:
        """From the zero of the trial to its confirming answer; None where there was none."""
        zero_ns, ready = self.record.facts.zero_ns, self.container.ready
        return (ready.at_ns - zero_ns) / 1e9 if ready and zero_ns else None

    def take(self, step: Callable[[], object]) -> None:
        """Take a step where all is well so far; one that goes wrong sets the status.

        Raises:
            StoreError: the journal cannot be written.
        """
        if not self.is_fine:
            return
        try:
            step()
        except StoreError:
            raise
        except (BenchError, FailedTrialError, InvalidTrialError) as error:
            self.status, self.reason = self._broken_off(error)

    def _broken_off(
        self, error: BenchError | FailedTrialError | InvalidTrialError
    ) -> tuple[TrialStatus, str]:
        """How it ended with `error`, and why."""
        return outcome_of(error)

    def end(self, load: HostUse, status: TrialStatus | None, reason: str) -> None:
        """Write how it ended, after everything was taken down.

        Args:
            load: of the host, while the trial lasted.
            status: of all of the trial, where that decides; None where its own does.
            reason: why.
        """
        self.record.facts.host = load
        if status is not None:
            self.status, self.reason = status, reason
        self.container.write_end(self.status, self.reason, self._key.case, self.seconds_to_ready)

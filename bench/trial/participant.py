"""One of several containers of a trial: a replica, or a service of a stack."""

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
    """A container that goes through its steps together with others.

    Attributes:
        record: of this container alone.
        container: its lifecycle.
        status: ok until a step fails; no further step is taken then.
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
        """Whether every step so far succeeded."""
        return self.status is TrialStatus.OK

    @property
    def seconds_to_ready(self) -> float | None:
        """From the zero of the trial to its confirming answer; None if there was none."""
        zero_ns, ready = self.record.facts.zero_ns, self.container.ready
        return (ready.at_ns - zero_ns) / 1e9 if ready and zero_ns else None

    def take(self, step: Callable[[], object]) -> None:
        """Run a step if all earlier ones succeeded; an error sets the status.

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
        """The status and reason of a participant that was aborted by `error`."""
        return outcome_of(error)

    def end(self, load: HostUse, status: TrialStatus | None, reason: str) -> None:
        """Write how it ended, after everything was removed.

        Args:
            load: of the host, during the trial.
            status: of the whole trial, if that decides; None if the participant's own does.
            reason: why.
        """
        self.record.facts.host = load
        if status is not None:
            self.status, self.reason = status, reason
        self.container.write_end(self.status, self.reason, self._key.case, self.seconds_to_ready)

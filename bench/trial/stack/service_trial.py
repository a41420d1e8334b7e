"""One service of a stack."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from bench.compose.model import Condition
from bench.core.domain import Arm, TrialStatus
from bench.journal.facts.stack import MemberFact, WaitFact
from bench.trial.cause.ending import job_cause
from bench.trial.outcome import FailedTrialError, outcome_of
from bench.trial.participant import Participant
from bench.trial.stack.coordinator import GivenUpError
from bench.trial.stack.environment import ServiceNetwork
from bench.trial.stack.prepared import ReadyBy

if TYPE_CHECKING:
    from typing import Any

    from bench.core.domain import TrialKey
    from bench.core.errors import BenchError
    from bench.trial.context import TrialContext
    from bench.trial.outcome import InvalidTrialError
    from bench.trial.record import TrialRecord
    from bench.trial.stack.coordinator import DependencyCoordinator
    from bench.trial.stack.environment import StackEnvironment
    from bench.trial.stack.prepared import PreparedService


class ServiceTrial(Participant):
    """One service, which takes its steps when its dependencies have come far enough.

    Attributes:
        part: the service.
        failure: its error, if it was the first to fail; otherwise None.
    """

    def __init__(
        self,
        context: TrialContext,
        part: PreparedService,
        key: TrialKey,
        record: TrialRecord,
        around: StackEnvironment,
        coordinator: DependencyCoordinator,
    ) -> None:
        """`context` reports no progress: progress is reported for the stack."""
        arm = Arm.NEED if key.arm == Arm.NEED else Arm.FIT
        network = ServiceNetwork(part, around, self._became_ready, arm)
        super().__init__(context, part.prepared, key, record, network, arm)
        self._coordinator = coordinator
        self.part = part
        around.containers[part.name] = self.container.name
        self.failure: BenchError | FailedTrialError | InvalidTrialError | None = None
        self._was_done = False
        self._is_observed = False

    def begin(self) -> None:
        """Write the start of the trial."""
        self.record.begin(self._key, self.part.name)
        waits = self.part.member.waits
        self.record.facts.member = MemberFact(
            ready_by=self.part.ready_by.value,
            restart=self.part.member.service.restart_policy,
            waits=tuple(WaitFact(wait.service, wait.condition.value) for wait in waits),
        )

    def know(self, **known: Any) -> None:
        """Record the facts known so far about it as a member of its stack."""
        member = self.record.facts.member
        assert member is not None, "it has begun"
        self.record.facts.member = dataclasses.replace(member, **known)

    def _broken_off(
        self, error: BenchError | FailedTrialError | InvalidTrialError
    ) -> tuple[TrialStatus, str]:
        """How it ended; the first failure aborts the whole stack."""
        status, reason = outcome_of(error)
        if isinstance(error, GivenUpError):
            return status, reason
        if self._coordinator.broken:  # what it was at was ended with the rest
            status, reason = TrialStatus.FAILED, f"given up: {self._coordinator.broken}"
        else:
            self.failure = error
        self._coordinator.break_up(self.part.name, reason)
        return status, reason

    def come_up(self) -> None:
        """Wait for its dependencies, start, become ready, and stay alive until all are ready."""
        clock, member = self._context.clock, self.part.member
        begun_ns = clock.monotonic_ns()
        self._coordinator.await_all(member.waits)
        waited_until_ns = clock.monotonic_ns()
        self.know(waited_ns=waited_until_ns - begun_ns)
        self.record.phase_was("wait", begun_ns, waited_until_ns)
        self.container.start()
        self.container.attached.exit.on_end(self._coordinator.wake)
        self._coordinator.note(self.part.name, Condition.STARTED)
        if self.part.ready_by is ReadyBy.STARTED:
            self.container.count_as_ready()
        else:
            self.container.await_ready(unhealthy_is_final=True)
        if not self._coordinator.await_rest(self.has_died):
            self.container.attached.note_exit()
            raise FailedTrialError(
                self.container.attached.how_it_ended("before all services were ready")
            )

    def _became_ready(self) -> None:
        by = self.part.ready_by
        done = by is ReadyBy.EXIT or (by is ReadyBy.STARTED and self._is_done())
        met = [Condition.COMPLETED] if done else []
        self._coordinator.note(self.part.name, Condition.HEALTHY, *met)
        self._coordinator.note_ready(self.part.name)

    def _is_done(self) -> bool:
        ending = self.container.attached.exit
        return ending.ended and ending.exit_code() == 0

    def is_observed(self) -> None:
        """Note that all services are ready: from now on it must not exit."""
        self._was_done = self.container.attached.exit.ended
        self._is_observed = True

    def has_died(self) -> bool:
        """Whether it exited, other than as a finished job.

        A service without a readiness source may be a job, and finish before all are ready.
        """
        ending = self.container.attached.exit
        if not ending.ended or self.part.ready_by is ReadyBy.EXIT:
            return False
        may_end = self.part.ready_by is ReadyBy.STARTED
        may_end &= self._was_done or not self._is_observed
        return not (may_end and ending.exit_code() == 0)

    def check_alive(self) -> None:
        """Check that it is running, or a finished job.

        Raises:
            FailedTrialError: it is not.
        """
        if self.has_died():
            text = self.container.attached.how_it_ended("after all services were ready")
            if self.record.facts.cause is None and self.container.attached.note_exit() == 0:
                self.record.facts.cause = job_cause(self.part.member.of)
            raise FailedTrialError(text)

"""One service of a stack: its life, its record, how it came out."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from bench.compose.model import Condition
from bench.core.domain import Arm, TrialStatus
from bench.core.errors import BenchError, StoreError
from bench.journal.facts.stack import MemberFact, WaitFact
from bench.trial.cause.ending import job_cause
from bench.trial.container import ContainerLifecycle
from bench.trial.outcome import FailedTrialError, InvalidTrialError, outcome_of
from bench.trial.stack.coordinator import GivenUpError
from bench.trial.stack.environment import ServiceNetwork
from bench.trial.stack.prepared import ReadyBy

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from bench.core.domain import TrialKey
    from bench.journal.facts.host import HostUse
    from bench.trial.context import TrialContext
    from bench.trial.record import TrialRecord
    from bench.trial.stack.coordinator import DependencyCoordinator
    from bench.trial.stack.environment import StackEnvironment
    from bench.trial.stack.prepared import PreparedService


class ServiceTrial:
    """One service, which takes its steps when those that it waits for have come far enough.

    Attributes:
        part: the service.
        record: of this service alone.
        life: its container.
        status: ok until a step goes wrong; then no further step is taken.
        reason: why it is not ok.
        failure: what went wrong with it, where it was the first; None else.
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
        """`context` is quiet: whoever watches is told of the stack."""
        self._context = context
        self._key = key
        self._coordinator = coordinator
        self.part = part
        self.record = record
        arm = Arm.NEED if key.arm == Arm.NEED else Arm.FIT
        place = ServiceNetwork(part, around, self._became_ready, arm)
        self.life = ContainerLifecycle(context, part.prepared, record, arm, place)
        around.containers[part.name] = self.life.name
        self.status, self.reason = TrialStatus.OK, ""
        self.failure: BenchError | FailedTrialError | InvalidTrialError | None = None
        self._was_done = False
        self._is_observed = False

    def begin(self) -> None:
        """The trial begins."""
        self.record.begin(self._key, self.part.name)
        waits = self.part.member.waits
        self.record.facts.member = MemberFact(
            ready_by=self.part.ready_by.value,
            restart=self.part.member.service.restart_policy,
            waits=tuple(WaitFact(one.service, one.condition.value) for one in waits),
        )

    def know(self, **known: Any) -> None:
        """Put on record what is known of it as a member of its stack by now."""
        member = self.record.facts.member
        assert member is not None, "it has begun"
        self.record.facts.member = dataclasses.replace(member, **known)

    def take(self, step: Callable[[], object]) -> None:
        """Take a step where all is well so far; one that goes wrong breaks the stack up.

        Raises:
            StoreError: the journal cannot be written.
        """
        if self.status is not TrialStatus.OK:
            return
        try:
            step()
        except StoreError:
            raise
        except GivenUpError as error:
            self.status, self.reason = TrialStatus.FAILED, str(error)
        except (BenchError, FailedTrialError, InvalidTrialError) as error:
            status, reason = outcome_of(error)
            if self._coordinator.broken:  # what it was at was ended with the rest
                status, reason = TrialStatus.FAILED, f"given up: {self._coordinator.broken}"
            else:
                self.failure = error
            self.status, self.reason = status, reason
            self._coordinator.break_up(self.part.name, reason)

    def come_up(self) -> None:
        """Wait for those before it, start, get ready, and stay alive until all are ready."""
        clock, member = self._context.clock, self.part.member
        begun_ns = clock.monotonic_ns()
        self._coordinator.await_all(member.waits)
        waited_until_ns = clock.monotonic_ns()
        self.know(waited_ns=waited_until_ns - begun_ns)
        self.record.phase_was("wait", begun_ns, waited_until_ns)
        self.life.start()
        self.life.attached.exit.on_end(self._coordinator.wake)
        self._coordinator.note(self.part.name, Condition.STARTED)
        if self.part.ready_by is ReadyBy.STARTED:
            self.life.count_as_ready()
        else:
            self.life.await_ready(unhealthy_is_final=True)
        if not self._coordinator.await_rest(self.has_died):
            self.life.attached.note_exit()
            raise FailedTrialError(
                self.life.attached.how_it_ended("before all services were ready")
            )

    def _became_ready(self) -> None:
        by = self.part.ready_by
        done = by is ReadyBy.EXIT or (by is ReadyBy.STARTED and self._is_done())
        met = [Condition.COMPLETED] if done else []
        self._coordinator.note(self.part.name, Condition.HEALTHY, *met)
        self._coordinator.note_ready(self.part.name)

    def _is_done(self) -> bool:
        ending = self.life.attached.exit
        return ending.ended and ending.exit_code() == 0

    def is_observed(self) -> None:
        """All services are ready: what goes on from now on is there to stay."""
        self._was_done = self.life.attached.exit.ended
        self._is_observed = True

    def has_died(self) -> bool:
        """Whether it ended, and not as a job that is done.

        One of which nothing says when it is ready may be a job, and be done before all are ready.
        """
        ending = self.life.attached.exit
        if not ending.ended or self.part.ready_by is ReadyBy.EXIT:
            return False
        may_end = self.part.ready_by is ReadyBy.STARTED
        may_end &= self._was_done or not self._is_observed
        return not (may_end and ending.exit_code() == 0)

    def check_alive(self) -> None:
        """It lives, or is done.

        Raises:
            FailedTrialError: it is not.
        """
        if self.has_died():
            text = self.life.attached.how_it_ended("after all services were ready")
            if self.record.facts.cause is None and self.life.attached.note_exit() == 0:
                self.record.facts.cause = job_cause(self.part.member.of)
            raise FailedTrialError(text)

    def end(self, load: HostUse, status: TrialStatus | None, reason: str) -> None:
        """Write how it ended, after everything was taken down.

        Args:
            load: of the host, while the stack was there.
            status: of all of the stack, where it is not for a service to say; else None.
            reason: why.
        """
        self.record.facts.host = load
        if status is not None:
            self.status, self.reason = status, reason
        self.life.write_end(self.status, self.reason, self._key.case, self.seconds_to_ready)

    @property
    def seconds_to_ready(self) -> float | None:
        """From the zero of the stack to its confirming answer; None where there was none."""
        zero_ns, ready = self.record.facts.zero_ns, self.life.ready
        return (ready.at_ns - zero_ns) / 1e9 if ready and zero_ns else None

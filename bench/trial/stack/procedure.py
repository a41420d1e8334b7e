"""One trial of a stack: its images pulled, its services started in the order of their dependencies.

Pulls run one after the other, so that each can be proved cold; `docker compose` overlaps them. All
containers are created before the first is started. Then each service has a thread that waits for
its dependencies, and its own lifecycle, record, cgroup and sampler. The common zero is that of the
stack: the start of the first pull, or of the creation of its networks.
"""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING

from bench.core.domain import CacheState, TrialKey, TrialStatus
from bench.core.errors import BenchError
from bench.journal.facts.stack import StackFact
from bench.runtimes.protocol import container_engine
from bench.trial.image_pull import ImagePull
from bench.trial.outcome import FailedTrialError, InvalidTrialError
from bench.trial.parallel import at_once
from bench.trial.procedure import TrialProcedure
from bench.trial.progress import OnlyLines
from bench.trial.record import TrialRecord
from bench.trial.stack.coordinator import DependencyCoordinator
from bench.trial.stack.environment import StackEnvironment
from bench.trial.stack.service_trial import ServiceTrial

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.journal.facts.host import HostUse
    from bench.trial.context import TrialContext
    from bench.trial.same_failure import TrialOutcome
    from bench.trial.stack.prepared import PreparedService, PreparedStack


class StackTrial(TrialProcedure):
    """One trial of a case that is a stack."""

    def __init__(
        self,
        context: TrialContext,
        prepared: PreparedStack,
        key: TrialKey,
        number: int,
        attempt: int,
    ) -> None:
        super().__init__(context, key)
        self._prepared = prepared = shared_out(prepared)
        self._state = CacheState(key.cache)
        self._record = TrialRecord(context, number, attempt)
        self._facts = self._record.facts
        self._coordinator = DependencyCoordinator(
            [member.name for member in prepared.parts], self._kill
        )
        self._around = StackEnvironment(
            container_engine(context.runtime), context.run_id, prepared, self._record.trial_id
        )
        self._quiet = quiet = dataclasses.replace(context, progress=OnlyLines(context.progress))
        self._members = {
            part.name: ServiceTrial(
                quiet,
                part,
                key,
                TrialRecord(quiet, number, attempt, part.name),
                self._around,
                self._coordinator,
            )
            for part in prepared.parts
        }
        self._pulls: list[ImagePull] = []

    @property
    def _records(self) -> Sequence[TrialRecord]:
        return [member.record for member in self._members.values()]

    def _begin(self) -> None:
        self._record.begin(self._key)
        for member in self._members.values():
            member.begin()
        self._facts.stack = StackFact(tuple(self._members), self._prepared.use.volumes.value)

    @property
    def ending(self) -> TrialOutcome | None:
        """How it ended; None until then."""
        return self._record.ending

    def _measure(self) -> None:
        context, prepared = self._context, self._prepared
        with self._record.phase("prepare"):
            dropped = context.keeper.establish(self._state, prepared.references, prepared.blobs)
            self._facts.page_cache_dropped = dropped
        self._note_zero(context.clock.monotonic_ns())
        if self._state.is_pulled:
            with self._record.phase("pull"):
                self._pull()
        with self._record.phase("create"):
            self._around.make()
            for member in self._members.values():
                member.container.prepare()
                member.container.create()
                member.container.arm()
        self._come_up()
        with self._record.phase("observe"):
            members = self._members.values()
            observed = prepared.case.observe
            assert observed != "exit", "a stack is observed for a time"
            for member in members if observed else ():
                member.is_observed()
            self._coordinator.await_end(
                lambda: any(member.has_died() for member in members), observed
            )
            self._each(ServiceTrial.check_alive)
        with self._record.phase("stop"):
            self._each(lambda member: member.container.stop(), backwards=True)
        with self._record.phase("remove"):
            self._each(lambda member: member.container.remove(), backwards=True)
            self._around.remove()

    def _note_zero(self, zero_ns: int) -> None:
        self._facts.zero_ns = zero_ns
        for member in self._members.values():
            member.record.facts.zero_ns = zero_ns

    def _pull(self) -> None:
        downloaded = 0
        for part, shared in self._prepared.pulls():
            member = self._members[part.name]
            pull = ImagePull(self._quiet, part.prepared, member.record, self._state, shared)
            self._pulls.append(pull)
            try:
                pull.run()
            except InvalidTrialError as error:
                raise _named(part.name, error) from error
            member.know(pulled=True)
            downloaded += member.record.facts.downloaded_bytes or 0
        self._facts.downloaded_bytes = downloaded

    def _come_up(self) -> None:
        """Start all services in dependency order; record when the last became ready."""
        members = list(self._members.values())
        begun: list[int] = []
        steps = [self._coming_up(member) for member in members]
        at_once(
            steps,
            opened=lambda: begun.append(self._context.clock.monotonic_ns()),
            cancel=self._cancel,
        )
        self._blame()
        found = [
            (member.container.ready.at_ns, member) for member in members if member.container.ready
        ]
        at_ns, last = max(found, key=lambda pair: pair[0])
        assert last.container.ready is not None, "it was found by that"
        fact = dataclasses.replace(last.container.ready, probe=last.part.name)
        self._facts.ready = fact
        self._record.phase_was("ready", begun[0], max(begun[0], at_ns), fact.resolution_ns)

    @staticmethod
    def _coming_up(member: ServiceTrial) -> Callable[[], None]:
        return lambda: member.take(member.come_up)

    def _each(self, step: Callable[[ServiceTrial], object], *, backwards: bool = False) -> None:
        """Run a step for one service after the other, and stop at the first failure."""
        members = list(self._members.values())
        for member in reversed(members) if backwards else members:
            member.take(lambda member=member: step(member))  # type: ignore[misc]
        self._blame()

    def _blame(self) -> None:
        """Return if all services are fine.

        Raises:
            FailedTrialError, InvalidTrialError, BenchError: the first failure.
        """
        for member in self._members.values():
            if member.failure is not None:
                raise _named(member.part.name, member.failure)

    def _cancel(self) -> None:
        self._coordinator.break_up("bench", "interrupted")
        self._kill()

    def _kill(self) -> None:
        """Remove the containers, so that every call that threads are waiting for returns."""
        for member in self._members.values():
            with contextlib.suppress(BenchError):  # the clean-up says what is left
                member.container.kill()

    def _take_down(self, *, whole: bool) -> str:
        """Remove what they left; volumes that only a complete trial may fill are emptied."""
        members = self._members.values()
        trouble = [left for member in members if (left := member.container.take_down())]
        trouble += [left] if (left := self._around.remove()) else []
        if self._around.found_empty and not whole:
            self._around.empty(trouble)
        return "; ".join(trouble)

    def _doubt(self) -> str:
        return next((doubt for pull in self._pulls if (doubt := pull.doubt())), "")

    def _settled(self, status: TrialStatus, reason: str, load: HostUse) -> tuple[TrialStatus, str]:
        """The status; a trial that had to fill the stack's volumes is not valid."""
        status, reason = super()._settled(status, reason, load)
        if status is TrialStatus.OK and self._around.found_empty and not self._key.warmup:
            return TrialStatus.INVALID, "its volumes were empty: this trial has filled them"
        return status, reason

    def _end(self, status: TrialStatus, reason: str, load: HostUse) -> TrialStatus:
        self._facts.host = load
        culprit = next((member for member in self._members.values() if member.failure), None)
        shared = None if status.counts else status
        for member in self._members.values():
            member.end(load, shared, reason)
        tail = culprit.container.last_words() if culprit else []
        if culprit and culprit.record.facts.cause:
            self._facts.cause = culprit.record.facts.cause
        self._record.end(status, reason, tail, self._seconds_to_ready)
        return status

    @property
    def _seconds_to_ready(self) -> float | None:
        zero_ns, ready = self._facts.zero_ns, self._facts.ready
        return (ready.at_ns - zero_ns) / 1e9 if ready and zero_ns else None


def _named(
    service: str, error: BenchError | FailedTrialError | InvalidTrialError
) -> BenchError | FailedTrialError | InvalidTrialError:
    """The same error with the name of the service."""
    if isinstance(error, BenchError):
        return error
    return type(error)(f"{service}: {error}")


def shared_out(prepared: PreparedStack) -> PreparedStack:
    """Return `prepared` as its services run side by side.

    Probes and counters are read less often the more services there are, so that the total load on
    the host stays that of one; the resolution of ready is recorded as usual.
    """
    count = len(prepared.parts)

    def part_of(part: PreparedService) -> PreparedService:
        case = part.prepared.case
        ready, sample = case.ready, case.sample
        changed = case.model_copy(
            update={
                "ready": ready.model_copy(update={"interval": ready.interval * count}),
                "sample": sample.model_copy(update={"interval": sample.interval * count}),
            }
        )
        return dataclasses.replace(part, prepared=dataclasses.replace(part.prepared, case=changed))

    return dataclasses.replace(prepared, parts=tuple(map(part_of, prepared.parts)))

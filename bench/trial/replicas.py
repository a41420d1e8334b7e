"""Several containers of a case at once: created one after the other, started at the same moment.

Each has its own lifecycle, record, cgroup and named volumes; bind mounts and services are shared.
Host ports are not published, since only one container could have each. The common zero is the
moment at which the start calls are released.
"""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING

from bench.core.domain import CacheState, TrialKey, TrialStatus
from bench.core.errors import BenchError
from bench.trial.parallel import at_once
from bench.trial.procedure import TrialProcedure
from bench.trial.progress import Silent
from bench.trial.replica import Replica
from bench.trial.spec import mount_points

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bench.journal.facts.host import HostUse
    from bench.trial.context import PreparedCase, TrialContext
    from bench.trial.record import TrialRecord

_LEAST_OBSERVED_S = 1.0
"""Shortest observation of processes, to tell which of them are active."""

_GRAVITY = (
    TrialStatus.INTERRUPTED,
    TrialStatus.ERROR,
    TrialStatus.INVALID,
    TrialStatus.FAILED,
    TrialStatus.OK,
)


class ReplicaTrial(TrialProcedure):
    """One trial of a case, with as many simultaneous containers as its key says."""

    def __init__(
        self,
        context: TrialContext,
        prepared: PreparedCase,
        key: TrialKey,
        number: int,
        attempt: int,
    ) -> None:
        super().__init__(context, key)
        self._prepared = shared_out(prepared, key.replicas)
        quiet = dataclasses.replace(context, progress=Silent())
        self._replicas = [
            Replica(
                quiet, self._prepared, dataclasses.replace(key, replica=replica), number, attempt
            )
            for replica in range(1, key.replicas + 1)
        ]

    @property
    def _records(self) -> Sequence[TrialRecord]:
        return [replica.record for replica in self._replicas]

    def _begin(self) -> None:
        for replica in self._replicas:
            replica.begin()

    def _settled(self, status: TrialStatus, reason: str, load: HostUse) -> tuple[TrialStatus, str]:
        """The status of the group; ok if each replica has its own."""
        del load  # it is judged for each
        dead = self._context.dead_service()
        if dead and TrialStatus.FAILED in (status, *(each.status for each in self._replicas)):
            return TrialStatus.ERROR, dead
        return status, reason

    def _end(self, status: TrialStatus, reason: str, load: HostUse) -> TrialStatus:
        """Write how each ended; returns the most serious status."""
        shared = None if status is TrialStatus.OK else status
        for replica in self._replicas:
            replica.end(load, shared, reason)
        worst = min(self._replicas, key=lambda replica: _GRAVITY.index(replica.status))
        self._context.progress.trial_ended(
            worst.status.value, worst.reason, self._seconds_to_ready()
        )
        return worst.status

    def _seconds_to_ready(self) -> float | None:
        """Time until the last replica was ready."""
        times = [replica.seconds_to_ready for replica in self._replicas]
        known = [seconds for seconds in times if seconds is not None]
        return max(known) if len(known) == len(times) else None

    def _measure(self) -> None:
        context, prepared = self._context, self._prepared
        with self._phase("prepare"):
            state = CacheState(self._key.cache)
            dropped = context.keeper.establish(state, [prepared.reference], prepared.blobs)
            for replica in self._replicas:
                replica.record.facts.page_cache_dropped = dropped
        with self._phase("create"):
            for replica in self._replicas:
                replica.container.prepare()
                replica.container.create()
                replica.container.arm()
        with self._phase("ready"):
            self._at_once(lambda replica: replica.start(), opened=self._note_zero)
        with self._phase("observe"):
            mounts = mount_points(prepared.case, self._image_volumes())
            self._at_once(lambda replica: replica.observe(mounts))
        with self._phase("stop"):
            self._at_once(lambda replica: replica.container.stop())
        with self._phase("restart"):
            first = self._replicas[0]
            first.take(first.restart)

    def _note_zero(self) -> None:
        zero_ns = self._context.clock.monotonic_ns()
        for replica in self._replicas:
            replica.record.facts.zero_ns = zero_ns

    def _at_once(
        self, step: Callable[[Replica], None], opened: Callable[[], None] = lambda: None
    ) -> None:
        def taking(replica: Replica) -> Callable[[], None]:
            return lambda: replica.take(lambda: step(replica))

        steps = [taking(replica) for replica in self._replicas]
        at_once(steps, opened=opened, cancel=self._kill)

    def _kill(self) -> None:
        """Remove the containers, so that every call that threads are waiting for returns."""
        for replica in self._replicas:
            with contextlib.suppress(BenchError):  # the clean-up says what is left
                replica.container.kill()

    def _image_volumes(self) -> list[str]:
        images = self._context.runtime.images
        config = images.inspect(self._prepared.reference).config if images else {}
        return list(config.get("Volumes") or {})

    @contextlib.contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        """Report how long all replicas together took for a phase."""
        start_ns = self._context.clock.monotonic_ns()
        yield
        self._context.progress.phase_ended(
            name, (self._context.clock.monotonic_ns() - start_ns) / 1e9
        )

    def _take_down(self, *, whole: bool) -> str:  # noqa: ARG002 - each leaves the same
        """Remove everything they left; returns what could not be done."""
        return "; ".join(
            left for replica in self._replicas if (left := replica.container.take_down())
        )


def shared_out(prepared: PreparedCase, replicas: int) -> PreparedCase:
    """Return `prepared` as each of `replicas` containers runs it.

    Probes and counters are read less often the more replicas there are, so that the total load on
    the host stays that of one; the resolution of ready is recorded as usual.
    """
    case = prepared.case
    observed = case.observe
    if observed != "exit":
        observed = max(observed, _LEAST_OBSERVED_S)
    changed = case.model_copy(
        update={
            "ready": case.ready.model_copy(update={"interval": case.ready.interval * replicas}),
            "sample": case.sample.model_copy(update={"interval": case.sample.interval * replicas}),
            "observe": observed,
            "ports": [],
        }
    )
    return dataclasses.replace(prepared, case=changed)

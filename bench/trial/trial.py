"""One trial: a case brought into its cache state, pulled, run, observed and removed again.

A trial only appends events to the journal. No metric is computed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.domain import Arm, CacheState, TrialStatus
from bench.trial.container import ContainerLifecycle
from bench.trial.container_network import TrialNetwork
from bench.trial.image_pull import ImagePull
from bench.trial.procedure import TrialProcedure
from bench.trial.record import TrialRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.core.domain import TrialKey
    from bench.journal.facts.host import HostUse
    from bench.trial.context import PreparedCase, TrialContext
    from bench.trial.same_failure import TrialOutcome


class Trial(TrialProcedure):
    """One trial, from its cache state to its removal."""

    def __init__(
        self,
        context: TrialContext,
        prepared: PreparedCase,
        key: TrialKey,
        number: int,
        attempt: int,
    ) -> None:
        super().__init__(context, key)
        self._prepared = prepared
        self._record = TrialRecord(context, number, attempt)
        self._facts = self._record.facts
        arm = Arm.NEED if key.arm == Arm.NEED else Arm.FIT
        network = TrialNetwork(context, prepared, key)
        is_open = key.network == "open"  # with its way cut off, a case cannot be reached by name
        self._container = ContainerLifecycle(
            context, prepared, self._record, arm, network, under_load=is_open
        )
        self._state = CacheState(key.cache)
        self._pull = ImagePull(context, prepared, self._record, self._state)

    @property
    def trial_id(self) -> str:
        """Such as `t0007`, or `t0007.1` for the second attempt."""
        return self._record.trial_id

    @property
    def ending(self) -> TrialOutcome | None:
        """How it ended; None until then."""
        return self._record.ending

    @property
    def seconds_to_ready(self) -> float | None:
        """From the trial's zero to the confirming answer; None where there was none."""
        zero_ns, ready = self._facts.zero_ns, self._container.ready
        return (ready.at_ns - zero_ns) / 1e9 if ready and zero_ns else None

    @property
    def _records(self) -> Sequence[TrialRecord]:
        return (self._record,)

    def _begin(self) -> None:
        self._record.begin(self._key)

    def _measure(self) -> None:
        context, container, prepared = self._context, self._container, self._prepared
        with self._record.phase("prepare"):
            base = prepared.base.reference if prepared.base else ""
            dropped = context.keeper.establish(
                self._state, [prepared.reference], prepared.blobs, base
            )
            self._facts.page_cache_dropped = dropped
            container.prepare()
        self._facts.zero_ns = context.clock.monotonic_ns()
        if self._state.is_pulled:
            self._pull.run()
        container.create()
        container.arm()
        container.start()
        container.await_ready()
        container.observe()
        container.stop()
        container.remove()

    def _take_down(self, *, whole: bool) -> str:  # noqa: ARG002 - one container leaves the same
        return self._container.take_down()

    def _doubt(self) -> str:
        return self._pull.doubt()

    def _end(self, status: TrialStatus, reason: str, load: HostUse) -> TrialStatus:
        self._facts.host = load
        self._container.write_end(status, reason, self._key.case, self.seconds_to_ready)
        return status

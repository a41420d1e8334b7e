"""One trial: a case brought into its cache state, pulled, run, watched and taken down again.

A trial only appends events to the journal. Nothing here computes a metric.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.capability import Capability
from bench.core.domain import Arm, CacheState, TrialStatus
from bench.core.errors import BenchError, StoreError
from bench.core.interrupts import Interrupted, postponed
from bench.host.load import load_between
from bench.trial.container import ContainerLifecycle
from bench.trial.container_network import TrialNetwork
from bench.trial.image_pull import ImagePull
from bench.trial.outcome import FailedTrialError, InvalidTrialError, judge_host, outcome_of
from bench.trial.record import TrialRecord

if TYPE_CHECKING:
    from bench.core.domain import TrialKey
    from bench.trial.context import PreparedCase, TrialContext
    from bench.trial.same_failure import Ending


class Trial:
    """One trial, from its cache state to its removal."""

    def __init__(
        self,
        context: TrialContext,
        prepared: PreparedCase,
        key: TrialKey,
        number: int,
        attempt: int,
    ) -> None:
        self._context = context
        self._prepared = prepared
        self._key = key
        self._record = TrialRecord(context, number, attempt)
        self._facts = self._record.facts
        arm = Arm.NEED if key.arm == Arm.NEED else Arm.FIT
        network = TrialNetwork(context, prepared, key)
        is_open = key.network == "open"  # with its way cut off, a case cannot be reached by name
        self._life = ContainerLifecycle(
            context, prepared, self._record, arm, network, under_load=is_open
        )
        self._state = CacheState(key.cache)
        self._pull = ImagePull(context, prepared, self._record, self._state)

    @property
    def trial_id(self) -> str:
        """Such as `t0007`, or `t0007.1` for the second attempt at it."""
        return self._record.trial_id

    @property
    def ending(self) -> Ending | None:
        """How it ended; None until then."""
        return self._record.ending

    @property
    def seconds_to_ready(self) -> float | None:
        """From the trial's zero to the confirming answer; None where there was none."""
        zero_ns, ready = self._facts.zero_ns, self._life.ready
        return (ready.at_ns - zero_ns) / 1e9 if ready and zero_ns else None

    def run(self) -> TrialStatus:
        """Measure, take everything down, and write how it ended.

        Raises:
            Interrupted: after the clean-up.
            StoreError: the journal cannot be written; after the clean-up too.
        """
        context = self._context
        self._record.begin(self._key)
        before = context.load_now()
        interrupted: Interrupted | None = None
        try:
            self._measure()
            status, reason = TrialStatus.OK, ""
        except StoreError:
            with postponed():
                self._life.take_down()
            raise
        except (BenchError, FailedTrialError, InvalidTrialError) as error:
            status, reason = outcome_of(error)
        except Interrupted as signal:
            status, reason = TrialStatus.INTERRUPTED, str(signal)
            interrupted = signal
        with postponed():
            left = self._life.take_down()
            in_container = Capability.IMAGE in context.runtime.capabilities
            used_s = self._record.cpu_s
            load = load_between(before, context.load_now(), used_s, with_engine=in_container)
            self._facts.host = load
            status, reason = context.excused(status, reason)
            if status.counts and (doubt := self._pull.doubt()):
                status, reason = TrialStatus.INVALID, doubt
            if status is TrialStatus.OK:
                status, reason = judge_host(load, context.bounds)
            if left:
                status, reason = TrialStatus.ERROR, f"{reason}; clean-up: {left}".lstrip("; ")
            self._life.write_end(status, reason, self._key.case, self.seconds_to_ready)
        if interrupted:
            raise interrupted
        return status

    def _measure(self) -> None:
        context, life, prepared = self._context, self._life, self._prepared
        with self._record.phase("prepare"):
            base = prepared.base.reference if prepared.base else ""
            dropped = context.keeper.establish(
                self._state, [prepared.reference], prepared.blobs, base
            )
            self._facts.page_cache_dropped = dropped
            life.prepare()
        self._facts.zero_ns = context.clock.monotonic_ns()
        if self._state.is_pulled:
            self._pull.run()
        life.create()
        life.arm()
        life.start()
        life.await_ready()
        life.observe()
        life.stop()
        life.remove()

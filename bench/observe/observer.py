"""The interface of all that observes a workload during a trial."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.journal.facts.trial import TrialFacts
    from bench.runtimes.workload import WorkloadState


class Observer:
    """Observes one workload, and is told of each step of its life, in this order.

    An observer implements the steps that it needs; the others do nothing. `finish` is called
    whatever happened before, and only once.
    """

    def created(self) -> None:
        """The workload exists and does not run yet: observe from now on."""

    def started(self, state: WorkloadState, sent_ns: int) -> None:
        """The start call has returned.

        Args:
            state: of the workload since then.
            sent_ns: CLOCK_MONOTONIC when the call was sent.
        """

    def ready(self, facts: TrialFacts) -> None:
        """The workload is ready; what was read at once goes into `facts`."""

    def finish(self, facts: TrialFacts) -> None:
        """Observe no longer; what was seen goes into `facts`.

        Raises:
            EngineError: the observation failed, and the trial with it.
        """

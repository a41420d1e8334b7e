"""A workload whose output and end are watched from before its start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.observe.output import ExitWatch, OutputWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bench.core.clock import Clock
    from bench.runtimes.workload import Workload, WorkloadState


class FollowedWorkload:
    """A workload that is not measured itself: a service, a load tool, a container started again.

    Attributes:
        workload: the container or process.
        output: followed from the beginning.
        exit: begins to watch once the process is known.
        sent_ns: CLOCK_MONOTONIC when the start call was sent; 0 before that.
        returned_ns: when it had returned; likewise.
    """

    def __init__(
        self,
        workload: Workload,
        clock: Clock,
        patterns: Mapping[str, int] | None = None,
        hide: Callable[[str], str] = str,
        each_line: Callable[[str], None] | None = None,
    ) -> None:
        """Attach to a workload that was created; the rest is as of `OutputWatch`."""
        self.workload = workload
        self.output = OutputWatch(workload.attach(), clock, patterns or {}, hide, each_line)
        self.exit = ExitWatch(workload, clock)
        self.sent_ns = self.returned_ns = 0
        self._clock = clock
        self.output.start()

    def start(self) -> WorkloadState:
        """Start it, and ask once for its process and its address."""
        self.sent_ns = self._clock.monotonic_ns()
        self.workload.start()
        self.returned_ns = self._clock.monotonic_ns()
        state = self.workload.state()
        self.exit.started(state, self.sent_ns)
        return state

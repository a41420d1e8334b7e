"""Observers of what a container prints and of what it tries to reach."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from bench.observe.excerpts import ExcerptSearch
from bench.observe.figures import FigureSearch
from bench.observe.observer import Observer
from bench.observe.output import OutputWatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.core.clock import Clock
    from bench.egress.watch import Watch
    from bench.journal.facts.trial import TrialFacts
    from bench.runtimes.workload import Workload, WorkloadState
    from bench.scenario.model import Case

_REST_OF_OUTPUT_S = 20.0
"""Longest search of the remaining output after the container has exited."""


class OutputObserver(Observer):
    """Follows the output, and searches it for the case's figures and excerpts.

    Attributes:
        watch: follows the output.
    """

    def __init__(
        self, workload: Workload, clock: Clock, case: Case, hide: Callable[[str], str]
    ) -> None:
        """Attach to a created container; `hide` takes secrets out of what is kept."""
        self._figures = FigureSearch(case.metrics, hide)
        self._excerpts = ExcerptSearch(case.excerpts, hide)
        searches = bool(self._figures or self._excerpts)
        self.watch = OutputWatch(
            workload.attach(),
            clock,
            case.ready.log_patterns(),
            hide,
            self._read_line if searches else None,
        )

    def created(self) -> None:
        """Follow it."""
        self.watch.start()

    def finish(self, facts: TrialFacts) -> None:
        """Record what was found, and when the first output came."""
        if facts.start_sent_ns is not None:
            self._note_findings(facts)
        self.watch.close()
        if self.watch.first_ns:
            facts.first_output_ns = self.watch.first_ns

    def _read_line(self, line: str) -> None:
        self._figures.take(line)
        self._excerpts.take(line)

    def _note_findings(self, facts: TrialFacts) -> None:
        """Record the findings of the complete output; nothing if its end was not seen."""
        if not (self._figures or self._excerpts) or not self.watch.wait_end(_REST_OF_OUTPUT_S):
            return
        if figures := (facts.figures or {}) | self._figures.facts():
            facts.figures = figures  # those of its load tool are there already
        if self._excerpts:
            facts.excerpts = self._excerpts.facts()


class EgressObserver(Observer):
    """Records the destinations that the container tried to reach."""

    def __init__(self, watch: Watch) -> None:
        """Take over `watch`, whose packet capture records already."""
        self._watch = watch

    def created(self) -> None:
        """Read what is captured."""
        self._watch.start()

    def started(self, state: WorkloadState, sent_ns: int) -> None:  # noqa: ARG002 - of every step
        """Tell the container's packets by its process and its addresses."""
        address = ipaddress.ip_address(state.address) if state.address else None
        self._watch.found(state.pid, address, state.mac)

    def finish(self, facts: TrialFacts) -> None:
        """Record the contacts of a container that was started."""
        seen = self._watch.finish(facts.start_sent_ns or 0)
        if facts.start_sent_ns is not None:
            facts.egress = seen

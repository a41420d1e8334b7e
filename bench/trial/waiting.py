"""The wait until a container is ready, and the description of one that does not become ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.capability import Capability
from bench.observe.listening import Whereabouts, whereabouts
from bench.probes.attempt import NotReadyError
from bench.probes.readiness import LONG_WAIT_S, make_readiness
from bench.probes.target import ProbeTarget
from bench.trial.observing import note_that_it_is_to_stay
from bench.trial.outcome import FailedTrialError

if TYPE_CHECKING:
    from bench.journal.facts.ready import ReadyFact
    from bench.journal.facts.trial import TrialFacts
    from bench.runtimes.workload import Workload, WorkloadState
    from bench.trial.attachments import Attachments
    from bench.trial.container_network import ContainerNetwork
    from bench.trial.context import PreparedCase, TrialContext


class ReadyWait:
    """The wait for the confirming answer of a running container."""

    def __init__(
        self,
        context: TrialContext,
        prepared: PreparedCase,
        network: ContainerNetwork,
        attached: Attachments,
        state: WorkloadState,
        facts: TrialFacts,
    ) -> None:
        """`facts` receives observations made during the wait."""
        self._context = context
        self._prepared = prepared
        self._network = network
        self._attached = attached
        self._state = state
        self._facts = facts

    def answer(self, workload: Workload, started_ns: int, *, unhealthy_is_final: bool) -> ReadyFact:
        """Wait for the confirming answer.

        Args:
            workload: the container or process.
            started_ns: when its start call returned.
            unhealthy_is_final: whether the wait ends once the engine reports it as unhealthy.

        Raises:
            FailedTrialError: it exited before, or the time-out was reached.
        """
        attached = self._attached
        target = ProbeTarget(
            workload,
            self._network.address(self._state),
            attached.output,
            attached.exit,
            self._context.clock,
            unhealthy_is_final,
            self._state.pid,
        )
        ready = self._network.patience(self._prepared.case.ready)
        readiness = make_readiness(ready, target, lambda: self._say_where_it_listens(target))
        try:
            return readiness.wait(started_ns)
        except NotReadyError as error:
            raise FailedTrialError(self._why_not(error, target)) from error
        finally:
            if readiness.port_open is not None:
                self._facts.port_open = readiness.port_open

    def _why_not(self, error: NotReadyError, target: ProbeTarget) -> str:
        text, attached = str(error), self._attached
        if attached.exit.ended:
            text = attached.how_it_ended("before it was ready")
            note_that_it_is_to_stay(attached, self._facts)
        else:
            if error.hint:
                self._facts.hint = error.hint
            if beside := self._where_it_listens(target).words:
                text = f"{text}; {beside}"
            seen_pid = self._state.pid if self._context.is_local else 0
            text = attached.how_it_hangs(text, seen_pid)
        return self._network.explained(text, ended=attached.exit.ended)

    def _say_where_it_listens(self, target: ProbeTarget) -> None:
        """Report the address it listens on, if that differs from the probed one."""
        place = self._where_it_listens(target)
        if place.is_missing and place.found:
            waited = f"{self._prepared.name} is not ready after {LONG_WAIT_S:g} s"
            self._context.progress.say(f"{waited}: {place.words}")

    def _where_it_listens(self, target: ProbeTarget) -> Whereabouts:
        """The address it listens on, which is recorded."""
        case = self._prepared.case
        in_container = Capability.IMAGE in self._context.runtime.capabilities
        place = whereabouts(case.ready, target.address, target.own_pid, in_container=in_container)
        if place.words:
            self._facts.listening = place.found
        return place

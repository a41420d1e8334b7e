"""Restarting a stopped container with its volumes and everything it wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.errors import EngineRefusedError
from bench.observe.followed import FollowedWorkload
from bench.probes.attempt import NotReadyError
from bench.probes.readiness import make_readiness
from bench.probes.target import ProbeTarget
from bench.trial.cause.refusal import image_cause
from bench.trial.outcome import FailedTrialError

if TYPE_CHECKING:
    from bench.runtimes.workload import Workload
    from bench.trial.context import PreparedCase, TrialContext
    from bench.trial.record import TrialRecord


def start_again(
    context: TrialContext, prepared: PreparedCase, workload: Workload, record: TrialRecord
) -> None:
    """Start it and wait until it is ready, as phase `restart`; it is left running.

    Raises:
        FailedTrialError: it did not become ready again.
    """
    ready, clock = prepared.case.ready, context.clock
    again = FollowedWorkload(workload, clock, ready.log_patterns())
    try:
        state = again.start()
        target = ProbeTarget(
            workload, state.address, again.output, again.exit, clock, pid=state.pid
        )
        fact = make_readiness(ready, target).wait(again.returned_ns)
    except EngineRefusedError as error:
        found = image_cause(workload, context.runtime.info.architecture, error)
        if found is None:
            raise
        record.facts.cause = found
        raise FailedTrialError(f"could not be started again: {found.words}") from error
    except NotReadyError as error:
        how = f"it exited with code {again.exit.exit_code()}" if again.exit.ended else str(error)
        raise FailedTrialError(f"started again after its stop, {how}") from error
    finally:
        again.output.close()
    end_ns = max(again.returned_ns, fact.at_ns)
    record.phase_was("restart", again.sent_ns, end_ns, fact.resolution_ns)

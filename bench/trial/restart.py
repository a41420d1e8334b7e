"""Starting a container again that was stopped, with its volumes and all that it wrote."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from bench.errors import EngineRefusedError
from bench.trial.blame import FailedTrialError
from bench.trial.cause.refusal import image_cause
from bench.trial.probes.attempt import NotReadyError
from bench.trial.probes.make import ProbeTarget
from bench.trial.readiness import make_readiness
from bench.trial.watch import ExitWatch, OutputWatch

if TYPE_CHECKING:
    from bench.trial.laboratory import Laboratory, Subject
    from bench.trial.record import TrialRecord


def start_again(lab: Laboratory, subject: Subject, container_id: str, record: TrialRecord) -> None:
    """Start it and wait until it is ready, which is the phase `restart`; it is left running.

    Raises:
        FailedTrialError: it did not get ready again.
    """
    ready, clock = subject.case.ready, lab.clock
    ending = ExitWatch(lab.engine, container_id, clock)
    output = OutputWatch(lab.engine.attach(container_id), clock, ready.log_patterns())
    output.start()
    try:
        start_ns = clock.monotonic_ns()
        lab.engine.start(container_id)
        started_ns = clock.monotonic_ns()
        state = lab.engine.state(container_id)
        ending.start(state.pid, start_ns)
        target = ProbeTarget(
            lab.engine, container_id, state.address, output, ending, clock, pid=state.pid
        )
        fact = make_readiness(ready, target).wait(started_ns)
    except EngineRefusedError as error:
        found = image_cause(lab.engine, container_id, error)
        if found is None:
            raise
        record.facts["cause"] = dataclasses.asdict(found)
        raise FailedTrialError(f"could not be started again: {found.words}") from error
    except NotReadyError as error:
        how = f"it exited with code {ending.exit_code()}" if ending.ended else str(error)
        raise FailedTrialError(f"started again after its stop, {how}") from error
    finally:
        output.close()
    record.phase_was("restart", start_ns, max(started_ns, fact.at_ns), fact.resolution_ns)

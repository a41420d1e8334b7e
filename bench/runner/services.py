"""The services of a scenario: run beside the cases, reachable by name, and not measured.

They run on the building engine. Its bridge is routed to the measuring engine's, and none of its
layers can speed up a cold pull of a case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.errors import EngineError, EngineRefusedError
from bench.core.interrupts import postponed
from bench.observe.followed import FollowedWorkload
from bench.observe.listening import whereabouts
from bench.probes.attempt import NotReadyError
from bench.probes.readiness import make_readiness
from bench.probes.target import ProbeTarget
from bench.runtimes.protocol import LABEL, container_engine
from bench.trial.cause.refusal import image_cause
from bench.trial.redactor import redactor
from bench.trial.spec import container_spec, named_volumes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bench.core.clock import Clock
    from bench.observe.output import ExitWatch, OutputWatch
    from bench.runtimes.protocol import Runtime
    from bench.runtimes.workload import Workload
    from bench.scenario.model import SupportingService


class RunningServices:
    """Starts services one after the other, and removes them all.

    Attributes:
        workloads: ids of the created workloads.
        addresses: of the ready services, by name.
    """

    def __init__(
        self,
        runtime: Runtime,
        clock: Clock,
        run_id: str,
        folder: Path,
        say: Callable[[str], None],
    ) -> None:
        self._runtime = runtime
        self._clock = clock
        self._run_id = run_id
        self._folder = folder
        self._say = say
        self.workloads: list[Workload] = []
        self._volumes: list[str] = []
        self._outputs: list[OutputWatch] = []
        self.addresses: dict[str, str] = {}
        self._lasting: dict[str, ExitWatch] = {}

    def start(
        self, services: Mapping[str, SupportingService], references: Mapping[str, str]
    ) -> None:
        """Start each service and wait until it is ready; later ones reach earlier ones by name.

        Raises:
            EngineError: a service cannot be started or does not become ready.
        """
        for name, service in services.items():
            self._say(f"starting service {name}")
            self._start(name, service, references[name])

    def _start(self, name: str, service: SupportingService, reference: str) -> None:
        engine = container_engine(self._runtime)
        container = f"cbench-{self._run_id}-service-{name}"
        for volume in named_volumes(service, container):
            engine.volumes.create(volume, {LABEL: self._run_id})
            self._volumes.append(volume)
        spec = container_spec(
            service,
            image=reference,
            name=container,
            folder=self._folder,
            labels={LABEL: self._run_id},
            extra_hosts=dict(self.addresses),
            keep_healthcheck=service.ready.uses("healthcheck"),
        )
        with postponed():  # an engine goes on with a call that is cut off
            workload = engine.create(spec)
            self.workloads.append(workload)
        hide = redactor(service, self._folder)
        running = FollowedWorkload(workload, self._clock, service.ready.log_patterns(), hide)
        self._outputs.append(running.output)
        try:
            state = running.start()
        except EngineRefusedError as error:
            found = image_cause(workload, engine.info.architecture, error)
            if found is None:
                raise
            raise EngineError(
                f"service {name}", f"could not be started: {found.words}", found.remedy
            ) from error
        output, watch = running.output, running.exit
        target = ProbeTarget(workload, state.address, output, watch, self._clock, pid=state.pid)
        try:
            make_readiness(service.ready, target).wait(running.returned_ns)
        except NotReadyError as error:
            where = whereabouts(service.ready, state.address, target.own_pid).words
            said = "\n    ".join([f"{error}; {where}" if where else str(error), *output.tail(8)])
            raise EngineError(f"service {name}", said, "the cases were not run") from error
        self.addresses[name] = state.address
        if not service.ready.is_an_end:
            self._lasting[name] = watch

    def dead(self) -> str:
        """The service that exited and should not have, and how; empty if there is none."""
        for name, watch in self._lasting.items():
            if watch.ended:
                return f"service {name} has ended, with code {watch.exit_code()}"
        return ""

    def stop(self) -> None:
        """Remove them."""
        for output in self._outputs:
            output.close()
        for workload in reversed(self.workloads):
            workload.remove()
        for volume in self._volumes:
            container_engine(self._runtime).volumes.remove(volume)

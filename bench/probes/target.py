"""The running container that probes ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.core.capability import Capability
from bench.observe.listening import has_read
from bench.probes.dial import Endpoint

if TYPE_CHECKING:
    from bench.core.clock import Clock
    from bench.observe.output import ExitWatch, OutputWatch
    from bench.runtimes.workload import Workload
    from bench.scenario.probes import EndpointSpec


@dataclass(frozen=True)
class ProbeTarget:
    """Everything that a probe may need of a running container.

    Attributes:
        workload: the container or process.
        unhealthy_is_final: whether it is given up once the engine calls it unhealthy, as Compose
            does, or may still get healthy.
        pid: its main process as the engine knows it; 0 where that is not known.
    """

    workload: Workload
    address: str
    output: OutputWatch
    exit: ExitWatch
    clock: Clock
    unhealthy_is_final: bool = False
    pid: int = 0

    @property
    def own_pid(self) -> int:
        """Its main process where that is one of this host; else 0."""
        return self.pid if Capability.LOCAL in self.workload.capabilities else 0

    def endpoint(self, spec: EndpointSpec) -> Endpoint:
        """Where a probe connects to."""
        port = spec.port if isinstance(spec.port, int) else 0
        return Endpoint(self.address, port, spec.socket or "", self.own_pid)

    def has_read(self, spec: EndpointSpec, local_port: int) -> bool:
        """Whether what listens there has read all that was sent from `local_port`."""
        port = spec.port if isinstance(spec.port, int) else 0
        return bool(self.own_pid) and has_read(self.own_pid, port, local_port)

"""The probe that a scenario names, for one container."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.core.capability import Capability
from bench.core.errors import EngineError
from bench.observe.listening import has_read
from bench.probes.command import ExecProbe
from bench.probes.dial import Endpoint
from bench.probes.ending import ExitProbe
from bench.probes.grpc import GrpcProbe
from bench.probes.health import HealthProbe
from bench.probes.http import HttpProbe
from bench.probes.log import LogProbe
from bench.probes.tcp import TcpProbe

if TYPE_CHECKING:
    from bench.core.clock import Clock
    from bench.observe.output import ExitWatch, OutputWatch
    from bench.probes.attempt import Probe
    from bench.runtimes.workload import Workload
    from bench.scenario.probes import ProbeChoice


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

    def has_read(self, port: int, local_port: int) -> bool:
        """Whether what listens on `port` has read all that was sent from `local_port`."""
        return bool(self.own_pid) and has_read(self.own_pid, port, local_port)


def make_probe(choice: ProbeChoice, target: ProbeTarget) -> Probe:
    """The probe that a scenario names, for one container.

    Raises:
        EngineError: the engine makes no health checks, and this one waits for them.
    """
    if (endpoint := choice.endpoint) is not None:
        port = endpoint.port if isinstance(endpoint.port, int) else 0
        place = Endpoint(target.address, port, endpoint.socket or "", target.own_pid)

        def is_read(local_port: int) -> bool:
            return target.has_read(port, local_port)

        if choice.http is not None:
            return HttpProbe(choice.http, place, target.clock, is_read)
        if choice.grpc is not None:
            return GrpcProbe(choice.grpc, place, target.clock, is_read)
        return TcpProbe(place, target.clock)
    if choice.log is not None:
        return LogProbe(choice.log, target.output, target.exit, target.clock)
    if choice.exec is not None:
        command = choice.exec.command
        words = ["/bin/sh", "-c", command] if isinstance(command, str) else command
        return ExecProbe(words, target.workload, target.clock)
    if choice.healthcheck:
        impossible = target.workload.capabilities.why_not(Capability.HEALTH_CHECKS)
        if impossible:
            raise EngineError("healthcheck", impossible)
        return HealthProbe(target.workload, target.clock, is_final=target.unhealthy_is_final)
    assert choice.exit, f"nothing asks for {choice.chosen()}"
    return ExitProbe(target.exit, target.clock)

"""The network of a trial's container: open or cut off, and the watch on what it tries to reach."""

from __future__ import annotations

import dataclasses
import ipaddress
import socket
from typing import TYPE_CHECKING, Protocol

from bench.core.capability import Capability
from bench.core.units import format_seconds
from bench.egress.cut import DNS_STAND_IN, CutNetwork
from bench.egress.ledger import Ledger
from bench.egress.watch import NO_NETWORK, NoWatch, Watch, watch_open
from bench.journal.facts.contacts import WayOut
from bench.runtimes.protocol import LABEL, container_engine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.core.domain import TrialKey
    from bench.runtimes.specs import WorkloadSpec
    from bench.runtimes.workload import WorkloadState
    from bench.scenario.allow import Address, Network
    from bench.scenario.probes import Ready
    from bench.trial.context import PreparedCase, TrialContext

CUT_PATIENCE_S = 15.0
"""Time allowed beyond the slowest start with an open network: a resolver that gets no answer gives
up after 10 s, and the program may then start without one."""

_CUT_WORDS = {
    WayOut.REFUSED: "connections are refused",
    WayOut.SILENT: "packets are dropped",
}


def way_out(key: TrialKey) -> WayOut:
    """How a trial's network treats packets; cut trials alternate between refused and silent."""
    if key.network == "open":
        return WayOut.OPEN
    return WayOut.SILENT if key.round % 2 else WayOut.REFUSED


class ContainerNetwork(Protocol):
    """The network of one container, as `ContainerLifecycle` uses it."""

    def prepare(self, container: str) -> None:
        """Create the network that the container of this name will join."""
        ...

    def joined(self, spec: WorkloadSpec) -> WorkloadSpec:
        """Return `spec` with the container attached to this network."""
        ...

    def watch(self) -> Watch:
        """Start capturing the container's outgoing packets."""
        ...

    def address(self, state: WorkloadState) -> str:
        """Return the address at which probes reach the container."""
        ...

    def patience(self, ready: Ready) -> Ready:
        """Return `ready` with the time-out that suits this network."""
        ...

    def was_ready(self, seconds: float) -> None:
        """Note how long after the return of the start call the container became ready."""
        ...

    def explained(self, reason: str, *, ended: bool) -> str:
        """Add to `reason`, why the container did not become ready, the state of the network."""
        ...

    def remove(self) -> None:
        """Remove what `prepare` made."""
        ...


class TrialNetwork:
    """The network of one container for the duration of a trial."""

    def __init__(self, context: TrialContext, prepared: PreparedCase, key: TrialKey) -> None:
        """Nothing is made before `prepare`."""
        self._context = context
        self._prepared = prepared
        self._key = key
        self._way_out = way_out(key)
        self._mode = prepared.case.network_mode
        self._hosts = {name.lower(): address for name, address in prepared.extra_hosts.items()}
        self._cut: CutNetwork | None = None

    def prepare(self, container: str) -> None:
        """Create the cut network that the container of this name will join, if it is cut off.

        Raises:
            EngineError, HostError: it cannot be created.
        """
        if self._way_out is WayOut.OPEN or self._mode == "none":
            return
        reachable = self._reachable()
        self._cut = CutNetwork(container_engine(self._context.runtime), self._way_out)
        labels = {LABEL: self._context.run_id}
        self._cut.make(f"{container}-network", labels, self._hosts, reachable)

    def _reachable(self) -> list[Network]:
        """Networks that the scenario allows; names are resolved and added to `_hosts`."""
        networks = []
        for allowed in self._context.allow:
            if allowed.network is not None:
                networks.append(allowed.network)
            elif allowed.name is not None:
                address = self._hosts.get(allowed.name) or _resolved(allowed.name)
                if address:
                    self._hosts[allowed.name] = address
                    networks.append(ipaddress.ip_network(address))
        return networks

    def joined(self, spec: WorkloadSpec) -> WorkloadSpec:
        """Return `spec`, attached to the cut network's holder container if there is one.

        Host names and ports belong to the holder then, and no ports are published: probes
        connect to the container itself.
        """
        if self._cut is None or self._cut.holder is None:
            return spec
        return dataclasses.replace(
            spec, network_mode=f"container:{self._cut.holder.id}", extra_hosts={}, ports=()
        )

    def watch(self) -> Watch:
        """Start capturing packets; the container exists and is not running yet."""
        if self._mode == "none":
            return NoWatch(NO_NETWORK, observed=True, way_out=self._way_out)
        names = _names(self._hosts)
        if self._cut is not None:
            return self._cut.watch(Ledger(self._context.allow, names, stand_in=DNS_STAND_IN))
        is_exclusive = Capability.EXCLUSIVE_STORE in self._context.runtime.capabilities
        alone = is_exclusive and self._key.replicas == 0
        ledger = Ledger(self._context.allow, names)
        return watch_open(self._context.runtime.info, self._mode, ledger, alone=alone)

    def address(self, state: WorkloadState) -> str:
        """Return the address at which probes reach the container."""
        return self._cut.address if self._cut else state.address

    def patience(self, ready: Ready) -> Ready:
        """Return `ready`, its time-out shortened if the network is cut off."""
        slowest_s = self._context.slowest_ready_s.get(self._prepared.name)
        if self._way_out is WayOut.OPEN or slowest_s is None:
            return ready
        return ready.model_copy(
            update={"timeout": min(ready.timeout, round(slowest_s + CUT_PATIENCE_S, 1))}
        )

    def was_ready(self, seconds: float) -> None:
        """Note the time from the return of the start call to ready, if the network was open."""
        if self._way_out is WayOut.OPEN:
            slowest = self._context.slowest_ready_s
            slowest[self._prepared.name] = max(seconds, slowest.get(self._prepared.name, 0.0))

    def explained(self, reason: str, *, ended: bool) -> str:
        """Add to `reason`, why the container did not become ready, the state of the network.

        Args:
            reason: as found without regard to the network.
            ended: whether the container exited; otherwise the time-out was reached.
        """
        if self._way_out is WayOut.OPEN:
            return reason
        slowest_s = self._context.slowest_ready_s.get(self._prepared.name)
        beside = ""
        if not ended and slowest_s is not None:
            beside = f"; with the network open it took at most {format_seconds(slowest_s)}"
        return f"{reason} (network cut off: {_CUT_WORDS[self._way_out]}{beside})"

    def remove(self) -> None:
        """Remove what `prepare` made."""
        if self._cut is not None:
            self._cut.remove()


def _names(hosts: Mapping[str, str]) -> dict[Address, list[str]]:
    names: dict[Address, list[str]] = {}
    for name, address in hosts.items():
        names.setdefault(ipaddress.ip_address(address), []).append(name)
    return names


def _resolved(name: str) -> str:
    """The IPv4 address that this host resolves `name` to; empty if it cannot."""
    try:
        found = socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_STREAM)
    except OSError:
        return ""
    return str(found[0][4][0])

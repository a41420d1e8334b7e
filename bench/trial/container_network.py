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
"""How much longer than its slowest open start a cut container is waited for: a resolver that gets
no answer gives up after 10 s, and a program may well start without one."""


def way_out(key: TrialKey) -> WayOut:
    """What becomes of a trial's packets; of two cut trials in a row one is refused, one is not."""
    if key.network == "open":
        return WayOut.OPEN
    return WayOut.SILENT if key.round % 2 else WayOut.REFUSED


class ContainerNetwork(Protocol):
    """What the life of a container asks of its network."""

    def prepare(self, container: str) -> None:
        """Make what a container of this name will join."""
        ...

    def joined(self, spec: WorkloadSpec) -> WorkloadSpec:
        """`spec`, in its network."""
        ...

    def watch(self) -> Watch:
        """What listens to the container from now on."""
        ...

    def address(self, state: WorkloadState) -> str:
        """Where probes reach the container."""
        ...

    def patience(self, ready: Ready) -> Ready:
        """`ready`, waited for no longer than makes sense."""
        ...

    def was_ready(self, seconds: float) -> None:
        """It was ready so long after the return of the start call."""
        ...

    def explained(self, reason: str, *, ended: bool) -> str:
        """Why it did not get ready, with what the network had to do with it."""
        ...

    def remove(self) -> None:
        """Remove what `prepare` made."""
        ...


class TrialNetwork:
    """The network of one container, for the time of a trial."""

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
        """Make the cut network that a container of this name will join; an open one is there.

        Raises:
            EngineError, HostError: it cannot be made.
        """
        if self._way_out is WayOut.OPEN or self._mode == "none":
            return
        reachable = self._reachable()
        self._cut = CutNetwork(container_engine(self._context.runtime), self._way_out)
        labels = {LABEL: self._context.run_id}
        self._cut.make(f"{container}-network", labels, self._hosts, reachable)

    def _reachable(self) -> list[Network]:
        """What the scenario declares, as far as it has an address; names get one in `_hosts`."""
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
        """`spec`, in the cut network where there is one; what goes with a network is the holder's.

        Its ports are not published then: probes go to the container itself.
        """
        if self._cut is None or self._cut.holder is None:
            return spec
        return dataclasses.replace(
            spec, network_mode=f"container:{self._cut.holder.id}", extra_hosts={}, ports=()
        )

    def watch(self) -> Watch:
        """What listens from now on; the container is there and does not run."""
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
        """Where probes reach the container."""
        return self._cut.address if self._cut else state.address

    def patience(self, ready: Ready) -> Ready:
        """`ready`, waited for no longer than makes sense with the network cut off."""
        slowest_s = self._context.slowest_ready_s.get(self._prepared.name)
        if self._way_out is WayOut.OPEN or slowest_s is None:
            return ready
        return ready.model_copy(
            update={"timeout": min(ready.timeout, round(slowest_s + CUT_PATIENCE_S, 1))}
        )

    def was_ready(self, seconds: float) -> None:
        """An open start of this case took so long from the return of the start call."""
        if self._way_out is WayOut.OPEN:
            slowest = self._context.slowest_ready_s
            slowest[self._prepared.name] = max(seconds, slowest.get(self._prepared.name, 0.0))

    def explained(self, reason: str, *, ended: bool) -> str:
        """Why it did not get ready, with what the network had to do with it.

        Args:
            reason: without that.
            ended: whether it ended; else time was up.
        """
        if self._way_out is WayOut.OPEN:
            return reason
        slowest_s = self._context.slowest_ready_s.get(self._prepared.name)
        beside = ""
        if not ended and slowest_s is not None:
            beside = f"; open, it took at most {format_seconds(slowest_s)}"
        return f"{reason} (way out {self._way_out}{beside})"

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
    """The address that this host knows `name` by; empty where it knows none."""
    try:
        found = socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_STREAM)
    except OSError:
        return ""
    return str(found[0][4][0])

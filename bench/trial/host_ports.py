"""Ports that probes ask at this host's own address: free before the start, or no probe is worth it.

A container has an address of its own. A plain process and a container in the host's network have
not: whatever else listens on the port would answer in their place, and sooner.
"""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

from bench.core.errors import HostError
from bench.observe.listening import asked_ports
from bench.runtimes.process.runtime import ADDRESS

if TYPE_CHECKING:
    from bench.scenario.model import Case

_PATIENCE_S = 0.2


def check_free(case: Case) -> None:
    """Ask each port that the probes of `case` will ask, where that is one of this host.

    Raises:
        HostError: something listens there already.
    """
    if case.network_mode != "host":
        return
    for port in set(asked_ports(case.ready)):
        with contextlib.suppress(OSError):
            socket.create_connection((ADDRESS, port), _PATIENCE_S).close()
            raise HostError(
                f"port {port}",
                "is taken on this host before the case has started: its probe would be answered by "
                "another program",
                "end what listens there, or let the case listen elsewhere",
            )

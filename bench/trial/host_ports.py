"""Check that ports which probes connect to on this host are free before the start.

A container has its own address. A plain process and a container in the host's network do not: any
other program that listens on the port would answer the probe in their place.
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
    """Check every host port that the probes of `case` connect to.

    Raises:
        HostError: a program already listens there.
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

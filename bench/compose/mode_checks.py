"""Settings of a service that do not go with the namespaces that it shares, or that it lacks.

What an engine refuses is in its `validateNetMode`
(https://github.com/moby/moby/blob/master/runconfig/hostconfig_unix.go).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bench.yamldoc.suggest import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.compose.model import Service
    from bench.compose.places import Places
    from bench.core.errors import Diagnostic

HAS_NO_PORTS = ("host", "none")
"""Network modes with which an engine publishes nothing, and says so in a warning alone."""

_OF_A_NETWORK = ("ports", "hostname", "mac_address", "dns", "extra_hosts")
"""Keys that a container on the network of another cannot have."""


def check_modes(service: Service, at: Places) -> Iterator[Diagnostic]:
    """Every such fault in `service`, whose keys stand `at` these places."""
    mode = service.network_mode or ""
    for key in _OF_A_NETWORK if ":" in mode else ():
        if getattr(service, key):
            fault = f"`{key}` of a service on the network of another"
            yield at.key(key).diagnostic(fault, "write it at the other service")
    if service.networks and mode:
        fault = "`networks` and `network_mode` together"
        yield at.key("network_mode").diagnostic(fault, "keep one of them")
    if mode == "host" and service.mac_address:
        fault = "`mac_address` of a service on the network of the host"
        yield at.key("mac_address").diagnostic(fault, "leave it out")
    if service.uts == "host" and service.hostname:
        fault = "`hostname` and `uts: host` together, which no engine takes"
        yield at.key("hostname").diagnostic(fault, "keep one of them")
    targets = [one.partition(":")[0].rstrip("/") for one in service.tmpfs]
    targets += [one.target for one in service.volumes]
    targets += [one.path("/run/secrets") for one in service.secrets]
    targets += [one.path("/") for one in service.configs]
    twice = [target for target, count in Counter(targets).items() if count > 1]
    for target in twice:
        number = next((i for i, one in enumerate(service.volumes) if one.target == target), None)
        place = at.key("tmpfs") if number is None else at.key("volumes", number)
        yield place.diagnostic(f"two mounts at {shown(target)}", "keep one of them")

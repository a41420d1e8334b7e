"""Settings of a service that do not go with the namespaces that it shares, or that it lacks.

What an engine refuses is in its `validateNetMode`
(https://github.com/moby/moby/blob/master/runconfig/hostconfig_unix.go).
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from bench.yamldoc.suggest import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bench.compose.model import Service
    from bench.compose.places import Places
    from bench.core.errors import Diagnostic
    from bench.yamldoc.source import Place

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
    yield from mounted_twice(_mounts(service, at))


def _mounts(service: Service, at: Places) -> Iterator[tuple[str, Place]]:
    """Where something is mounted, and where that is written; the clearest places come last."""
    for use in service.secrets:
        yield use.path("/run/secrets"), at.key("secrets")
    for use in service.configs:
        yield use.path("/"), at.key("configs")
    for mount in service.tmpfs:
        yield mount.partition(":")[0], at.key("tmpfs")
    for number, volume in enumerate(service.volumes):
        yield volume.target, at.key("volumes", number)


def mounted_twice(mounts: Iterable[tuple[str, Place]]) -> Iterator[Diagnostic]:
    """A fault for each mount at the path of one before it, of which an engine takes one."""
    seen: set[str] = set()
    for target, place in mounts:
        path = posixpath.normpath(target)
        if path in seen:
            yield place.diagnostic(f"two mounts at {shown(path)}", "keep one of them")
        seen.add(path)

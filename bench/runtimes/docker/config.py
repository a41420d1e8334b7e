"""Translation of a WorkloadSpec into the Docker API's create call."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bench.core.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.runtimes.specs import WorkloadSpec

_QUOTA_PERIOD_US = 100_000
_LOG_LIMITS = {"max-size": "16m", "max-file": "2"}  # a flood of output must not fill the disk
_GPU_CAPABILITIES = [["gpu"]]
_PORT = re.compile(
    r"(?:(?P<ip>\d+(?:\.\d+){3}|\[[0-9A-Fa-f:]+\]):)?"
    r"(?:(?P<host>\d+(?:-\d+)?)?:)?(?P<container>\d+(?:-\d+)?)(?:/(?P<protocol>tcp|udp|sctp))?"
)


def container_config(spec: WorkloadSpec) -> dict[str, Any]:
    """The body of POST /containers/create for `spec`.

    CPU limits are written as a quota over a 100 ms period, which every engine accepts; with
    NanoCPUs the engine would refuse more cores than the host has. The swap limit equals the
    memory limit, so that nothing is swapped.
    """
    first, host = next(iter(spec.networks), None), _host_config(spec)
    config: dict[str, Any] = {
        "Image": spec.image,
        "Labels": dict(spec.labels),
        "Env": [f"{name}={value}" for name, value in spec.environment.items()],
        "ExposedPorts": {port: {} for port in host["PortBindings"]},
        "HostConfig": host,
        "AttachStdout": True,
        "AttachStderr": True,
    }
    optional: dict[str, Any] = {
        "Cmd": None if spec.command is None else list(spec.command),
        "Entrypoint": None if spec.entrypoint is None else list(spec.entrypoint),
        "User": spec.user,
        "WorkingDir": spec.working_dir,
        "StopSignal": spec.stop_signal,
        "Healthcheck": None if spec.healthcheck is None else dict(spec.healthcheck),
        "Hostname": spec.hostname,
        "NetworkingConfig": None
        if first is None
        else {"EndpointsConfig": {first: endpoint(spec, first)}},
    }
    config |= {key: value for key, value in optional.items() if value is not None}
    return _with_options(config, spec.options)


def _host_config(spec: WorkloadSpec) -> dict[str, Any]:
    first = next(iter(spec.networks), None)
    host: dict[str, Any] = {
        "NetworkMode": first or spec.network_mode,
        "ExtraHosts": [f"{name}:{address}" for name, address in spec.extra_hosts.items()],
        "Binds": list(spec.binds),
        "Tmpfs": dict(spec.tmpfs),
        "ReadonlyRootfs": spec.read_only,
        "Init": spec.init,
        "CapAdd": list(spec.cap_add),
        "CapDrop": list(spec.cap_drop),
        "SecurityOpt": list(spec.security_opt),
        "GroupAdd": list(spec.group_add),
        "Sysctls": dict(spec.sysctls),
        "Ulimits": [
            {"Name": name, "Soft": soft, "Hard": hard} for name, soft, hard in spec.ulimits
        ],
        "PortBindings": _port_bindings(spec.ports),
        "BlkioDeviceReadBps": [{"Path": path, "Rate": rate} for path, rate in spec.read_bps],
        "BlkioDeviceWriteBps": [{"Path": path, "Rate": rate} for path, rate in spec.write_bps],
        "DeviceRequests": _device_requests(spec),
        "LogConfig": {"Type": "json-file", "Config": _LOG_LIMITS},
    }
    optional: dict[str, Any] = {
        "Dns": list(spec.dns) or None,
        "DnsSearch": list(spec.dns_search) or None,
        "IpcMode": spec.ipc,
        "ShmSize": spec.shm_bytes,
        "CpusetCpus": spec.cpuset,
        "Memory": spec.memory_bytes,
        "MemorySwap": spec.memory_bytes,
        "MemoryReservation": spec.memory_reservation_bytes,
        "PidsLimit": spec.pids,
        "BlkioWeight": spec.blkio_weight,
        "CgroupParent": spec.cgroup_parent or None,
    }
    host |= {key: value for key, value in optional.items() if value is not None}
    if spec.cpus is not None:
        host |= {"CpuPeriod": _QUOTA_PERIOD_US, "CpuQuota": round(spec.cpus * _QUOTA_PERIOD_US)}
    return host


def endpoint(spec: WorkloadSpec, network: str) -> dict[str, Any]:
    """How the container joins one of its networks."""
    return {"Aliases": list(spec.networks[network]), **spec.endpoints.get(network, {})}


def _with_options(config: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """`config` merged with `options`: lists are concatenated, mappings merged."""
    result = dict(config)
    for key, value in options.items():
        below = result.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            result[key] = _with_options(below, value)
        elif isinstance(value, list) and isinstance(below, list):
            result[key] = [*below, *value]
        else:
            result[key] = value
    return result


def _port_bindings(ports: tuple[str, ...]) -> dict[str, list[dict[str, str]]]:
    """Compose's short port syntax (`8080`, `80:8080`, `127.0.0.1:80-82:8080-8082/udp`)."""
    bindings: dict[str, list[dict[str, str]]] = {}
    for text in ports:
        match = _PORT.fullmatch(text)
        if match is None:
            raise EngineError(f"port {text}", "is not a port to publish", 'write it as "8080:80"')
        containers = _ports_of(match["container"])
        hosts = [match["host"] or ""] * len(containers)
        if len(containers) > 1 and match["host"]:
            hosts = [str(port) for port in _ports_of(match["host"])]
        if len(hosts) != len(containers):
            raise EngineError(f"port {text}", "the two ranges differ in length")
        for host, container in zip(hosts, containers, strict=True):
            binding = {"HostPort": host}
            if match["ip"]:
                binding["HostIp"] = match["ip"].strip("[]")
            key = f"{container}/{match['protocol'] or 'tcp'}"
            found = bindings.setdefault(key, [])
            found += [binding] if binding not in found else []
    return bindings


def _ports_of(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def _device_requests(spec: WorkloadSpec) -> list[dict[str, Any]]:
    requests = [dict(request) for request in spec.device_requests]
    if spec.gpus is not None:
        count = -1 if spec.gpus == "all" else int(spec.gpus)
        requests.append({"Driver": "", "Count": count, "Capabilities": _GPU_CAPABILITIES})
    return requests

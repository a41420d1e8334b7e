"""A service of a stack as a case of a scenario, so that it can be made and measured like one.

Its place among the others (networks, volumes, files) is not in the case. It is added when the stack
is run (`bench.trial.stack.environment`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.compose.container_keys import Healthcheck, Limits
from bench.scenario.model import Case

if TYPE_CHECKING:
    from bench.compose.build import ComposeBuild
    from bench.compose.deploy import Device
    from bench.compose.model import Service
    from bench.compose.stack import ComposeService
    from bench.scenario.probes import Ready


SHARED_NETWORK = "shared"
"""In the place of a network mode: the network is that of another container of the stack."""


def as_case(member: ComposeService, outer: Case, ready: Ready) -> Case:
    """The case that `member` is.

    Args:
        member: the service.
        outer: the case of the stack, which says how the counters are read.
        ready: what decides that it is ready.
    """
    service = member.service
    tree: dict[str, Any] = {
        "platform": service.platform,
        "command": service.command,
        "entrypoint": service.entrypoint,
        "environment": dict(member.environment),
        "ports": [port.text for port in service.ports],
        "tmpfs": [*service.tmpfs, *_tmpfs(member)],
        "read_only": service.read_only,
        "init": service.init,
        "user": service.user,
        "working_dir": service.working_dir,
        "network_mode": _own(service.network_mode),
        "stop_signal": service.stop_signal,
        "cap_add": service.cap_add,
        "cap_drop": service.cap_drop,
        "security_opt": service.security_opt,
        "group_add": service.group_add,
        "sysctls": service.sysctls,
        "ipc": _own(service.ipc),
        "cpuset": service.cpuset,
        "ulimits": {key: ulimit.model_dump() for key, ulimit in service.ulimits.items()},
        "deploy": _deploy(service),
    }
    if service.build is not None:
        tree["build"] = _build(service.build, member)
    else:
        tree["image"] = service.image
    given = {key: value for key, value in tree.items() if value not in (None, [], {})}
    if service.entrypoint is not None:
        given["entrypoint"] = service.entrypoint  # an empty one clears that of the image
    case = Case.model_validate({**given, "ready": ready})
    return case.model_copy(
        update={
            "healthcheck": _healthcheck(service),
            "shm_size": service.shm_size or None,
            "stop_grace_period": service.stop_grace_period,
            "limits": _limits(service),
            "sample": outer.sample,
            "observe": outer.observe,
            **({"network_mode": SHARED_NETWORK} if _is_shared(service.network_mode) else {}),
        }
    )


def _is_shared(mode: str | None) -> bool:
    return mode is not None and ":" in mode


def _own(mode: str | None) -> str | None:
    """A mode without another container; the modes with one are set when the stack is run."""
    return None if _is_shared(mode) else mode


def _build(build: ComposeBuild, member: ComposeService) -> dict[str, Any]:
    tree: dict[str, Any] = {
        "context": build.context,
        "target": build.target,
        "args": build.args,
        "dockerfile_inline": build.dockerfile_inline,
        "additional_contexts": build.additional_contexts,
        "secrets": list(member.build_secrets),
        "ssh": [f"{name}={path}" if path else name for name, path in build.ssh.items()],
        "cache_from": build.cache_from,
        "cache_to": build.cache_to,
        "platforms": build.platforms,
        "no_cache": build.no_cache,
        "pull": build.pull,
        "network": build.network,
        "labels": build.labels,
    }
    if build.dockerfile_inline is None:
        tree["dockerfile"] = build.dockerfile or "Dockerfile"
    return {key: setting for key, setting in tree.items() if setting not in (None, [], {}, False)}


def _limits(service: Service) -> Limits:
    limits = service.limits
    return Limits.model_construct(cpus=limits.cpus, memory=limits.memory, pids=limits.pids)


def _healthcheck(service: Service) -> Healthcheck | None:
    check = service.healthcheck
    if check is None:
        return None
    return Healthcheck.model_construct(**{**check.__dict__, "disable": check.is_off})


def _tmpfs(member: ComposeService) -> list[str]:
    found = []
    for mount in member.mounts:
        if mount.type == "tmpfs":
            size, mode = mount.tmpfs.size, mount.tmpfs.mode
            options = [f"size={size}"] if size else []
            options += [f"mode={mode:o}"] if mode is not None else []
            found.append(mount.target + (f":{','.join(options)}" if options else ""))
    return found


def _deploy(service: Service) -> dict[str, Any]:
    reservations = service.deploy.resources.reservations
    devices = [_device(device) for device in reservations.devices]
    devices += [_device(device) for device in service.gpus]
    memory = reservations.memory or service.mem_reservation
    reserved: dict[str, Any] = {"devices": devices} if devices else {}
    if memory:
        reserved["memory"] = f"{memory}b"
    return {"resources": {"reservations": reserved}} if reserved else {}


def _device(device: Device) -> dict[str, Any]:
    capabilities = device.capabilities or ["gpu"]
    given = {"driver": device.driver, "count": device.count, "device_ids": device.device_ids}
    return {"capabilities": capabilities} | {k: v for k, v in given.items() if v is not None}

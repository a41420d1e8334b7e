"""Translation of a case of a scenario into a container that an engine can create."""

from __future__ import annotations

import dataclasses
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.core.domain import Arm
from bench.core.errors import UsageError
from bench.runtimes.specs import WorkloadSpec
from bench.yamldoc.env_file import read_env_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bench.compose.container_keys import Container, Healthcheck
    from bench.scenario.plain_process import PlainProcess
    from bench.yamldoc.values import Command


def container_spec(
    container: Container,
    *,
    image: str,
    name: str,
    folder: Path,
    labels: Mapping[str, str],
    arm: Arm = Arm.FIT,
    extra_hosts: Mapping[str, str] | None = None,
    keep_healthcheck: bool = False,
    cgroup_parent: str = "",
) -> WorkloadSpec:
    """Return the specification of a container for `container`.

    Args:
        container: the case or service.
        image: the reference that the engine has.
        name: of the container; named volumes are prefixed with it.
        folder: base of relative paths.
        labels: mark it as bench's.
        arm: the need arm omits the limits of memory and CPU.
        extra_hosts: addresses of the services by name.
        keep_healthcheck: whether the image's own health check may run. Each of its probes is
            charged to the container, so it is disabled if no probe waits for it.
        cgroup_parent: parent cgroup.
    """
    limits = container.effective_limits
    capped = arm is Arm.FIT
    reservations = container.deploy.resources.reservations
    reserved = reservations.memory if reservations and capped else None
    if reserved and limits.memory:  # `bench right-size` tries limits below what is reserved
        reserved = min(reserved, limits.memory)
    return WorkloadSpec(
        image=image,
        name=name,
        labels=labels,
        command=_words(container.command),
        entrypoint=_words(container.entrypoint),
        environment=read_env_files([folder / file for file in container.env_file])
        | container.environment,
        ports=tuple(str(port) for port in container.ports),
        binds=tuple(_bind(volume, name, folder) for volume in container.volumes),
        tmpfs=dict(_tmpfs(mount) for mount in container.tmpfs),
        shm_bytes=container.shm_size,
        read_only=container.read_only,
        init=container.init,
        user=container.user,
        working_dir=container.working_dir,
        network_mode=container.network_mode,
        extra_hosts=extra_hosts or {},
        healthcheck=healthcheck_config(container.healthcheck, keep=keep_healthcheck),
        stop_signal=container.stop_signal,
        cap_add=tuple(container.cap_add),
        cap_drop=tuple(container.cap_drop),
        security_opt=tuple(container.security_opt),
        group_add=tuple(container.group_add),
        sysctls=container.sysctls,
        ipc=container.ipc,
        cpus=limits.cpus if capped else None,
        cpuset=container.cpuset if capped else None,
        memory_bytes=limits.memory if capped else None,
        memory_reservation_bytes=reserved,
        pids=limits.pids,
        ulimits=tuple((key, limit.soft, limit.hard) for key, limit in container.ulimits.items()),
        blkio_weight=container.blkio_config.weight if capped else None,
        read_bps=_rates(container.blkio_config.device_read_bps) if capped else (),
        write_bps=_rates(container.blkio_config.device_write_bps) if capped else (),
        gpus=container.gpus,
        device_requests=tuple(_device_request(device) for device in reservations.devices)
        if reservations
        else (),
        cgroup_parent=cgroup_parent,
    )


def process_spec(spec: WorkloadSpec, process: PlainProcess, folder: Path) -> WorkloadSpec:
    """Return the specification of a plain process, derived from the equivalent container."""
    return dataclasses.replace(
        spec,
        command=split_words(process.command),
        working_dir=str((folder / process.working_dir).resolve()),
    )


def named_volumes(container: Container, name: str) -> list[str]:
    """The engine's names of the named volumes that `container` needs."""
    return [
        f"{name}-{source}"
        for source in (volume.split(":")[0] for volume in container.volumes if ":" in volume)
        if not source.startswith((".", "/", "~"))
    ]


def mount_points(container: Container, image_volumes: Iterable[str] = ()) -> list[str]:
    """Mount points of `container`'s volumes and in-memory file systems, the image's included."""
    volumes = [volume.split(":") for volume in container.volumes]
    return [
        *(parts[1] if len(parts) > 1 else parts[0] for parts in volumes),
        *(_tmpfs(mount)[0] for mount in container.tmpfs),
        *image_volumes,
    ]


def _words(command: Command | None) -> tuple[str, ...] | None:
    return None if command is None else split_words(command)


def split_words(command: Command) -> tuple[str, ...]:
    """The words of a command; a command written as text is split as Compose does, without a shell.

    Raises:
        UsageError: a quote is not closed.
    """
    if isinstance(command, list):
        return tuple(command)
    try:
        return tuple(shlex.split(command))
    except ValueError as error:
        raise UsageError(
            f"command {command!r}",
            f"cannot be split into words: {error}",
            "close the quote, or write the words as a list",
        ) from error


def _bind(volume: str, name: str, folder: Path) -> str:
    source, separator, rest = volume.partition(":")
    if not separator:
        return volume
    if source.startswith((".", "~")):
        return f"{(folder / Path(source).expanduser()).resolve()}:{rest}"
    return volume if source.startswith("/") else f"{name}-{volume}"


def _tmpfs(text: str) -> tuple[str, str]:
    path, _, options = text.partition(":")
    return path, options


def _rates(rates: list[Any]) -> tuple[tuple[str, int], ...]:
    return tuple((rate.path, rate.rate) for rate in rates)


def _device_request(device: Any) -> dict[str, Any]:
    request: dict[str, Any] = {
        "Driver": device.driver or "",
        "Capabilities": [device.capabilities],
    }
    if device.device_ids:
        request["DeviceIDs"] = device.device_ids
    else:
        request["Count"] = -1 if device.count in (None, "all") else device.count
    return request


def healthcheck_config(healthcheck: Healthcheck | None, *, keep: bool) -> dict[str, Any] | None:
    """The check in the engine's form; None keeps the image's own, if allowed (`keep`)."""
    if not keep or (healthcheck and healthcheck.disable):
        return {"Test": ["NONE"]}
    if healthcheck is None:
        return None
    test = healthcheck.test
    config: dict[str, Any] = {}
    if test is not None:
        config["Test"] = ["CMD-SHELL", test] if isinstance(test, str) else test
    times = {
        "Interval": healthcheck.interval,
        "Timeout": healthcheck.timeout,
        "StartPeriod": healthcheck.start_period,
        "StartInterval": healthcheck.start_interval,
    }
    config |= {key: round(value * 1e9) for key, value in times.items() if value is not None}
    if healthcheck.retries is not None:
        config["Retries"] = healthcheck.retries
    return config

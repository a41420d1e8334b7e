"""A stack as bench reads it, and as `docker compose config` prints it, in one form to compare."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from bench.compose.networks import NetworkUse
from bench.core.units import parse_compose_bytes, parse_duration_s

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from bench.compose.networks import Port
    from bench.compose.stack import ComposeService, Stack

LISTS = ("cap_add", "cap_drop", "device_cgroup_rules", "dns", "dns_opt", "dns_search", "group_add",
         "security_opt", "tmpfs", "volumes_from")  # fmt: skip
TEXTS = ("cgroup", "container_name", "cpuset", "domainname", "hostname", "ipc", "mac_address",
         "network_mode", "pid", "platform", "runtime", "stop_signal", "user", "userns_mode", "uts",
         "working_dir")  # fmt: skip
FLAGS = ("init", "oom_kill_disable", "read_only")
NUMBERS = ("cpu_shares", "oom_score_adj")


def of_bench(stack: Stack) -> dict[str, Any]:
    """The services of `stack`, by name."""
    return {one.of: _of_member(one) for one in stack.members}


def _of_member(member: ComposeService) -> dict[str, Any]:
    service = member.service
    limits, reserved = service.limits, service.deploy.resources.reservations
    found: dict[str, Any] = {
        "image": None if service.build else service.image,
        "command": _words(service.command),
        "entrypoint": _words(service.entrypoint),
        "environment": dict(member.environment),
        "labels": dict(member.labels),
        "depends_on": {name: one.condition.value for name, one in service.depends_on.items()},
        "ports": _ports(service.ports),
        "volumes": sorted(
            (
                one.type,
                one.source or "",
                one.target,
                one.read_only,
                one.volume.nocopy,
                one.bind.propagation or "",
                one.bind.selinux or "",
                one.tmpfs.size or 0,
                one.tmpfs.mode or 0,
            )
            for one in member.mounts
        ),
        "files": sorted(
            (one.source, one.target or "", one.mode or 0)
            for one in (*service.configs, *service.secrets)
        ),
        "networks": {
            name: (sorted(use.aliases), use.ipv4_address or "", use.ipv6_address or "")
            for name, use in (service.networks or {"default": NetworkUse()}).items()
        }
        if service.network_mode is None
        else {},
        "limits": (limits.cpus or 0, limits.memory or 0, limits.pids or 0),
        "reserved": reserved.memory or service.mem_reservation or 0,
        "gpus": sorted(
            (
                _count(one.count, one.device_ids),
                one.driver or "",
                sorted(one.capabilities),
                one.device_ids or [],
            )
            for one in reserved.devices
        ),
        "devices": sorted(
            (one.source, one.target or one.source, one.permissions) for one in service.devices
        ),
        "extra_hosts": sorted(
            f"{name}={one}" for name, all_ in service.extra_hosts.items() for one in all_
        ),
        "ulimits": {name: (one.soft, one.hard) for name, one in service.ulimits.items()},
        "sysctls": dict(service.sysctls),
        "shm_size": service.shm_size or 0,
        "stop_grace_period": service.stop_grace_period,
        "scale": service.replicas,
        "build": None,
        "healthcheck": None,
        **{key: list(getattr(service, key)) for key in LISTS},
        **{key: getattr(service, key) or "" for key in TEXTS},
        **{key: getattr(service, key) for key in FLAGS},
        **{key: getattr(service, key) or 0 for key in NUMBERS},
    }
    if build := service.build:
        found["build"] = {
            "context": build.context,
            "dockerfile": build.dockerfile or ("" if build.dockerfile_inline else "Dockerfile"),
            "inline": build.dockerfile_inline or "",
            "args": build.args,
            "target": build.target or "",
            "contexts": build.additional_contexts,
            "secrets": sorted(one.id for one in build.secrets),
            "ssh": sorted(build.ssh),
            "cache_from": build.cache_from,
            "cache_to": build.cache_to,
            "platforms": build.platforms,
            "no_cache": build.no_cache,
            "pull": build.pull,
            "network": build.network or "",
            "labels": build.labels,
        }
    if check := service.healthcheck:
        test = ["CMD-SHELL", check.test] if isinstance(check.test, str) else check.test
        found["healthcheck"] = (
            ["NONE"] if check.is_off else test or [], check.interval or 0, check.timeout or 0,
            check.retries or 0, check.start_period or 0, check.start_interval or 0,
        )  # fmt: skip
    return found


def of_compose(document: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """The services of what `docker compose config --format json` printed, by name."""
    services = _unescaped(document)["services"]
    found = {name: _of_config(one, environ) for name, one in services.items()}
    return {name: one for name, one in found.items() if one["scale"]}


def _of_config(one: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    deploy = one.get("deploy") or {}
    resources = deploy.get("resources") or {}
    limits, reserved = resources.get("limits") or {}, resources.get("reservations") or {}
    networks = {} if one.get("network_mode") else one.get("networks") or {"default": None}
    quota = one.get("cpu_quota") or 0
    cpus = float(limits.get("cpus") or one.get("cpus") or 0)
    found: dict[str, Any] = {
        "image": None if one.get("build") else one.get("image"),
        "command": one.get("command"),
        "entrypoint": one.get("entrypoint"),
        "environment": {
            key: value for key, value in (one.get("environment") or {}).items() if value is not None
        },
        "labels": one.get("labels") or {},
        "depends_on": {key: of["condition"] for key, of in (one.get("depends_on") or {}).items()},
        "ports": sorted(
            (str(port["target"]), str(port.get("published") or ""), port.get("host_ip") or "",
             port.get("protocol") or "tcp")
            for port in one.get("ports") or ()
        ),
        "volumes": sorted(map(_mount, one.get("volumes") or ())),
        "files": sorted(
            (use["source"], _target(use), _mode(use.get("mode")))
            for use in (*(one.get("configs") or ()), *(one.get("secrets") or ()))
        ),
        "networks": {
            name: (
                sorted((use or {}).get("aliases") or ()),
                (use or {}).get("ipv4_address") or "",
                (use or {}).get("ipv6_address") or "",
            )
            for name, use in networks.items()
        },
        "limits": (
            cpus or (quota / (one.get("cpu_period") or 100_000) if quota > 0 else 0),
            _bytes(limits.get("memory") or one.get("mem_limit")),
            max(0, int(limits.get("pids") or one.get("pids_limit") or 0)),
        ),
        "reserved": _bytes(reserved.get("memory") or one.get("mem_reservation")),
        "gpus": sorted(
            (_count(of.get("count"), of.get("device_ids")), of.get("driver") or "",
             sorted(of.get("capabilities") or ()), of.get("device_ids") or [])
            for of in reserved.get("devices") or ()
        ),
        "devices": sorted(
            (of["source"], of.get("target") or of["source"], of.get("permissions") or "rwm")
            for of in one.get("devices") or ()
        ),
        "extra_hosts": sorted(one.get("extra_hosts") or ()),
        "ulimits": {
            name: (of, of) if isinstance(of, int) else (of["soft"], of["hard"])
            for name, of in (one.get("ulimits") or {}).items()
        },
        "sysctls": one.get("sysctls") or {},
        "shm_size": _bytes(one.get("shm_size")),
        "stop_grace_period": _seconds(one.get("stop_grace_period"), 10.0),
        "scale": one.get("scale", deploy.get("replicas", 1)),
        "build": None,
        "healthcheck": None,
        **{key: [item for item in one.get(key) or () if item] for key in LISTS},
        **{key: one.get(key) or "" for key in TEXTS},
        **{key: bool(one.get(key)) for key in FLAGS},
        **{key: one.get(key) or 0 for key in NUMBERS},
    }  # fmt: skip
    if build := one.get("build"):
        found["build"] = {
            "context": build["context"],
            "dockerfile": build.get("dockerfile")
            or ("" if build.get("dockerfile_inline") else "Dockerfile"),
            "inline": build.get("dockerfile_inline") or "",
            "args": {
                key: environ[key] if of is None else of
                for key, of in (build.get("args") or {}).items()
                if of is not None or key in environ
            },
            "target": build.get("target") or "",
            "contexts": build.get("additional_contexts") or {},
            "secrets": sorted(
                of.get("target") or of["source"] for of in build.get("secrets") or ()
            ),
            "ssh": sorted(of.partition("=")[0] for of in build.get("ssh") or ()),
            "cache_from": build.get("cache_from") or [],
            "cache_to": build.get("cache_to") or [],
            "platforms": build.get("platforms") or [],
            "no_cache": bool(build.get("no_cache")),
            "pull": bool(build.get("pull")),
            "network": build.get("network") or "",
            "labels": build.get("labels") or {},
        }
    if (check := one.get("healthcheck")) is not None:
        test = check.get("test") or []
        off = check.get("disable") or test == ["NONE"]
        found["healthcheck"] = (
            ["NONE"] if off else test, _seconds(check.get("interval")),
            _seconds(check.get("timeout")), check.get("retries") or 0,
            _seconds(check.get("start_period")), _seconds(check.get("start_interval")),
        )  # fmt: skip
    return found


def _unescaped(value: Any) -> Any:
    """What is printed has each dollar sign twice, so that it can be read again."""
    if isinstance(value, dict):
        return {key: _unescaped(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_unescaped(one) for one in value]
    return value.replace("$$", "$") if isinstance(value, str) else value


def _words(command: str | list[str] | None) -> list[str] | None:
    return shlex.split(command) if isinstance(command, str) else command


def _ports(ports: Iterable[Port]) -> list[tuple[str, str, str, str]]:
    found = set()
    for one in ports:
        inside = _range(one.target)
        outside = [one.published or ""] * len(inside)
        if len(inside) > 1 and one.published:
            outside = _range(one.published)
        for target, published in zip(inside, outside, strict=True):
            found.add((target, published, one.host_ip or "", one.protocol))
    return sorted(found)


def _range(text: str) -> list[str]:
    first, _, last = text.partition("-")
    return [str(one) for one in range(int(first), int(last or first) + 1)]


def _mount(one: Mapping[str, Any]) -> tuple[object, ...]:
    bind, volume, tmpfs = (one.get(key) or {} for key in ("bind", "volume", "tmpfs"))
    return (one["type"], one.get("source") or "", one["target"], bool(one.get("read_only")),
            bool(volume.get("nocopy")), bind.get("propagation") or "", bind.get("selinux") or "",
            _bytes(tmpfs.get("size")), _mode(tmpfs.get("mode")))  # fmt: skip


def _target(use: Mapping[str, Any]) -> str:
    target = str(use.get("target") or "")
    return "" if target == f"/run/secrets/{use['source']}" else target


def _mode(value: object) -> int:
    return int(value, 8) if isinstance(value, str) else int(str(value or 0))


def _bytes(value: object) -> int:
    text = str(value or 0)
    return int(text) if text.isdecimal() else parse_compose_bytes(text)


def _seconds(value: object, default: float = 0) -> float:
    return parse_duration_s(str(value)) if value else default


def _count(value: object, ids: object) -> str:
    return "all" if value == -1 or (value is None and not ids) else str(value)


def folder_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write `files` into `folder`."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

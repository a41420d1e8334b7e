"""What a Compose file must get right beyond the form of each value: names, files, combinations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.compose.engine_checks import too_little
from bench.compose.model import Condition
from bench.core.errors import ScenarioError
from bench.core.paths import is_there
from bench.yamldoc.env_file import read_env_files
from bench.yamldoc.nodes import locate
from bench.yamldoc.suggest import did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from bench.compose.model import ComposeFile, FileSource, Service
    from bench.core.errors import Diagnostic
    from bench.yamldoc.nodes import Map
    from bench.yamldoc.source import Place


def check_names(root: Map, file: ComposeFile, incomplete: Collection[str]) -> Iterator[Diagnostic]:
    """Every name in `file` that leads nowhere, and what does not go together.

    Services that are `incomplete` lack what they extend.
    """
    for name, service in file.services.items():
        at = _Places(root, name)
        if service.image is None and service.build is None and name not in incomplete:
            yield at.key().diagnostic(f"`{name}` has neither `image` nor `build`", "write one")
        if service.replicas > 1 and service.container_name:
            fault = f"one `container_name` for {service.replicas} containers"
            yield at.key("container_name").diagnostic(fault, "leave it out")
        if service.replicas > 1:
            numbered = {f"{name}-{one}" for one in range(1, service.replicas + 1)}
            for other in sorted(numbered & file.services.keys()):
                fault = f"a container of `{name}` and the service `{other}` have one name"
                yield _Places(root, other).key().diagnostic(fault, "call one of them otherwise")
        if len({service.scale, service.deploy.replicas} - {None}) > 1:
            fault = "`scale` and `deploy.replicas` differ"
            yield at.key("scale").diagnostic(fault, "keep one of them")
        if service.networks and service.network_mode:
            fault = "`networks` and `network_mode` together"
            yield at.key("network_mode").diagnostic(fault, "keep one of them")
        yield from _twice(service, at)
        yield from _shared(name, service, file, at)
        yield from _too_little(service, at)
        for other, wait in service.depends_on.items():
            if other == name:
                fault = f"`{name}` waits for itself"
                yield at.key("depends_on", other).diagnostic(fault, "leave it out")
            elif other not in file.services and wait.required:
                suggestion = did_you_mean(other, file.services)
                fault = f"there is no service {shown(other)} to wait for"
                yield at.key("depends_on", other).diagnostic(fault, suggestion)
            elif other in file.services:
                yield from _cannot_be_healthy(file.services[other], wait.condition, at, other)
        known = {
            "networks": (service.networks or {}, {*file.networks, "default"}),
            "configs": ([one.source for one in service.configs], file.configs),
            "secrets": ([one.source for one in service.secrets], file.secrets),
            "volumes": (
                [one.source for one in service.volumes if one.type == "volume" and one.source],
                file.volumes,
            ),
        }
        if service.build:
            ids = [one.source for one in service.build.secrets]
            yield from _undeclared("secrets", ids, file.secrets, at.inside("build"))
            for one in set(ids) & {key for key, of in file.secrets.items() if of.content}:
                fault = f"the build's secret `{one}` stands in the file itself"
                advice = "give it as `file` or `environment`"
                yield at.key("build", "secrets").diagnostic(fault, advice)
        for kind, (used, declared) in known.items():
            yield from _undeclared(kind, used, declared, at)


def _twice(service: Service, at: _Places) -> Iterator[Diagnostic]:
    """Limits that stand there in two ways, and differ."""
    given = service.deploy.resources.limits
    for key, short, long in (
        ("cpus", service.cpus, given.cpus),
        ("mem_limit", service.mem_limit, given.memory),
        ("pids_limit", service.pids_limit, given.pids),
    ):
        if short and long and short != long:  # 0 is no limit
            fault = f"`{key}` and `deploy.resources.limits` differ"
            yield at.key(key).diagnostic(fault, "keep one of them")


def _shared(name: str, service: Service, file: ComposeFile, at: _Places) -> Iterator[Diagnostic]:
    """What it has of other containers that are not there, or that it cannot have."""
    containers = {one.container_name for one in file.services.values()}
    for key in ("network_mode", "ipc", "pid"):
        kind, colon, named = (getattr(service, key) or "").partition(":")
        if colon and kind == "container" and named not in containers:
            fault = f"no service of this file has the `container_name` {shown(named)}"
            yield at.key(key).diagnostic(fault, "make it a service, and write service:NAME")
    for one in service.volumes_from:
        kind, _, named = one.partition(":")
        if kind == "container" and named.partition(":")[0] not in containers:
            fault = f"no service of this file has the `container_name` {shown(named)}"
            yield at.key("volumes_from").diagnostic(fault, "make it a service, and write its name")
    if service.ports and (service.network_mode or "").partition(":")[1]:
        fault = "`ports` of a service on the network of another"
        yield at.key("ports").diagnostic(fault, "publish them at the other service")
    for link in service.links:
        other, _, alias = link.partition(":")
        taken = {one for one in file.services if one != other} | {
            that.partition(":")[2]
            for one in file.services.values()
            for that in one.links
            if that.partition(":")[0] != other
        }
        if alias and alias in taken:
            fault = f"`{name}` calls `{other}` {shown(alias)}, which is another's name here"
            yield at.key("links").diagnostic(fault, "use another alias")


def _too_little(service: Service, at: _Places) -> Iterator[Diagnostic]:
    """Limits that no engine would set."""
    given = service.deploy.resources.limits
    long = ("deploy", "resources", "limits")
    for path, memory, cpus in (
        (("mem_limit",), service.mem_limit, None),
        (("cpus",), None, service.cpus),
        ((*long, "memory"), given.memory, None),
        ((*long, "cpus"), None, given.cpus),
    ):
        yield from too_little(at.key(*path), memory, cpus)


def _cannot_be_healthy(
    other: Service, condition: Condition, at: _Places, name: str
) -> Iterator[Diagnostic]:
    off = other.healthcheck is not None and other.healthcheck.is_off
    if condition is Condition.HEALTHY and off:
        fault = f"this waits for the health check of `{name}`, which is switched off"
        yield at.key("depends_on", name).diagnostic(fault, "wait for `service_started`")


def _undeclared(
    kind: str, used: Collection[str], declared: Collection[str], at: _Places
) -> Iterator[Diagnostic]:
    for one in used:
        if one not in declared:
            fault = f"`{one}` does not stand in the file's `{kind}`"
            hint = did_you_mean(one, declared) or f"write `{kind}: {{{one}: …}}` at the top level"
            yield at.key(kind, one).diagnostic(fault, hint)


def check_files(root: Map, file: ComposeFile, environ: Mapping[str, str]) -> Iterator[Diagnostic]:
    """Every file that a service needs and that is not there, or cannot be used."""
    for name, service in file.services.items():
        at = _Places(root, name)
        yield from _build_files(service, at.inside("build"))
        for label_file in service.label_file:
            if not is_there(label_file, Path.is_file):
                fault = f"there is no file {label_file}"
                yield at.key("label_file").diagnostic(fault, "make it")
        for env_file in service.env_file:
            path = Path(env_file.path)
            if is_there(path, Path.is_file):
                try:
                    read_env_files([path], environ, raw=env_file.format == "raw")
                except ScenarioError as error:
                    yield from error.diagnostics
            elif env_file.required:
                fault = f"there is no file {env_file.path}"
                yield at.key("env_file").diagnostic(fault, "make it, or write `required: false`")
        for mount in service.volumes:
            source = mount.source if mount.type == "bind" else None
            if source and not mount.bind.create_host_path and not is_there(source):
                fault = f"there is no {source}, and `create_host_path` is false"
                yield at.key("volumes").diagnostic(fault, "make it before the run")
        of_build = service.build.secrets if service.build else []
        used = [("configs", one.source) for one in service.configs]
        used += [("secrets", one.source) for one in service.secrets]
        used += [("secrets", one.source) for one in of_build]
        for kind, key in used:
            sources: Mapping[str, FileSource] = getattr(file, kind)
            of, place = sources[key], locate(root, (kind, key))[0]
            if of.file and not is_there(of.file):
                yield place.diagnostic(f"there is no file {of.file}", "make it before the run")
            if of.environment and of.environment not in environ:
                fault = f"the variable {of.environment} is not set"
                yield place.diagnostic(fault, "set it before the run")


def _build_files(service: Service, at: _Places) -> Iterator[Diagnostic]:
    build = service.build
    if build is None:
        return
    context = Path(build.context)
    if not is_there(context, Path.is_dir):
        yield at.key("context").diagnostic(f"there is no folder {build.context}", "make it")
    elif not build.dockerfile_inline:
        dockerfile = context / (build.dockerfile or "Dockerfile")
        if not is_there(dockerfile, Path.is_file):
            advice = "write it, or name another as `dockerfile`"
            yield at.key("dockerfile").diagnostic(f"there is no file {dockerfile}", advice)
    for name, other in build.additional_contexts.items():
        place = at.key("additional_contexts", name)
        if other.startswith("service:"):
            fault = "the image of another service as a context"
            yield place.diagnostic(fault, "name an image: docker-image://NAME")
        elif "://" not in other and not is_there(other, Path.is_dir):
            yield place.diagnostic(f"there is no folder {other}", "make it")


def remarks(root: Map, file: ComposeFile) -> Iterator[Diagnostic]:
    """What a reader of the figures should know of the services."""
    for name, service in file.services.items():
        at = _Places(root, name)
        yield from _without_effect(service, file, at)
        for device in service.devices:
            if not device.is_cdi and not is_there(device.source):
                said = f"this host has no {device.source}: `{name}` cannot be started on it"
                yield at.key("devices").diagnostic(said, "measure where there is one")
        for mount in service.volumes:
            if mount.type != "bind" or mount.source is None:
                continue
            place = at.key("volumes")
            if not is_there(mount.source):
                said = f"there is no {mount.source}: the engine makes an empty folder of that name"
                yield place.diagnostic(said)
            elif not mount.read_only and is_there(mount.source, Path.is_dir):
                said = f"what is written to {mount.source} stays there from trial to trial"
                yield place.diagnostic(said, "mount a named volume to begin with an empty one")
    for name, volume in file.volumes.items():
        place = locate(root, ("volumes", name))[0]
        if volume.external:
            said = f"the external volume `{name}` is not touched: a trial begins with an empty one"
            yield place.diagnostic(said, "bind a folder to have what is in it")
        elif volume.driver_opts:
            said = f"what is written to `{name}` may stay where its `driver_opts` put it"
            yield place.diagnostic(said, "leave them out to begin with an empty volume")


def _without_effect(service: Service, file: ComposeFile, at: _Places) -> Iterator[Diagnostic]:
    """Keys that are known and change nothing here."""
    for name, joined in (service.networks or {}).items():
        if joined.priority or joined.gw_priority:
            said = "which network is joined first, and which leads out, is left to the engine"
            yield at.key("networks", name).diagnostic("its priority is passed over", said)
        if joined.interface_name:
            said = "the engine numbers the interfaces of a container itself"
            yield at.key("networks", name).diagnostic("`interface_name` is passed over", said)
    if any(mount.bind.recursive for mount in service.volumes):
        said = "folders are mounted as the engine does by itself"
        yield at.key("volumes").diagnostic("`recursive` is passed over", said)
    for kind, uses in (("configs", service.configs), ("secrets", service.secrets)):
        for use in uses:
            given = [one for one in (use.uid, use.gid, use.mode) if one is not None]
            if given and getattr(file, kind)[use.source].file:
                said = "a file of the host keeps the owner and the rights that it has there"
                yield at.key(kind).diagnostic(f"the rights of `{use.source}` are passed over", said)
    if any(one.options for one in (*service.deploy.resources.reservations.devices, *service.gpus)):
        said = "bench asks for devices by driver, number, id and capability"
        yield at.key("deploy").diagnostic("`options` of a device are passed over", said)


class _Places:
    """Where the keys of one service stand."""

    def __init__(self, root: Map, service: str, *above: str) -> None:
        self._root = root
        self._above = ("services", service, *above)

    def inside(self, key: str) -> _Places:
        """Where the keys of a part of it stand."""
        return _Places(self._root, *self._above[1:], key)

    def key(self, *path: str) -> Place:
        """Where the last of these keys stands that the service has."""
        return locate(self._root, (*self._above, *path))[0]

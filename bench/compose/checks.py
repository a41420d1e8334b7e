"""Checks of a Compose file beyond the form of each value: names, files, combinations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.compose.limit_checks import absent_cores, check_limits
from bench.compose.members import container_names
from bench.compose.mode_checks import HAS_NO_PORTS, check_modes
from bench.compose.model import Condition
from bench.compose.network_checks import check_networks
from bench.compose.places import Places
from bench.compose.port_checks import clashes, published, too_few
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
    containers = {
        service.container_name for service in file.services.values() if service.container_name
    }
    for name, service in file.services.items():
        at = Places(root, name)
        if service.image is None and service.build is None and name not in incomplete:
            yield at.key().diagnostic(f"`{name}` has neither `image` nor `build`", "write one")
        yield from _copies(root, name, service, file)
        yield from check_limits(service, at)
        yield from check_modes(service, at)
        yield from _shared(service, containers, at)
        yield from _waits(name, service, file, at)
        yield from _used(service, file, at)
    yield from _links(root, file)
    yield from _named_twice(root, file)
    yield from _ports(root, file)
    yield from check_networks(root, file)


def _copies(root: Map, name: str, service: Service, file: ComposeFile) -> Iterator[Diagnostic]:
    """How many containers there are to be, and their names."""
    at = Places(root, name)
    if service.replicas > 1 and service.container_name:
        fault = f"one `container_name` for {service.replicas} containers"
        yield at.key("container_name").diagnostic(fault, "leave it out")
    if service.replicas > 1:
        numbered = set(container_names(name, service.replicas))
        for other in sorted(numbered & file.services.keys()):
            fault = f"a container of `{name}` and the service `{other}` have one name"
            yield Places(root, other).key().diagnostic(fault, "call one of them otherwise")
    if len({service.scale, service.deploy.replicas} - {None}) > 1:
        fault = "`scale` and `deploy.replicas` differ"
        yield at.key("scale").diagnostic(fault, "keep one of them")


def _waits(name: str, service: Service, file: ComposeFile, at: Places) -> Iterator[Diagnostic]:
    """Services that are waited for in vain."""
    for other, wait in service.depends_on.items():
        place = at.key("depends_on", other)
        if other == name:
            yield place.diagnostic(f"`{name}` waits for itself", "leave it out")
        elif other not in file.services and wait.required:
            fault = f"there is no service {shown(other)} to wait for"
            yield place.diagnostic(fault, did_you_mean(other, file.services))
        elif other in file.services:
            yield from _cannot_be_healthy(file.services[other], wait.condition, place, other)


def _used(service: Service, file: ComposeFile, at: Places) -> Iterator[Diagnostic]:
    """Networks, volumes, configs and secrets that the file does not have."""
    mounted = [mount.source for mount in service.volumes if mount.type == "volume" and mount.source]
    known: dict[str, tuple[Collection[str], Collection[str]]] = {
        "networks": (service.networks or {}, {*file.networks, "default"}),
        "configs": ([use.source for use in service.configs], file.configs),
        "secrets": ([use.source for use in service.secrets], file.secrets),
        "volumes": (mounted, file.volumes),
    }
    if service.build:
        ids = [use.source for use in service.build.secrets]
        yield from _undeclared("secrets", ids, file.secrets, at.inside("build"))
        for secret in set(ids) & {key for key, of in file.secrets.items() if of.content}:
            fault = f"the build's secret `{secret}` stands in the file itself"
            advice = "give it as `file` or `environment`"
            yield at.key("build", "secrets").diagnostic(fault, advice)
    for kind, (used, declared) in known.items():
        yield from _undeclared(kind, used, declared, at)


def _named_twice(root: Map, file: ComposeFile) -> Iterator[Diagnostic]:
    owners: dict[str, str] = {}
    for name, service in file.services.items():
        given = service.container_name
        if given and owners.setdefault(given, name) != name:
            fault = f"`{owners[given]}` has this `container_name` as well"
            yield Places(root, name).key("container_name").diagnostic(fault, "choose another")


def _ports(root: Map, file: ComposeFile) -> Iterator[Diagnostic]:
    """Ports of this host that two containers would publish."""
    found = []
    for name, service in file.services.items():
        if service.network_mode in HAS_NO_PORTS:
            continue
        for number, port in enumerate(service.ports):
            place = Places(root, name).key("ports", number)
            if host_port := published(name, port.text, place):
                yield from too_few(host_port, service.replicas)
                found.append(host_port)
    yield from clashes(found)


def _shared(service: Service, containers: Collection[str], at: Places) -> Iterator[Diagnostic]:
    """Namespaces and volumes of containers that are not there.

    `containers` has the names that the services give theirs.
    """
    for key in ("network_mode", "ipc", "pid"):
        kind, colon, named = (getattr(service, key) or "").partition(":")
        if colon and kind == "container" and named not in containers:
            fault = f"no service of this file has the `container_name` {shown(named)}"
            yield at.key(key).diagnostic(fault, "make it a service, and write service:NAME")
    for written in service.volumes_from:
        kind, _, named = written.partition(":")
        if kind == "container" and named.partition(":")[0] not in containers:
            fault = f"no service of this file has the `container_name` {shown(named)}"
            yield at.key("volumes_from").diagnostic(fault, "make it a service, and write its name")


def _links(root: Map, file: ComposeFile) -> Iterator[Diagnostic]:
    """Links by a name that another service has, or is linked to by."""
    links = [
        (name, *link.partition(":")[::2])
        for name, service in file.services.items()
        for link in service.links
    ]
    meant: dict[str, set[str]] = {}
    for _, other, alias in links:
        meant.setdefault(alias, set()).add(other)
    for name, other, alias in links:
        is_taken = len(meant[alias]) > 1 or (alias in file.services and alias != other)
        if alias and is_taken:
            fault = f"`{name}` calls `{other}` {shown(alias)}, which is another's name here"
            yield Places(root, name).key("links").diagnostic(fault, "use another alias")


def _cannot_be_healthy(
    other: Service, condition: Condition, place: Place, name: str
) -> Iterator[Diagnostic]:
    off = other.healthcheck is not None and other.healthcheck.is_off
    if condition is Condition.HEALTHY and off:
        fault = f"this waits for the health check of `{name}`, which is switched off"
        yield place.diagnostic(fault, "wait for `service_started`")


def _undeclared(
    kind: str, used: Collection[str], declared: Collection[str], at: Places
) -> Iterator[Diagnostic]:
    for name in used:
        if name not in declared:
            fault = f"`{name}` does not stand in the file's `{kind}`"
            hint = did_you_mean(name, declared) or f"write `{kind}: {{{name}: …}}` at the top level"
            yield at.key(kind, name).diagnostic(fault, hint)


def check_files(root: Map, file: ComposeFile, environ: Mapping[str, str]) -> Iterator[Diagnostic]:
    """Every file that a service needs and that is not there, or cannot be used."""
    for name, service in file.services.items():
        at = Places(root, name)
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
        used = [("configs", use.source) for use in service.configs]
        used += [("secrets", use.source) for use in service.secrets]
        used += [("secrets", use.source) for use in of_build]
        for kind, key in used:
            sources: Mapping[str, FileSource] = getattr(file, kind)
            of, place = sources[key], locate(root, (kind, key))[0]
            if of.file and not is_there(of.file):
                yield place.diagnostic(f"there is no file {of.file}", "make it before the run")
            if of.environment and of.environment not in environ:
                fault = f"the variable {of.environment} is not set"
                yield place.diagnostic(fault, "set it before the run")


def _build_files(service: Service, at: Places) -> Iterator[Diagnostic]:
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
    """Warnings about the services for readers of the figures."""
    for name, service in file.services.items():
        at = Places(root, name)
        yield from _without_effect(service, file, at)
        if absent := absent_cores(service.cpuset):
            said = f"this host has no core {absent[0]}: `{name}` cannot be started on it"
            yield at.key("cpuset").diagnostic(said, "measure where there is one")
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


def _without_effect(service: Service, file: ComposeFile, at: Places) -> Iterator[Diagnostic]:
    """Keys that are known and change nothing here."""
    if service.ports and service.network_mode in HAS_NO_PORTS:
        said = f"`ports` have no effect with `network_mode: {service.network_mode}`"
        yield at.key("ports").diagnostic(said, "leave them out")
    for key in ("memswap_limit", "mem_swappiness"):
        if getattr(service, key) not in (None, 0):
            said = "bench gives no swap: the limit of memory is the limit"
            yield at.key(key).diagnostic(f"`{key}` is passed over", said)
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
            given = [right for right in (use.uid, use.gid, use.mode) if right is not None]
            if given and getattr(file, kind)[use.source].file:
                said = "a file of the host keeps the owner and the rights that it has there"
                yield at.key(kind).diagnostic(f"the rights of `{use.source}` are passed over", said)
    if any(
        device.options for device in (*service.deploy.resources.reservations.devices, *service.gpus)
    ):
        said = "bench asks for devices by driver, number, id and capability"
        yield at.key("deploy").diagnostic("`options` of a device are passed over", said)

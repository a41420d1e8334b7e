"""Which services of a Compose file take part, and in which order they can be started.

What takes no part is left out before anything is judged: services of profiles that are not
active, services that nobody asked for, and the networks, volumes and files that only they use.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from bench.compose.texts import number_of
from bench.yamldoc.nodes import Entry, Map, Node, Scalar, Series, locate
from bench.yamldoc.suggest import did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from bench.compose.model import ComposeFile
    from bench.core.errors import Diagnostic

_NAMESPACES = ("network_mode", "ipc", "pid", "uts", "cgroup")
"""Keys whose value may be `service:NAME`."""

_MOST_NAMED = 10
"""Services of a circle that are named."""


def with_implied_waits(root: Map) -> Map:
    """`root` with a wait for each service that another links to, or shares something of."""
    services = root.map("services")
    containers = {
        named.text: name
        for name in services.entries
        if isinstance(named := services.map(name).get("container_name"), Scalar)
    }
    changes: dict[str, Entry | None] = {}
    for name, entry in services.entries.items():
        service = entry.node
        implied = dict(_implied(service, containers)) if isinstance(service, Map) else {}
        waits = entry.node.map("depends_on") if isinstance(entry.node, Map) else None
        if waits is None or not set(implied) - set(waits.entries):
            continue
        assert isinstance(entry.node, Map)
        at = entry.node.entries.get("depends_on")
        together = waits.replace({**implied, **waits.entries})
        place = at.place if at else next(iter(implied.values())).place
        changes[name] = entry.holding(entry.node.replace({"depends_on": Entry(place, together)}))
    if not changes:
        return root
    return root.replace({"services": root.entries["services"].holding(services.replace(changes))})


def _implied(service: Map, containers: Mapping[str, str]) -> Iterator[tuple[str, Entry]]:
    """The services whose start `service` waits for without saying so.

    `containers` has the services by the names of their containers.
    """
    lists = [service.get(key) for key in ("links", "volumes_from")]
    items = [item for series in lists if isinstance(series, Series) for item in series.items]
    for node in [*(service.get(key) for key in _NAMESPACES), *items]:
        if not isinstance(node, Scalar):
            continue
        kind, _, rest = node.text.partition(":")
        named = rest.partition(":")[0]
        if kind == "container":
            named = containers.get(named, "")
        elif kind != "service":
            named = kind if node in items else ""
        if named:
            yield named, Entry(node.place, Map(node.place, {}))


def taking_part(
    root: Map, services: Sequence[str], profiles: Collection[str], faults: list[Diagnostic]
) -> Map:
    """`root` with the services that are started alone: those named, or those of the profiles.

    With each come those that it waits for. A service that is named is started whatever its
    profile; so is what it waits for only where its profile is active. A service of which there
    are to be no containers takes no part, and nobody waits for it.
    """
    all_ = root.map("services")
    if not all_.entries:
        return root
    for name in services:
        if name not in all_.entries:
            fault = f"there is no service {shown(name)} in this file"
            suggestion = did_you_mean(name, all_.entries)
            faults.append(root.entries["services"].place.diagnostic(fault, suggestion))
    active = {name for name in all_.entries if _is_active(all_.map(name), profiles)}
    wanted = [name for name in services if name in all_.entries] if services else list(active)
    active |= set(wanted)
    chosen: set[str] = set()
    while wanted:
        name = wanted.pop()
        if name in chosen or _is_none(all_.map(name)):
            continue
        chosen.add(name)
        waits = all_.map(name).map("depends_on")
        for other, entry in waits.entries.items():
            if other in active:
                wanted.append(other)
            elif other in all_.entries and not _is_optional(entry.node):
                of = " or ".join(_texts(all_.map(other).get("profiles")))
                fault = f"`{name}` waits for `{other}`, which only the profile {of} has"
                remedy = f"write `profiles: [{of}]` beside the file"
                faults.append(entry.place.diagnostic(fault, remedy))
    for name in sorted(chosen):
        for owner, node in _owners(all_.map(name)):
            if owner in all_.entries and owner not in chosen:
                fault = f"`{name}` shares with `{owner}`, which has no container here"
                faults.append(node.place.diagnostic(fault, "give it one: its `scale` or profile"))
    if not chosen and not faults:
        place = root.entries["services"].place
        if active:
            faults.append(place.diagnostic("no service has a container", "write `scale: 1`"))
        else:
            fault = "every service has a profile, and none of them is active"
            faults.append(place.diagnostic(fault, "name the profiles"))
    kept: dict[str, Entry | None] = {
        name: _without_waits(entry, set(all_.entries) - chosen) if name in chosen else None
        for name, entry in all_.entries.items()
    }
    return _used(root.replace({"services": root.entries["services"].holding(all_.replace(kept))}))


def _is_active(service: Map, profiles: Collection[str]) -> bool:
    own = _texts(service.get("profiles"))
    return not own or "*" in profiles or bool(set(own) & set(profiles))


def _texts(node: Node | None) -> list[str]:
    items = node.items if isinstance(node, Series) else ()
    return [item.text for item in items if isinstance(item, Scalar)]


def _is_optional(wait: Node) -> bool:
    required = wait.get("required") if isinstance(wait, Map) else None
    return isinstance(required, Scalar) and str(required.value).lower() in ("false", "no", "off")


def _owners(service: Map) -> Iterator[tuple[str, Node]]:
    """The services whose namespaces or volumes it has, with where it says so."""
    for key in ("network_mode", "ipc", "pid"):
        node = service.get(key)
        kind, _, named = (node.text if isinstance(node, Scalar) else "").partition(":")
        if node is not None and kind == "service":
            yield named, node
    series = service.get("volumes_from")
    for node in series.items if isinstance(series, Series) else ():
        kind, _, _ = (node.text if isinstance(node, Scalar) else "").partition(":")
        if kind != "container":
            yield kind, node


def _is_none(service: Map) -> bool:
    """Whether there are to be no containers of it."""
    scale = service.get("scale") or service.map("deploy").get("replicas")
    return isinstance(scale, Scalar) and number_of(scale.text) == 0


def _without_waits(entry: Entry, others: Collection[str]) -> Entry:
    """The service without waits for the `others`, which take no part."""
    service = entry.node
    if not isinstance(service, Map) or not isinstance(waits := service.get("depends_on"), Map):
        return entry
    left = waits.replace(dict.fromkeys(set(waits.entries) & set(others)))
    return entry.holding(
        service.replace({"depends_on": service.entries["depends_on"].holding(left)})
    )


def _used(root: Map) -> Map:
    """`root` with the networks, volumes, configs and secrets that its services use alone."""
    services = [entry.node for entry in root.map("services").entries.values()]
    used = {
        "networks": {"default"},
        "volumes": set[str](),
        "configs": set[str](),
        "secrets": set[str](),
    }
    for service in services:
        if not isinstance(service, Map):
            continue
        used["networks"] |= set(service.map("networks").entries)
        for kind in ("volumes", "configs", "secrets"):
            used[kind] |= set(_sources(service.get(kind)))
        used["secrets"] |= set(_sources(service.map("build").get("secrets")))
    changes: dict[str, Entry | None] = {"models": None}  # a service that uses one is refused
    for kind, names in used.items():
        if isinstance(root.get(kind), Map):
            named = root.map(kind)
            gone = dict.fromkeys(set(named.entries) - names)
            changes[kind] = root.entries[kind].holding(named.replace(gone))
    return root.replace(changes)


def _sources(node: Node | None) -> Iterator[str]:
    for item in node.items if isinstance(node, Series) else ():
        source = item.get("source") if isinstance(item, Map) else None
        if isinstance(source, Scalar):
            yield source.text


def in_order(root: Map, file: ComposeFile, faults: list[Diagnostic]) -> list[str]:
    """The services, each after those that it waits for; otherwise as they stand in the file."""
    position = {name: number for number, name in enumerate(file.services)}
    left: dict[str, int] = {}
    waiting: dict[str, list[str]] = {name: [] for name in position}
    for name, service in file.services.items():
        others = [other for other in service.depends_on if other in position]
        left[name] = len(others)
        for other in others:
            waiting[other].append(name)
    free = [position[name] for name, count in left.items() if not count]
    names = list(position)
    order: list[str] = []
    while free:
        name = names[heapq.heappop(free)]
        order.append(name)
        for after in waiting[name]:
            left[after] -= 1
            if not left[after]:
                heapq.heappush(free, position[after])
    stuck = [name for name in names if left[name]]
    if stuck:
        circle = _circle(file, stuck)
        if len(circle) > _MOST_NAMED:
            circle = [*circle[: _MOST_NAMED - 2], "…", circle[-1]]
        place = locate(root, ("services", stuck[0], "depends_on"))[0]
        fault = f"services wait for each other: {' -> '.join(circle)}"
        faults.append(place.diagnostic(fault, "leave one of these out"))
    return order


def _circle(file: ComposeFile, stuck: Sequence[str]) -> list[str]:
    """Services that wait for each other, from one of them back to it."""
    there, path = set(stuck), {stuck[0]: 0}
    last = stuck[0]
    while True:
        last = next(other for other in file.services[last].depends_on if other in there)
        if last in path:
            return [*list(path)[path[last] :], last]
        path[last] = len(path)

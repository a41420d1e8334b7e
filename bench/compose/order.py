"""Which services of a Compose file are started, and in which order they can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.scenario.nodes import locate
from bench.scenario.suggest import did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bench.compose.model import ComposeFile
    from bench.errors import Diagnostic
    from bench.scenario.nodes import Map


def choose(
    root: Map,
    file: ComposeFile,
    services: Sequence[str],
    profiles: Collection[str],
    faults: list[Diagnostic],
) -> list[str]:
    """The services that are started: those named, or those of the profiles, and their own.

    A service that is named is started whatever its profile; so is what it depends on only where
    its profile is active.
    """
    for name in services:
        if name not in file.services:
            fault = f"there is no service {shown(name)} in this file"
            suggestion = did_you_mean(name, file.services)
            faults.append(root.entries["services"].place.diagnostic(fault, suggestion))
    active = {
        name
        for name, one in file.services.items()
        if not one.profiles or "*" in profiles or set(one.profiles) & set(profiles)
    }
    wanted = [one for one in services if one in file.services] if services else list(active)
    active |= set(wanted)
    chosen: set[str] = set()
    while wanted:
        name = wanted.pop()
        if name in chosen:
            continue
        chosen.add(name)
        for other, wait in file.services[name].depends_on.items():
            if other in active:
                wanted.append(other)
            elif wait.required and other in file.services:
                place = locate(root, ("services", name, "depends_on", other))[0]
                of = " or ".join(file.services[other].profiles)
                fault = f"`{name}` waits for `{other}`, which only the profile {of} has"
                faults.append(place.diagnostic(fault, f"write `profiles: [{of}]` beside the file"))
    if not chosen and not faults:
        fault = "every service has a profile, and none of them is active"
        faults.append(root.entries["services"].place.diagnostic(fault, "name the profiles"))
    return [name for name in file.services if name in chosen]


def in_order(
    root: Map, file: ComposeFile, chosen: Sequence[str], faults: list[Diagnostic]
) -> list[str]:
    """`chosen`, each after those that it waits for; otherwise as they stand in the file."""
    order: list[str] = []
    left = list(chosen)
    while left:
        free = [
            name
            for name in left
            if not any(other in left for other in file.services[name].depends_on)
        ]
        if not free:
            circle = " -> ".join(_circle(file, left))
            place = locate(root, ("services", left[0], "depends_on"))[0]
            fault = f"services wait for each other: {circle}"
            faults.append(place.diagnostic(fault, "leave one of these out"))
            return order
        order.append(free[0])
        left.remove(free[0])
    return order


def _circle(file: ComposeFile, left: Sequence[str]) -> list[str]:
    path = [left[0]]
    while True:
        after = next(one for one in file.services[path[-1]].depends_on if one in left)
        if after in path:
            return [*path[path.index(after) :], after]
        path.append(after)

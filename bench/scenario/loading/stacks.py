"""The Compose files that the cases of a scenario name, and what the cases say of their services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.compose.mode_checks import HAS_NO_PORTS
from bench.compose.port_checks import Published, clashes, published
from bench.core.errors import ScenarioError
from bench.scenario.probes import COMPOSITES, PROBES
from bench.yamldoc.nodes import Map, locate
from bench.yamldoc.suggest import did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bench.compose.stack import Stack
    from bench.core.errors import Diagnostic
    from bench.scenario.model import Scenario
    from bench.scenario.probes import ProbeChoice, Ready
    from bench.yamldoc.source import Place


def stacks_of(
    scenario: Scenario,
    root: Map,
    folder: Path,
    environ: Mapping[str, str] | None,
    faults: list[Diagnostic],
) -> dict[str, Stack]:
    """The stacks of the cases that are some, by case.

    Args:
        scenario: what is read.
        root: its tree.
        folder: what paths start from.
        environ: what variables of Compose files are taken from.
        faults: is given what is wrong with the files, and with what is said of their services.
    """
    uses = {name: case.compose for name, case in scenario.cases.items() if case.compose}
    if not uses:
        return {}
    from bench.scenario.loading.compose_file import (
        load_stack,  # its models are as many as those of a scenario
    )

    beside = [
        ports
        for name, service in scenario.services.items()
        if service.network_mode not in HAS_NO_PORTS
        for number, text in enumerate(service.ports)
        if (ports := published(name, text, locate(root, ("services", name, "ports", number))[0]))
    ]
    stacks = {}
    for name, use in uses.items():
        try:
            stacks[name] = stack = load_stack(
                [folder / path for path in use.file],
                services=use.services,
                profiles=use.profiles,
                env_files=[folder / path for path in use.env_file],
                environ=environ,
            )
        except ScenarioError as error:
            faults += error.diagnostics
            continue
        faults += clashes(
            [*beside, *_published(stack, locate(root, ("cases", name, "compose"))[0])]
        )
        for service, ready in use.ready.items():
            path = ("cases", name, "compose", "ready", service)
            faults += _of_service(stack, service, ready, root, path)
    return stacks


def _published(stack: Stack, place: Place) -> list[Published]:
    """The ports of this host that the services of the case at `place` publish."""
    found = [
        published(member.name, port.text, place)
        for member in stack.members
        if member.service.network_mode not in HAS_NO_PORTS
        for port in member.service.ports
    ]
    return [ports for ports in found if ports is not None]


def _of_service(
    stack: Stack, service: str, ready: Ready, root: Map, path: tuple[str, ...]
) -> Iterator[Diagnostic]:
    """Every fault in the `ready` of a service, which stands in `root` where `path` leads."""
    from bench.compose.model import Condition

    place, _ = locate(root, path)
    known = list(dict.fromkeys(member.of for member in stack.members))
    if service not in known:
        fault = f"no service {shown(service)} is started"
        yield place.diagnostic(fault, did_you_mean(service, known))
    elif stack.service_waited_for(service, Condition.HEALTHY):
        fault = f"others wait for the health check of `{service}`, which decides"
        yield place.diagnostic(fault, "leave it out here")
    elif stack.service_waited_for(service, Condition.COMPLETED) and not ready.is_an_end:
        fault = f"others wait until `{service}` has ended, which decides"
        yield place.diagnostic(fault, "leave it out here, or write {exit: true}")
    else:
        member = next(member for member in stack.members if member.of == service)
        check = member.service.healthcheck
        waits = ready.healthcheck or any(probe.healthcheck for probe in ready.probes())
        if waits and check is not None and check.is_off:
            fault = f"this waits for the health check of `{service}`, which is switched off"
            yield place.diagnostic(fault, "name another probe")
        yield from _port_names(stack, service, ready, root, path)


def _port_names(
    stack: Stack, service: str, ready: Ready, root: Map, path: tuple[str, ...]
) -> Iterator[Diagnostic]:
    """Names that none of the ports of the service has."""
    names = next(member for member in stack.members if member.of == service).port_names
    probes: list[tuple[tuple[str | int, ...], ProbeChoice]] = [((), ready)]
    for key in COMPOSITES:
        several: list[ProbeChoice] = getattr(ready, key) or []
        probes += [((key, number), single) for number, single in enumerate(several)]
    for inner, probe in probes:
        port = probe.endpoint.port if probe.endpoint else None
        if not isinstance(port, str) or port in names:
            continue
        kind = next(name for name in PROBES if getattr(probe, name) is probe.endpoint)
        node = locate(root, (*path, *inner, kind, "port"))[1]
        fault = f"no TCP port in the `ports` of `{service}` is called {shown(port)}"
        known = f"write the port's number, or one of: {', '.join(names)}"
        advice = known if names else "write the port's number; none of its ports has a name"
        yield node.place.diagnostic(fault, advice)

"""Checks of a `ready` beyond the form of each value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.scenario.loading.tree import given_keys, labelled_fault, text_of
from bench.scenario.probes import (
    ASKED,
    COMPOSITES,
    PROBES,
    choice_fault,
    endpoint_faults,
    http_faults,
)
from bench.scenario.requests import is_port_name
from bench.yamldoc.nodes import Map, Series, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.core.errors import Diagnostic
    from bench.yamldoc.nodes import Entry
    from bench.yamldoc.source import Place


def check_ready(
    container: Map, *, inferable: bool, has_names: bool = False
) -> Iterator[Diagnostic]:
    """Every such fault in the `ready` of `container`.

    Args:
        container: the case or service.
        inferable: whether its image may decide where no probe is named.
        has_names: whether its ports may have names.
    """
    entry = container.entries.get("ready")
    if entry is None or not isinstance(entry.node, Map):
        return
    ready = entry.node
    named = given_keys(ready, (*PROBES, *COMPOSITES))
    if (named or not inferable) and (advice := choice_fault(named, composites=True)):
        yield labelled_fault(entry.place, "ready", advice)
    probes = single_probes(ready)
    for probe in probes[1:]:
        if advice := choice_fault(given_keys(probe, PROBES), composites=False):
            label = "all" if ready.get("all") else "any"
            yield labelled_fault(probe.place, label, advice)
    for probe in probes:
        yield from _command(probe)
        yield from _endpoint(probe, has_names=has_names)
    yield from _reachable(container, probes)


def single_probes(ready: Map) -> list[Map]:
    """`ready` itself and each item of its lists: wherever a probe may be named."""
    probes = [ready]
    for key in COMPOSITES:
        if isinstance(several := ready.get(key), Series):
            probes += [item for item in several.items if isinstance(item, Map)]
    return probes


def _command(probe: Map) -> Iterator[Diagnostic]:
    run = probe.get("exec")
    command = run.get("command") if isinstance(run, Map) else run
    if command and not (command.items if isinstance(command, Series) else value_of(command)):
        yield command.place.diagnostic("a command without a program", "write at least one word")


def _endpoint(probe: Map, *, has_names: bool) -> Iterator[Diagnostic]:
    for key in given_keys(probe, ASKED):
        node = probe.get(key)
        if not isinstance(node, Map):
            continue
        name = text_of(node.get("port"))
        if not has_names and is_port_name(name):
            yield node.entries["port"].node.place.diagnostic(
                f"no port is called {name!r}: only the `ports` of a Compose file have names",
                "write its number, or leave it out: the one that is published or exposed is asked",
            )
        faults = http_faults if key == "http" else endpoint_faults
        for at, advice in faults(value_of(node)):
            yield labelled_fault(node.entries[at].place, at, advice)


def _reachable(container: Map, probes: list[Map]) -> Iterator[Diagnostic]:
    unplugged = text_of(container.get("network_mode")) == "none"
    check = value_of(container.map("healthcheck"))
    disabled = check.get("disable") is True or check.get("test") == ["NONE"]
    for probe in probes:
        for key in given_keys(probe, ASKED) if unplugged else []:
            if probe.map(key).get("socket"):
                continue
            fault = f"`{key}` cannot reach a container with `network_mode: none`"
            suggestion = "use log, exec, healthcheck or exit, or a `socket`"
            yield probe.entries[key].place.diagnostic(fault, suggestion)
        for key in given_keys(probe, ("healthcheck",)) if disabled else []:
            fault = "this waits for the health check that is disabled"
            yield probe.entries[key].place.diagnostic(fault, "leave `disable: true` out")


def check_process_ready(name: str, entry: Entry | None, place: Place) -> Iterator[Diagnostic]:
    """Every fault in the `ready` of a plain process, which no image completes.

    Args:
        name: of the case.
        entry: its `ready`.
        place: of the case.
    """
    if entry is None or not isinstance(entry.node, Map):
        if entry is None:
            fault = f"`ready` is missing in {name!r}, a plain process, of which no image says it"
            yield place.diagnostic(fault, "write it, such as `ready: {http: {port: 8080}}`")
        return
    for probe in single_probes(entry.node):
        for key in given_keys(probe, ASKED):
            node = probe.get(key)
            if isinstance(node, Map) and not given_keys(node, ("port", "socket")):
                fault = f"`port` is missing in `{key}`: a plain process exposes none"
                suggestion = "write the port it listens on, such as `port: 8080`"
                yield probe.entries[key].place.diagnostic(fault, suggestion)
        if check := probe.entries.get("healthcheck"):
            fault = f"no engine checks the health of a plain process, as {name!r} is"
            yield check.place.diagnostic(fault, "use http, tcp, grpc, log, exec or exit")

"""Checks of a scenario beyond the form of each value: names, files, combinations.

Everything here reads the located tree, not the models, so that it finds its faults even where
another part of the file is broken, and can say where they stand.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.compose.container_keys import IMAGE_BUILD_OR_HOST, IMAGE_OR_BUILD, LIMITS_TWICE
from bench.compose.engine_checks import check_engine, check_least
from bench.compose.mode_checks import HAS_NO_PORTS, mounted_twice
from bench.compose.port_checks import Published, clashes, published
from bench.core.domain import CALIBRATION_CASE
from bench.core.errors import ScenarioError
from bench.core.paths import is_there
from bench.scenario.compose_case import BESIDE_COMPOSE
from bench.scenario.load_tool import TARGET
from bench.scenario.loading.build_checks import check_build, names_in
from bench.scenario.loading.figure_checks import check_metrics
from bench.scenario.loading.load_tool_checks import check_load
from bench.scenario.loading.plain_process_checks import check_host
from bench.scenario.loading.ready_checks import check_process_ready, check_ready
from bench.scenario.loading.row_checks import (
    check_answer,
    check_compare,
    check_ids,
    check_thresholds,
)
from bench.scenario.loading.tree import given_keys, labelled_fault, states_in, text_of
from bench.scenario.model import Case
from bench.yamldoc.env_file import read_env_files
from bench.yamldoc.nodes import Map, Node, Scalar, Series
from bench.yamldoc.suggest import did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.core.errors import Diagnostic
    from bench.yamldoc.nodes import Entry
    from bench.yamldoc.source import Place


def check(root: Map, folder: Path) -> Iterator[Diagnostic]:
    """Every such fault in `root`, the tree with its defaults merged.

    Args:
        root: the tree.
        folder: what relative paths in it start from.
    """
    yield from _without_value(root)
    for key in ("cases", "services"):
        for name, entry in root.map(key).entries.items():
            if isinstance(entry.node, Map):
                yield from _container(name, entry, folder, is_case=key == "cases")
    yield from check_metrics(root)
    yield from check_thresholds(root)
    yield from check_answer(root)
    yield from _link(root)
    yield from _ports(root)
    yield from _reserved(root)
    yield from check_compare(root)
    yield from check_ids(root, folder)


def _without_value(node: Node) -> Iterator[Diagnostic]:
    if isinstance(node, Series):
        for item in node.items:
            if _is_null(item):
                yield item.place.diagnostic("an item without a value", "write one")
            yield from _without_value(item)
    elif isinstance(node, Map):
        for key, entry in node.entries.items():
            if _is_null(entry.node):
                fault = f"`{key}` has no value"
                yield entry.place.diagnostic(fault, "write one, or leave the key out")
            yield from _without_value(entry.node)


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


# One container


def _container(name: str, entry: Entry, folder: Path, *, is_case: bool) -> Iterator[Diagnostic]:
    node = entry.node
    assert isinstance(node, Map)
    if is_case and given_keys(node, ("compose",)):
        yield from _stack(node)
        return
    sources = ("image", "build", "host") if is_case else ("image", "build")
    if len(given_keys(node, sources)) != 1:
        yield labelled_fault(entry.place, name, IMAGE_BUILD_OR_HOST if is_case else IMAGE_OR_BUILD)
    elif given_keys(node, ("host",)) and is_case:
        yield from check_host(name, node, folder)
    if is_case and isinstance(node.get("load"), Map):
        yield from check_load(node)
        yield from _container("load", node.entries["load"], folder, is_case=False)
    if given_keys(node, ("limits",)) and given_keys(
        node.map("deploy").map("resources"), ("limits",)
    ):
        yield labelled_fault(entry.place, name, LIMITS_TWICE)
    if given_keys(node, ("replicas",)) and text_of(node.get("network_mode")) == "host":
        fault = "on the network of the host all replicas would have the same ports"
        yield node.entries["replicas"].place.diagnostic(fault, "leave one of the two out")
    is_process = is_case and bool(given_keys(node, ("host",)))
    if not is_process:
        yield from check_engine(node)
    yield from check_least(node, of_container=not is_process)
    yield from mounted_twice(_mounts(node))
    yield from _base(node)
    yield from check_build(node.get("build"), folder)
    yield from _env_files(node.get("env_file"), folder)
    yield from check_ready(node, inferable=not is_process)
    if is_process:
        yield from check_process_ready(name, node.entries.get("ready"), entry.place)


def _mounts(container: Map) -> Iterator[tuple[str, Place]]:
    """Where something is mounted, and where that is written."""
    for key in ("tmpfs", "volumes"):
        node = container.get(key)
        for item in node.items if isinstance(node, Series) else [node] if node else []:
            parts = (text_of(item) or "").split(":")
            target = parts[1] if key == "volumes" and len(parts) > 1 else parts[0]
            if target.startswith("/"):
                yield target, item.place


def _stack(node: Map) -> Iterator[Diagnostic]:
    """Keys that do not go together with `compose`."""
    for key, entry in node.entries.items():
        if key in Case.model_fields and key not in BESIDE_COMPOSE:
            fault = f"`{key}` has no meaning beside `compose`"
            where = "`compose: {ready: {SERVICE: …}}`" if key == "ready" else "the Compose file"
            yield entry.place.diagnostic(fault, f"say it in {where}")
    cache, observe = node.entries.get("cache"), node.get("observe")
    if cache and "base" in states_in(cache.node):
        fault = "`cache: base` is for one image, and a stack has several"
        yield cache.node.place.diagnostic(fault, "leave `base` out")
    if observe and text_of(observe) == "exit":
        fault = "a stack is observed for a time: its services end at different times"
        yield observe.place.diagnostic(fault, "write `observe: 10s`")
    for entry in node.map("compose").map("ready").entries.values():
        yield from check_ready(Map(entry.place, {"ready": entry}), inferable=False, has_names=True)


def _env_files(node: Node | None, folder: Path) -> Iterator[Diagnostic]:
    for item in node.items if isinstance(node, Series) else [node] if node else []:
        if not (name := text_of(item)):
            continue
        path = folder / name
        if not is_there(path, Path.is_file):
            suggestion = did_you_mean(path.name, names_in(path.parent))
            yield item.place.diagnostic(f"there is no file {shown(name)}", suggestion)
            continue
        try:
            read_env_files([path])
        except ScenarioError as error:
            yield from error.diagnostics


# Names that point at something else in the file


def _base(container: Map) -> Iterator[Diagnostic]:
    """Missing facts that the cache state `base` needs, and cannot find out."""
    entry = container.entries.get("cache")
    if entry is None or "base" not in states_in(entry.node):
        return
    if given_keys(container, ("image",)) and not given_keys(container, ("base",)):
        fault = "`cache: base` does not know what the image stands on"
        yield entry.node.place.diagnostic(fault, "name it beside `image`: `base: debian:12`")
    if text_of(container.get("registry")) == "origin":
        fault = "`cache: base` needs bench's own registry"
        yield entry.node.place.diagnostic(fault, "leave `registry: origin` out")


def _link(root: Map) -> Iterator[Diagnostic]:
    entry = root.entries.get("link")
    cases = root.map("cases").entries.values()
    if entry and any(
        isinstance(entry.node, Map) and text_of(entry.node.get("registry")) == "origin"
        for entry in cases
    ):
        fault = "`link` shapes the way from bench's registry, and a case has `registry: origin`"
        yield entry.place.diagnostic(fault, "leave one of the two out")


def _ports(root: Map) -> Iterator[Diagnostic]:
    """Ports of this host that two services, or a case and a service, would publish."""
    beside = [port for name in root.map("services").entries for port in _published(root, name)]
    yield from clashes(beside)
    for name in root.map("cases").entries:
        if own := _published(root, name, "cases"):
            yield from clashes([*beside, *own])


def _published(root: Map, name: str, kind: str = "services") -> list[Published]:
    container = root.map(kind).map(name)
    if text_of(container.get("network_mode")) in HAS_NO_PORTS:
        return []
    ports = container.get("ports")
    scalars = (
        [item for item in ports.items if isinstance(item, Scalar)]
        if isinstance(ports, Series)
        else []
    )
    found = [published(name, scalar.text, scalar.place) for scalar in scalars]
    return [port for port in found if port is not None]


def _reserved(root: Map) -> Iterator[Diagnostic]:
    entry = root.map("cases").entries.get(CALIBRATION_CASE)
    if entry:
        fault = f"{CALIBRATION_CASE!r} is the name of bench's own do-nothing container"
        yield entry.place.diagnostic(fault, "call the case something else")
    service = root.map("services").entries.get(TARGET)
    cases = root.map("cases").entries.values()
    if service and any(isinstance(entry.node, Map) and entry.node.get("load") for entry in cases):
        fault = f"{TARGET!r} is the name by which a load tool reaches the case"
        yield service.place.diagnostic(fault, "call the service something else")


__all__ = ["check"]

"""Checks of the `metrics` of several cases together: names, units, directions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.core.domain import TRIAL_KEYS
from bench.core.metrics import METRICS
from bench.scenario.figures import SOURCE_OF_FIGURE, kept_unit
from bench.scenario.loading.wording import split_advice
from bench.yamldoc.nodes import Map, Scalar
from bench.yamldoc.suggest import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.core.errors import Diagnostic
    from bench.yamldoc.nodes import Entry


def check_metrics(root: Map) -> Iterator[Diagnostic]:
    """Every such fault in `root`, the tree with its defaults merged."""
    first: dict[str, Map] = {}
    for name, entry in _defined(root):
        if name in METRICS:
            fault = f"bench has a metric {shown(name)} of its own"
            yield entry.place.diagnostic(fault, "call it something else")
        elif name in (*TRIAL_KEYS, "replicas"):
            fault = f"{shown(name)} is a column of trials.csv that says which trial it is"
            yield entry.place.diagnostic(fault, "call it something else")
        if not isinstance(entry.node, Map):
            continue
        if ("pattern" in entry.node.entries) == ("json_key" in entry.node.entries):
            message, suggestion = split_advice(SOURCE_OF_FIGURE)
            yield entry.place.diagnostic(f"`{name}`: {message}", suggestion)
        yield from _like_the_first(name, entry.node, first.setdefault(name, entry.node))


def _defined(root: Map) -> Iterator[tuple[str, Entry]]:
    for case in root.map("cases").entries.values():
        if isinstance(case.node, Map):
            yield from case.node.map("metrics").entries.items()
            yield from case.node.map("load").map("metrics").entries.items()


def _like_the_first(name: str, node: Map, first: Map) -> Iterator[Diagnostic]:
    """One name is one metric: its values are judged, compared and tabulated together."""
    for key in ("unit", "better"):
        own, other = node.get(key), first.get(key)
        if isinstance(own, Scalar) and isinstance(other, Scalar) and own.value != other.value:
            fault = f"{shown(name)} has another {key} in another case: {shown(other.value)}"
            yield own.place.diagnostic(fault, "write the same, or call it something else")


def own_units(root: Map) -> dict[str, str]:
    """The unit in which each metric of the scenario's own is kept, by name, where it is said."""
    found: dict[str, str] = {}
    for name, entry in _defined(root):
        unit = entry.node.get("unit") if isinstance(entry.node, Map) else None
        if isinstance(unit, Scalar) and isinstance(unit.value, str):
            found.setdefault(name, kept_unit(unit.value))
    return found

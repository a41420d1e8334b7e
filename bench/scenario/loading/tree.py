"""Looks into the tree of a scenario that several checks need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.scenario.loading.wording import split_advice
from bench.yamldoc.nodes import Map, Node, Scalar, Series

if TYPE_CHECKING:
    from bench.core.errors import Diagnostic
    from bench.yamldoc.source import Place


def given_keys(node: Map, keys: tuple[str, ...]) -> list[str]:
    """Those of `keys` that `node` has."""
    return [key for key in keys if key in node.entries]


def text_of(node: Node | None) -> str | None:
    """The text of a scalar; None for anything else."""
    return node.value if isinstance(node, Scalar) and isinstance(node.value, str) else None


def labelled_fault(place: Place, label: str, advice: str) -> Diagnostic:
    """A fault at `place` that begins with what it is about."""
    message, suggestion = split_advice(advice)
    return place.diagnostic(f"`{label}`: {message}", suggestion)


def states_in(node: Node) -> set[str]:
    """The cache states that a node names."""
    several = node.items if isinstance(node, Series) else [node]
    return {text_of(state) or "" for state in several}


def cache_states_of(root: Map) -> set[str]:
    """The cache states of all cases."""
    states: set[str] = set()
    for entry in root.map("cases").entries.values():
        if not isinstance(entry.node, Map):
            continue
        node = entry.node.get("cache")
        usual = "warm" if given_keys(entry.node, ("host",)) else "cold"
        states |= states_in(node) if node else {usual}
    return states

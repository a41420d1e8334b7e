"""The defaults of a scenario, merged into each of its cases key by key; the case wins.

Mappings merge at every depth, anything else is replaced whole. What excludes each other does
not meet: a case that pulls an `image` leaves the default `build` behind, one that names a
probe leaves the default probe behind but keeps its timeout, a socket leaves a port behind, and a
stack leaves all behind that is said of one container. `key: null` in a case takes the default away.
"""

from __future__ import annotations

from bench.core.errors import ScenarioError
from bench.scenario.compose_case import BESIDE_COMPOSE
from bench.scenario.probes import ASKED, COMPOSITES, PROBES
from bench.yamldoc.nodes import Entry, Map, Node, Scalar
from bench.yamldoc.parse import MOST_NODES

_EXCLUSIVE: dict[tuple[str, ...], tuple[str, ...]] = {
    (): ("image", "build", "host", "compose"),
    ("ready",): (*PROBES, *COMPOSITES),
    **{("ready", probe): ("port", "socket") for probe in ASKED},
    ("load",): ("image", "build"),
    ("build",): ("dockerfile", "dockerfile_inline"),
    ("load", "build"): ("dockerfile", "dockerfile_inline"),
}
"""Keys of which one shuts out the others, by the path of their mapping within a case."""


def merge_defaults(root: Map) -> Map:
    """`root` with `defaults` merged into each case, and without the key `defaults`.

    Raises:
        ScenarioError: the cases would together be larger than any scenario is.
    """
    defaults, cases = root.get("defaults"), root.get("cases")
    if not isinstance(defaults, Map) or not isinstance(cases, Map):
        return root.replace({"defaults": None})
    merged: dict[str, Entry | None] = {}
    size = root.size
    for name, entry in cases.entries.items():
        node = entry.node
        if isinstance(node, Map):
            node = _merge(_for_stack(defaults) if _given(node, "compose") else defaults, node, ())
        size += node.size
        if size > MOST_NODES:
            fault = f"more than {MOST_NODES} values once the defaults are merged in"
            raise ScenarioError([entry.place.diagnostic(fault)])
        merged[name] = Entry(entry.place, node)
    together = Entry(root.entries["cases"].place, cases.replace(merged))
    return root.replace({"defaults": None, "cases": together})


def _for_stack(defaults: Map) -> Map:
    """The defaults that a stack takes: its services say the rest themselves."""
    return defaults.replace({key: None for key in defaults.entries if key not in BESIDE_COMPOSE})


def _merge(default: Node, own: Node, path: tuple[str, ...]) -> Node:
    if path in (("build",), ("load", "build")):
        default, own = long_build(default), long_build(own)
    if not isinstance(default, Map) or not isinstance(own, Map):
        return own
    exclusive = _EXCLUSIVE.get(path, ())
    chosen = any(_given(own, key) for key in exclusive)
    entries: dict[str, Entry] = {}
    for key, entry in own.entries.items():
        inherited = default.get(key)
        if inherited is None:
            entries[key] = entry
        elif _given(own, key):
            entries[key] = Entry(entry.place, _merge(inherited, entry.node, (*path, key)))
    shut_out = {*own.entries, *(exclusive if chosen else ())}
    entries |= {key: entry for key, entry in default.entries.items() if key not in shut_out}
    return Map(own.place, entries)


def _given(node: Map, key: str) -> bool:
    value = node.get(key)
    return value is not None and not (isinstance(value, Scalar) and value.value is None)


def laid_over(node: Node, upper: Node) -> Node:
    """A case with a part of a case laid over it, which wins, as a case does over the defaults."""
    return _merge(node, upper, ())


def long_build(node: Node) -> Node:
    """`build` with its context as a key, where the context alone stands for it."""
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return Map(node.place, {"context": Entry(node.place, node)})
    return node

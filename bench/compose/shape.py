"""One Compose file brought into one form, before files are merged: variables, nulls, short forms.

What two files may write in two ways (a list or a mapping, a path relative to this folder or to
that) is the same afterwards, and every node still knows its place. What has none of the forms that
are known stays as it is: validation finds it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.compose.service_shape import shaped_service, with_path
from bench.compose.texts import with_variables
from bench.yamldoc.nodes import Entry, Map, Node, Scalar, Series

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.compose.forms import Surroundings

_FROM_OUTSIDE = frozenset({"environment", "args"})
"""Mappings in which a name without a value stands for that of where bench runs."""

_NAMES = frozenset({"networks", "volumes", "configs", "secrets", "depends_on", "models"})
"""Mappings of names, of which one alone says something."""

_TEXTS = frozenset(
    {
        *_FROM_OUTSIDE, "labels", "annotations", "sysctls", "extra_hosts", "additional_contexts",
        "options", "driver_opts", "storage_opt", "ssh",
    }
)  # fmt: skip
"""Mappings of texts, whose keys are names of the user's own and whose values may be empty."""

_OF_NAMES = frozenset({*_NAMES, *_TEXTS, "services", "ulimits"})
"""Mappings whose keys are names of the user's own, which may begin with `x-`."""

_MAY_BE_EMPTY = frozenset({"command", "entrypoint", "test", "content"})
"""Keys of which an empty text says something else than none."""


def shaped(root: Map, around: Surroundings) -> Map:
    """`root` in the one form that everything after this reads."""
    written = with_variables(_without_extensions(root), around.environ, around.notes)
    assert isinstance(written, Map)
    root = _without_nulls(written, around)
    root = _each_named(root, "services", lambda service: shaped_service(service, around))
    for kind in ("networks", "volumes", "configs", "secrets"):
        root = _each_named(root, kind, _external)
    for kind in ("configs", "secrets"):
        root = _each_named(root, kind, lambda resource: with_path(resource, "file", around))
    return root


def _each_named(root: Map, kind: str, change: Callable[[Node], Node]) -> Map:
    named = root.get(kind)
    if not isinstance(named, Map):
        return root
    changed = {name: entry.holding(change(entry.node)) for name, entry in named.entries.items()}
    return root.replace({kind: root.entries[kind].holding(named.replace(changed))})


def _external(node: Node) -> Node:
    """`external: {name: …}` is an older way to write `external: true` and a name."""
    external = node.get("external") if isinstance(node, Map) else None
    if not isinstance(node, Map) or not isinstance(external, Map):
        return node
    place = node.entries["external"].place
    changes = {"external": Entry(place, Scalar(external.place, True, "true"))}
    if "name" not in node.entries and "name" in external.entries:
        changes["name"] = external.entries["name"]
    return node.replace(changes)


# Extensions and nulls


def _without_extensions(node: Map, key: str = "") -> Map:
    """`node` without the keys that begin with `x-`, but for names, which may."""
    kept: dict[str, Entry | None] = {}
    for name, entry in node.entries.items():
        is_free = name.startswith("x-") and key not in _OF_NAMES
        kept[name] = None if is_free else entry.holding(_stripped(entry.node, name))
    return node.replace(kept)


def _stripped(node: Node, key: str = "") -> Node:
    if isinstance(node, Series):
        return Series(node.place, tuple(_stripped(item) for item in node.items))
    return _without_extensions(node, key) if isinstance(node, Map) else node


def _without_nulls(node: Map, around: Surroundings, key: str = "") -> Map:
    """`node` without keys that have no value, which Compose ignores, but for names.

    So is one whose value is an empty text, as a variable leaves it that is not set.
    """
    if key in _TEXTS:
        return node
    kept: dict[str, Entry | None] = {}
    for name, entry in node.entries.items():
        inner = entry.node
        if entry.tag:
            continue
        if isinstance(inner, Scalar) and inner.value is None:
            empty = entry.holding(Map(entry.place, {}))
            kept[name] = empty if key in (*_NAMES, "services") else None
        elif isinstance(inner, Scalar) and inner.value == "" and name not in _MAY_BE_EMPTY:
            around.notes.moved(inner.place, node.place)
            kept[name] = None
        elif isinstance(inner, Map):
            kept[name] = entry.holding(_without_nulls(inner, around, name))
        elif isinstance(inner, Series):
            kept[name] = entry.holding(_items_without_nulls(inner, around))
    return node.replace(kept)


def _items_without_nulls(node: Series, around: Surroundings) -> Series:
    items: list[Node] = []
    for item in node.items:
        if isinstance(item, Scalar) and item.value is None:
            around.notes.fault(item.place, "an item without a value", "write one, or leave it out")
            items.append(item)
        else:
            items.append(_without_nulls(item, around) if isinstance(item, Map) else item)
    return Series(node.place, tuple(items))

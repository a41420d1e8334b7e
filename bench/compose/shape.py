"""One Compose file brought into one form, before files are merged: variables, paths, nulls, lists.

What two files may write in two ways (a list or a mapping, a path relative to this folder or to
that) is the same afterwards, and every node still knows its place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.scenario.interpolate import interpolate_compose
from bench.scenario.nodes import Entry, Map, Node, Scalar, Series
from bench.scenario.suggest import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bench.errors import Diagnostic
    from bench.scenario.source import Place

_FROM_OUTSIDE = ("environment", "args")
"""Mappings in which a name without a value stands for that of where bench runs."""

_NAMES = ("networks", "volumes", "configs", "secrets", "depends_on")
"""Mappings of names, of which one alone says something."""

_OF_NAMES = frozenset(
    {*_FROM_OUTSIDE, *_NAMES, "services", "extra_hosts", "sysctls", "labels", "annotations"}
)
"""Mappings whose keys are names of the user's own."""

_REMOTE = re.compile(r"[a-z+-]+://|git@|github\.com/")


@dataclass(frozen=True)
class Surroundings:
    """Where a file stands.

    Attributes:
        folder: what its relative paths start from.
        environ: what its variables are taken from.
        warnings: is given what a reader should know.
        faults: is given what is wrong.
    """

    folder: Path
    environ: Mapping[str, str]
    warnings: list[Diagnostic]
    faults: list[Diagnostic]


def shaped(root: Map, around: Surroundings) -> Map:
    """`root` in the one form that everything after this reads."""
    root = _without_nulls(_without_extensions(_replaced(root, around)), around)
    services = {
        name: Entry(entry.place, _service(entry.node, around))
        for name, entry in root.map("services").entries.items()
    }
    changes: dict[str, Entry | None] = {}
    if isinstance(root.get("services"), Map):
        changes["services"] = Entry(
            root.entries["services"].place, root.map("services").replace(services)
        )
    for kind in ("configs", "secrets"):
        if isinstance(named := root.get(kind), Map):
            files: dict[str, Entry | None] = {
                name: Entry(entry.place, _with(entry.node, "file", _absolute(around)))
                for name, entry in named.entries.items()
            }
            changes[kind] = Entry(root.entries[kind].place, named.replace(files))
    return root.replace(changes)


# Variables


def _replaced(node: Map, around: Surroundings) -> Map:
    return node.replace(
        {key: Entry(one.place, _value(one.node, around)) for key, one in node.entries.items()}
    )


def _value(node: Node, around: Surroundings) -> Node:
    if isinstance(node, Map):
        return _replaced(node, around)
    if isinstance(node, Series):
        return Series(node.place, tuple(_value(item, around) for item in node.items))
    if not isinstance(node.value, str) or "$" not in node.text:
        return node
    text, faults, unset = interpolate_compose(node.text, around.environ)
    for one in faults:
        place = node.place.find(one.written)
        around.faults.append(place.diagnostic(one.message, one.suggestion))
    for name in unset:
        said = f"the variable {name} is not set, and is taken for empty"
        around.warnings.append(
            node.place.find(name).diagnostic(said, f"write ${{{name}:-default}}")
        )
    return node if faults else Scalar(node.place, text, text)


# Extensions and nulls


def _without_extensions(node: Map, key: str = "") -> Map:
    """`node` without the keys that begin with `x-`, but for names, which may."""
    kept: dict[str, Entry | None] = {}
    for name, entry in node.entries.items():
        is_free = name.startswith("x-") and key not in _OF_NAMES
        kept[name] = None if is_free else Entry(entry.place, _stripped(entry.node, name))
    return node.replace(kept)


def _stripped(node: Node, key: str = "") -> Node:
    if isinstance(node, Series):
        return Series(node.place, tuple(_stripped(item) for item in node.items))
    return _without_extensions(node, key) if isinstance(node, Map) else node


def _without_nulls(node: Map, around: Surroundings, key: str = "") -> Map:
    """Compose takes a key without a value as one that is not there, but for names."""
    kept: dict[str, Entry | None] = {}
    for name, entry in node.entries.items():
        inner = entry.node
        if key in _FROM_OUTSIDE:
            continue
        if isinstance(inner, Scalar) and inner.value is None:
            empty = Entry(entry.place, Map(entry.place, {}))
            kept[name] = empty if key in (*_NAMES, "services") else None
        elif isinstance(inner, Map):
            kept[name] = Entry(entry.place, _without_nulls(inner, around, name))
        elif isinstance(inner, Series):
            kept[name] = Entry(entry.place, _items_without_nulls(inner, around))
    return node.replace(kept)


def _items_without_nulls(node: Series, around: Surroundings) -> Series:
    items: list[Node] = []
    for item in node.items:
        if isinstance(item, Scalar) and item.value is None:
            around.faults.append(item.place.diagnostic("an item without a value", "write one"))
        else:
            items.append(_without_nulls(item, around) if isinstance(item, Map) else item)
    return Series(node.place, tuple(items))


# Services


def _service(node: Node, around: Surroundings) -> Node:
    if not isinstance(node, Map):
        return node
    absolute = _absolute(around)
    node = _with(node, "environment", lambda one: _variables(one, around))
    node = _with(node, "build", lambda one: _build(one, around))
    node = _with(node, "env_file", lambda one: _each(one, _or_under("path", absolute)))
    node = _with(node, "volumes", lambda one: _each(one, lambda item: _mount(item, around)))
    node = _with(node, "tmpfs", lambda one: _each(one, lambda item: item))
    for key in ("configs", "secrets"):
        node = _with(node, key, lambda one: _each(one, lambda item: _with(item, "mode", _as_text)))
    for key in ("depends_on", "networks"):
        node = _with(node, key, _as_names)
    node = _with(node, "sysctls", lambda one: _pairs(one, "=", around))
    node = _with(node, "extra_hosts", lambda one: _pairs(one, ":", around))
    if isinstance(extends := node.get("extends"), Scalar):
        service = Map(extends.place, {"service": Entry(extends.place, extends)})
        node = node.replace({"extends": Entry(node.entries["extends"].place, service)})
    return node


def _with(node: Node, key: str, change: Callable[[Node], Node]) -> Map:
    """`node` with what stands under `key` changed, where it is a mapping that has it."""
    if not isinstance(node, Map) or key not in node.entries:
        return node  # type: ignore[return-value] # what is no mapping is found by its validation
    entry = node.entries[key]
    return node.replace({key: Entry(entry.place, change(entry.node))})


def _each(node: Node, change: Callable[[Node], Node]) -> Node:
    """Each item changed; one alone becomes a list."""
    if isinstance(node, Series):
        return Series(node.place, tuple(change(item) for item in node.items))
    return Series(node.place, (change(node),))


def _or_under(key: str, change: Callable[[Node], Node]) -> Callable[[Node], Node]:
    return lambda node: _with(node, key, change) if isinstance(node, Map) else change(node)


def _as_text(node: Node) -> Node:
    return Scalar(node.place, node.text, node.text) if isinstance(node, Scalar) else node


def _as_names(node: Node) -> Node:
    if not isinstance(node, Series):
        return node
    names = [item for item in node.items if isinstance(item, Scalar)]
    if len(names) < len(node.items):
        return node  # found by its validation
    return Map(node.place, {one.text: Entry(one.place, Map(one.place, {})) for one in names})


def _pairs(node: Node, separator: str, around: Surroundings) -> Node:
    """A list of NAME=value, or with the other `separator`, as a mapping."""
    if not isinstance(node, Series):
        return node
    found: dict[str, Entry] = {}
    for item in node.items:
        if not isinstance(item, Scalar):
            return node  # found by its validation
        name, mark, value = item.text.partition("=" if "=" in item.text else separator)
        if not mark or not name:
            fault = f"{shown(item.value)} is not NAME{separator}VALUE"
            around.faults.append(item.place.diagnostic(fault, "write both"))
        else:
            found[name] = Entry(item.place, Scalar(item.place, value, value))
    return Map(node.place, found)


def _variables(node: Node, around: Surroundings) -> Node:
    """Names and texts as they are written; of a name alone, the value where bench runs."""
    found: dict[str, Entry] = {}
    if isinstance(node, Map):
        for name, entry in node.entries.items():
            inner = entry.node
            text = inner.text if isinstance(inner, Scalar) and inner.value is not None else None
            if text is None and not isinstance(inner, Scalar):
                return node  # found by its validation
            _note(found, name, text, entry.place, around)
    elif isinstance(node, Series):
        for item in node.items:
            if not isinstance(item, Scalar):
                return node
            name, equals, value = item.text.partition("=")
            _note(found, name, value if equals else None, item.place, around)
    else:
        return node
    return Map(node.place, found)


def _note(
    found: dict[str, Entry], name: str, text: str | None, place: Place, around: Surroundings
) -> None:
    value = around.environ.get(name) if text is None else text
    if value is not None:
        found[name] = Entry(place, Scalar(place, value, value))


# Paths


def _absolute(around: Surroundings) -> Callable[[Node], Node]:
    def change(node: Node) -> Node:
        if not isinstance(node, Scalar) or not isinstance(node.value, str) or not node.value:
            return node
        text = str((around.folder / Path(node.value).expanduser()).absolute())
        return Scalar(node.place, text, text)

    return change


def _build(node: Node, around: Surroundings) -> Node:
    if isinstance(node, Scalar):
        node = Map(node.place, {"context": Entry(node.place, node)})
    if not isinstance(node, Map):
        return node
    context = node.get("context")
    if context is None:
        here = Scalar(node.place, ".", ".")
        node = node.replace({"context": Entry(node.place, here)})
    elif isinstance(context, Scalar) and _REMOTE.match(context.text):
        fault = "a context that is not a folder of this host"
        around.faults.append(context.place.diagnostic(fault, "fetch it, and name its folder"))
        return node
    node = _with(node, "args", lambda one: _variables(one, around))
    return _with(node, "context", _absolute(around))


def _mount(node: Node, around: Surroundings) -> Node:
    absolute = _absolute(around)
    if isinstance(node, Map):
        if isinstance(kind := node.get("type"), Scalar) and kind.value == "bind":
            node = _with(node, "source", absolute)
        return _with(node, "tmpfs", lambda one: _with(one, "mode", _as_text))
    if not isinstance(node, Scalar) or not node.text.startswith((".", "~")):
        return node
    source, colon, rest = node.text.partition(":")
    path = absolute(Scalar(node.place, source, source))
    assert isinstance(path, Scalar)
    text = f"{path.text}{colon}{rest}"
    return Scalar(node.place, text, text)

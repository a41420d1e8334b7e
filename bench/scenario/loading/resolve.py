"""From the tree as it is written to the tree as it is meant.

In this order: `x-` keys are dropped, variables replaced, environments brought into one form.
Merging the defaults is the next step, in `merge`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.scenario.loading.fields import wants_text
from bench.yamldoc.interpolate import interpolate
from bench.yamldoc.nodes import Entry, Map, Node, Scalar, Series, resolve_plain, value_of
from bench.yamldoc.suggest import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.core.errors import Diagnostic
    from bench.scenario.loading.fields import Path

_OF_BUILD = ("args", "additional_contexts", "labels")
"""Mappings of a `build` that hold texts by names."""

_VERBATIM = frozenset({"environment", *_OF_BUILD})
"""Keys whose mappings hold the user's own names, of which any may begin with `x-`."""

CONTAINERS = ("cases", "services")
"""Keys of the file that map names to containers; `defaults` is a container without a name."""


def without_extensions(root: Map) -> Map:
    """`root` without the keys that begin with `x-`, at every level."""
    kept: dict[str, Entry | None] = {
        name: None if name.startswith("x-") else Entry(entry.place, _kept(entry.node, name))
        for name, entry in root.entries.items()
    }
    return root.replace(kept)


def _kept(node: Node, key: str = "") -> Node:
    if isinstance(node, Series):
        return Series(node.place, tuple(_kept(item) for item in node.items))
    return without_extensions(node) if isinstance(node, Map) and key not in _VERBATIM else node


def with_variables(
    root: Map, environ: Mapping[str, str], faults: list[Diagnostic], path: Path = ()
) -> Map:
    """`root`, to which `path` leads, with `${VAR}` replaced in every value.

    What cannot be replaced goes to `faults`.
    """
    replaced: dict[str, Entry | None] = {
        key: Entry(entry.place, _replaced(entry.node, environ, faults, (*path, key)))
        for key, entry in root.entries.items()
    }
    return root.replace(replaced)


def _replaced(node: Node, environ: Mapping[str, str], faults: list[Diagnostic], path: Path) -> Node:
    if isinstance(node, Map):
        return with_variables(node, environ, faults, path)
    if isinstance(node, Series):
        items = [
            _replaced(item, environ, faults, (*path, index))
            for index, item in enumerate(node.items)
        ]
        return Series(node.place, tuple(items))
    if not isinstance(node.value, str):
        return node
    text, unset = interpolate(node.text, environ)
    for variable in unset:
        place = node.place.find(variable.written)
        faults.append(place.diagnostic(variable.message, variable.suggestion))
    if unset or text == node.text:
        return node
    # As in Compose, what was put in becomes a number where one is wanted, quoted or not: within
    # { } a variable must be quoted.
    return Scalar(node.place, text if wants_text(path) else resolve_plain(text), text)


def with_environments(root: Map, faults: list[Diagnostic]) -> Map:
    """`root` with every `environment`, `sysctls` and map of a `build` as texts as written.

    A number there reaches the container as it is written, so `VERSION: 1.10` stays `1.10`.
    """
    changes: dict[str, Entry | None] = {}
    for key in CONTAINERS:
        if isinstance(named := root.get(key), Map):
            containers: dict[str, Entry | None] = {
                name: Entry(entry.place, _container(entry.node, faults))
                for name, entry in named.entries.items()
            }
            changes[key] = Entry(root.entries[key].place, named.replace(containers))
    if (defaults := root.get("defaults")) is not None:
        changes["defaults"] = Entry(root.entries["defaults"].place, _container(defaults, faults))
    if isinstance(ladder := root.get("ladder"), Map) and isinstance(ladder.get("rungs"), Map):
        rungs: dict[str, Entry | None] = {
            name: Entry(entry.place, _rung(entry.node, faults))
            for name, entry in ladder.map("rungs").entries.items()
        }
        together = Entry(ladder.entries["rungs"].place, ladder.map("rungs").replace(rungs))
        changes["ladder"] = Entry(root.entries["ladder"].place, ladder.replace({"rungs": together}))
    return root.replace(changes)


def _rung(node: Node, faults: list[Diagnostic]) -> Node:
    """A rung of a ladder, which has the arguments of a build by themselves or in a build."""
    return (
        _container(_with_variables_of(node, "args", faults), faults)
        if isinstance(node, Map)
        else node
    )


def _container(node: Node, faults: list[Diagnostic]) -> Node:
    if not isinstance(node, Map):
        return node
    for key in ("environment", "sysctls"):
        node = _with_variables_of(node, key, faults)
    if isinstance(build := node.get("build"), Map):
        for key in _OF_BUILD:
            build = _with_variables_of(build, key, faults)
        node = node.replace({"build": Entry(node.entries["build"].place, build)})
    if isinstance(load := node.get("load"), Map):
        node = node.replace({"load": Entry(node.entries["load"].place, _container(load, faults))})
    return node


def _with_variables_of(node: Map, key: str, faults: list[Diagnostic]) -> Map:
    entry = node.entries.get(key)
    if entry is None:
        return node
    written = entry.node
    if isinstance(written, Series):
        written = _pairs(written, faults)
    if isinstance(written, Map):
        texts: dict[str, Entry | None] = {
            name: _as_text(name, entry, faults) for name, entry in written.entries.items()
        }
        written = written.replace(texts)
    return node.replace({key: Entry(entry.place, written)})


def _as_text(name: str, entry: Entry, faults: list[Diagnostic]) -> Entry | None:
    node = entry.node
    if not isinstance(node, Scalar):
        fault = f"`{name}`: {shown(value_of(node))} where text is expected"
        faults.append(node.place.diagnostic(fault, "put it in quotes"))
        return None
    return (
        entry
        if node.value is None
        else Entry(entry.place, Scalar(node.place, node.text, node.text))
    )


def _pairs(written: Series, faults: list[Diagnostic]) -> Map:
    entries: dict[str, Entry] = {}
    for item in written.items:
        text = item.value if isinstance(item, Scalar) else None
        name, equals, value = text.partition("=") if isinstance(text, str) else ("", "", "")
        if not equals or not name:
            what = shown(text) if isinstance(item, Scalar) else "this"
            hint = f"{text}=${{{text}}}" if isinstance(text, str) and text.isidentifier() else ""
            suggestion = f"write {hint} to take it from where bench runs" if hint else ""
            faults.append(item.place.diagnostic(f"{what} is not KEY=value", suggestion))
        elif name in entries:
            fault = f"{name} stands here twice"
            faults.append(item.place.diagnostic(fault, "keep one of them"))
        else:
            entries[name] = Entry(item.place, Scalar(item.place, value, value))
    return Map(written.place, entries)

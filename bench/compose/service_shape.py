"""One service of a Compose file in its long form: mappings for lists of pairs, absolute paths.

The forms are those of the Compose specification. A list of NAME=value becomes a mapping, one text
a list of it, a port, a mount, a device or a file the mapping of its parts.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench.compose.short_forms import device, env_file, mount, port
from bench.compose.texts import number_of, text_of
from bench.scenario.nodes import Entry, Map, Node, Scalar, Series
from bench.scenario.suggest import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bench.compose.notes import Notes
    from bench.scenario.source import Place

_REMOTE = re.compile(r"[a-z+-]+://|git@|github\.com/")
_WAITED_FOR: dict[str, str | bool] = {"condition": "service_started", "required": True}


@dataclass(frozen=True)
class Surroundings:
    """Where a file stands.

    Attributes:
        folder: what its relative paths start from.
        environ: what its variables are taken from.
        notes: is given what is wrong, and what a reader should know.
    """

    folder: Path
    environ: Mapping[str, str]
    notes: Notes


def shaped_service(node: Node, around: Surroundings) -> Node:
    """The service `node` in its long form."""
    if not isinstance(node, Map):
        return node
    absolute = partial(_absolute, around)
    texts = partial(_texts, around)
    changes: tuple[tuple[str, Callable[[Node], Node]], ...] = (
        ("environment", partial(_variables, around)),
        ("labels", texts),
        ("annotations", texts),
        ("sysctls", partial(_pairs, around, "=")),
        ("storage_opt", texts),
        ("extra_hosts", partial(_hosts, around)),
        ("build", partial(_build, around)),
        ("env_file", partial(_each, lambda one: _in(env_file(one), "path", absolute))),
        ("label_file", partial(_each, absolute)),
        ("ports", partial(_each, port)),
        ("volumes", partial(_each, partial(_mount, around))),
        ("devices", partial(_each, device)),
        ("configs", partial(_each, _source)),
        ("secrets", partial(_each, _source)),
        ("depends_on", _dependencies),
        ("networks", _names),
        ("gpus", lambda one: _each(partial(_device_options, around), _gpus(one))),
        ("deploy", partial(_deploy, around)),
    )
    for key, change in changes:
        node = _in(node, key, change)
    for key in ("tmpfs", "dns", "dns_search", "dns_opt"):
        node = _in(node, key, lambda one: _each(lambda item: item, one))
    if isinstance(extends := node.get("extends"), Scalar):
        service = Map(extends.place, {"service": Entry(extends.place, extends)})
        node = node.replace({"extends": node.entries["extends"].holding(service)})
    return node


def with_path(node: Node, key: str, around: Surroundings) -> Node:
    """`node` with the path under `key` absolute."""
    return _in(node, key, partial(_absolute, around)) if isinstance(node, Map) else node


def _in(node: Node, key: str, change: Callable[[Node], Node]) -> Map:
    """`node` with what stands under `key` changed, where it is a mapping that has it."""
    if not isinstance(node, Map) or key not in node.entries:
        return node  # type: ignore[return-value] # what is no mapping is found by its validation
    entry = node.entries[key]
    return node if entry.tag == "!reset" else node.replace({key: entry.holding(change(entry.node))})


def _each(change: Callable[[Node], Node], node: Node) -> Node:
    """Each item changed; one alone becomes a list."""
    if isinstance(node, Series):
        return Series(node.place, tuple(change(item) for item in node.items))
    return Series(node.place, (change(node),))


# Lists and mappings of names


def _names(node: Node) -> Node:
    return _mapping(node, lambda place: Map(place, {}))


def _dependencies(node: Node) -> Node:
    return _mapping(
        node,
        lambda place: Map(
            place,
            {
                key: Entry(place, Scalar(place, value, str(value).lower()))
                for key, value in _WAITED_FOR.items()
            },
        ),
    )


def _mapping(node: Node, value_at: Callable[[Place], Node]) -> Node:
    if not isinstance(node, Series):
        return node
    names = [item for item in node.items if isinstance(item, Scalar)]
    if len(names) < len(node.items):
        return node  # found by its validation
    return Map(node.place, {one.text: Entry(one.place, value_at(one.place)) for one in names})


def _source(node: Node) -> Node:
    if isinstance(node, Scalar):
        return Map(node.place, {"source": Entry(node.place, node)})
    return _in(node, "mode", _rights)


def _rights(node: Node) -> Node:
    """The rights of a file: a number as YAML 1.1 reads it, where `0440` is octal, or text."""
    if not isinstance(node, Scalar):
        return node
    number = number_of(node.text) if node.plain else None
    return Scalar(node.place, node.text if number is None else number, node.text)


def _scalar_text(node: Node) -> Node:
    return Scalar(node.place, node.text, node.text) if isinstance(node, Scalar) else node


def _deploy(around: Surroundings, node: Node) -> Node:
    devices = partial(_each, partial(_device_options, around))
    reserved = partial(_in, key="devices", change=devices)
    resources = partial(_in, key="reservations", change=reserved)
    return _in(node, "resources", resources)


def _device_options(around: Surroundings, node: Node) -> Node:
    return _in(node, "options", partial(_texts, around))


def _gpus(node: Node) -> Node:
    if not isinstance(node, Scalar) or node.value != "all":
        return node
    return Series(node.place, (Map(node.place, {"count": Entry(node.place, node)}),))


# Pairs


def _pairs(around: Surroundings, separator: str, node: Node) -> Node:
    """A list of NAME=value, or with the other `separator`, as a mapping.

    An item that is no pair is left out, and the fault is one of the list.
    """
    if isinstance(node, Map):
        return _texts(around, node)
    if not isinstance(node, Series):
        return node
    found: dict[str, Entry] = {}
    for item in node.items:
        if not isinstance(item, Scalar):
            return node  # found by its validation
        name, mark, value = item.text.partition("=" if "=" in item.text else separator)
        if not mark or not name:
            fault = f"{shown(item.value)} is not NAME{separator}VALUE"
            around.notes.fault(node.place, fault, "write both", item.place)
        else:
            found[name] = Entry(item.place, Scalar(item.place, value, value))
    return Map(node.place, found)


def _hosts(around: Surroundings, node: Node) -> Node:
    """Names, each with a list of its addresses."""
    if isinstance(node, Series):
        found: dict[str, list[Scalar]] = {}
        for item in node.items:
            pair = _pairs(around, ":", Series(node.place, (item,)))
            if not isinstance(pair, Map):
                return node
            for name, entry in pair.entries.items():
                assert isinstance(entry.node, Scalar)
                found.setdefault(name, []).append(entry.node)
        return Map(
            node.place,
            {
                name: Entry(all_[0].place, Series(all_[0].place, tuple(all_)))
                for name, all_ in found.items()
            },
        )
    if not isinstance(node, Map):
        return node
    return node.replace(
        {name: one.holding(_each(_scalar_text, one.node)) for name, one in node.entries.items()}
    )


def _texts(around: Surroundings, node: Node) -> Node:
    """A mapping, or a list of NAME=value or of names, as a mapping of texts."""
    return _variables(around, node, from_outside=False)


def _variables(around: Surroundings, node: Node, *, from_outside: bool = True) -> Node:
    """Names and texts; of a name alone, the value where bench runs, or nothing."""
    found: dict[str, Entry] = {}
    if isinstance(node, Map):
        for name, entry in node.entries.items():
            inner = entry.node
            if not isinstance(inner, Scalar):
                return node  # found by its validation
            text = None if inner.value is None else text_of(inner)
            _note(found, name, text, entry, around if from_outside else None)
    elif isinstance(node, Series):
        for item in node.items:
            if not isinstance(item, Scalar):
                return node
            name, equals, value = text_of(item).partition("=")
            text = value if equals else None
            entry = Entry(item.place, item)
            _note(found, name, text, entry, around if from_outside else None)
    else:
        return node
    return Map(node.place, found)


def _note(
    found: dict[str, Entry], name: str, text: str | None, entry: Entry, around: Surroundings | None
) -> None:
    if text is None:
        text = around.environ.get(name) if around else ""
    if entry.tag:
        found[name] = entry
    elif text is not None:
        found[name] = Entry(entry.place, Scalar(entry.node.place, text, text))


# Paths


def _absolute(around: Surroundings, node: Node) -> Node:
    if not isinstance(node, Scalar) or not isinstance(node.value, str) or not node.value:
        return node
    text = node.value
    if text == "~" or text.startswith("~/"):
        text = around.environ.get("HOME", str(Path.home())) + text[1:]
    if not text.startswith("/"):
        text = os.path.normpath(around.folder.absolute() / text)
    return Scalar(node.place, text, text)


def _build(around: Surroundings, node: Node) -> Node:
    if isinstance(node, Scalar):
        node = Map(node.place, {"context": Entry(node.place, node)})
    if not isinstance(node, Map):
        return node
    if "context" not in node.entries:
        node = node.replace({"context": Entry(node.place, Scalar(node.place, ".", "."))})
    context = node.get("context")
    if isinstance(context, Scalar) and _REMOTE.match(context.text):
        fault = "a context that is not a folder of this host"
        around.notes.fault(context.place, fault, "fetch it, and name its folder")
    else:
        node = _in(node, "context", partial(_absolute, around))
    node = _in(node, "args", partial(_variables, around))
    for key in ("labels", "additional_contexts"):
        node = _in(node, key, partial(_texts, around))
    node = _in(node, "additional_contexts", partial(_contexts, around))
    node = _in(node, "secrets", partial(_each, _source))
    node = _in(node, "ssh", partial(_keys, around))
    node = _in(node, "extra_hosts", partial(_hosts, around))
    for key in ("cache_from", "cache_to", "platforms", "tags"):
        node = _in(node, key, lambda one: _each(lambda item: item, one))
    return node


def _contexts(around: Surroundings, node: Node) -> Node:
    if not isinstance(node, Map):
        return node
    return node.replace(
        {
            name: one.holding(one.node if _is_no_path(one.node) else _absolute(around, one.node))
            for name, one in node.entries.items()
        }
    )


def _is_no_path(node: Node) -> bool:
    return isinstance(node, Scalar) and (
        _REMOTE.match(node.text) is not None or node.text.startswith("service:")
    )


def _keys(around: Surroundings, node: Node) -> Node:
    """Agents and keys for a build, by their ids; of an id alone, nothing."""
    named = _texts(around, node)
    if not isinstance(named, Map):
        return node
    return named.replace(
        {name: one.holding(_absolute(around, one.node)) for name, one in named.entries.items()}
    )


def _mount(around: Surroundings, node: Node) -> Node:
    node = mount(node, around.notes)
    if not isinstance(node, Map):
        return node
    if isinstance(kind := node.get("type"), Scalar) and kind.value == "bind":
        node = _in(node, "source", partial(_absolute, around))
    return _in(node, "tmpfs", lambda one: _in(one, "mode", _rights))

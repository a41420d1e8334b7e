"""The forms that values have in many places of a Compose file, and the one that each becomes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.compose.texts import number_of, text_of
from bench.yamldoc.nodes import Entry, Map, Node, Scalar, Series
from bench.yamldoc.suggest import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bench.compose.notes import Notes
    from bench.yamldoc.source import Place


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


def within(node: Node, key: str, change: Callable[[Node], Node]) -> Map:
    """`node` with what stands under `key` changed, where it is a mapping that has it."""
    if not isinstance(node, Map) or key not in node.entries:
        return node  # type: ignore[return-value] # what is no mapping is found by its validation
    entry = node.entries[key]
    return node if entry.tag == "!reset" else node.replace({key: entry.holding(change(entry.node))})


def each(change: Callable[[Node], Node], node: Node) -> Node:
    """Each item changed; one alone becomes a list."""
    if isinstance(node, Series):
        return Series(node.place, tuple(change(item) for item in node.items))
    return Series(node.place, (change(node),))


def mapping(node: Node, value_at: Callable[[Place], Node]) -> Node:
    """A list of names as a mapping of them."""
    if not isinstance(node, Series):
        return node
    names = [item for item in node.items if isinstance(item, Scalar)]
    if len(names) < len(node.items):
        return node  # found by its validation
    return Map(node.place, {name.text: Entry(name.place, value_at(name.place)) for name in names})


def pairs(around: Surroundings, separator: str, node: Node) -> Node:
    """A list of NAME=value, or with the other `separator`, as a mapping.

    An item that is no pair is left out, and the fault is one of the list.
    """
    if isinstance(node, Map):
        return texts(around, node)
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


def hosts(around: Surroundings, node: Node) -> Node:
    """Names, each with a list of its addresses; one of IPv6 may stand in brackets."""
    if isinstance(node, Series):
        found: dict[str, list[Scalar]] = {}
        for item in node.items:
            pair = pairs(around, ":", Series(node.place, (item,)))
            if not isinstance(pair, Map):
                return node
            for name, entry in pair.entries.items():
                assert isinstance(entry.node, Scalar)
                found.setdefault(name, []).append(_bare(entry.node))
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
        {
            name: entry.holding(
                each(lambda node: _bare(node) if isinstance(node, Scalar) else node, entry.node)
            )
            for name, entry in node.entries.items()
        }
    )


def _bare(node: Scalar) -> Scalar:
    """An address as text, without brackets around it."""
    text = node.text
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    return Scalar(node.place, text, text)


def texts(around: Surroundings, node: Node) -> Node:
    """A mapping, or a list of NAME=value or of names, as a mapping of texts."""
    return variables(around, node, from_outside=False)


def variables(around: Surroundings, node: Node, *, from_outside: bool = True) -> Node:
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


def absolute(around: Surroundings, node: Node) -> Node:
    """A path that starts from the root of the host; one that does so already stays as it is."""
    if not isinstance(node, Scalar) or not isinstance(node.value, str) or not node.value:
        return node
    text = node.value
    if text == "~" or text.startswith("~/"):
        text = around.environ.get("HOME", str(Path.home())) + text[1:]
    if not text.startswith("/"):
        text = os.path.normpath(around.folder.absolute() / text)
    return Scalar(node.place, text, text)


def source(node: Node) -> Node:
    """A config or a secret that is used, by its name alone."""
    if isinstance(node, Scalar):
        return Map(node.place, {"source": Entry(node.place, node)})
    return within(node, "mode", rights)


def rights(node: Node) -> Node:
    """The rights of a file: a number as YAML 1.1 reads it, where `0440` is octal, or text."""
    if not isinstance(node, Scalar):
        return node
    number = number_of(node.text) if node.plain else None
    return Scalar(node.place, node.text if number is None else number, node.text)

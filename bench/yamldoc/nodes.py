"""A YAML document as a tree whose every key and value knows its place in the text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bench.yamldoc.source import Place

Value = str | int | float | bool | None

_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, Value] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


def resolve_plain(text: str) -> Value:
    """The value of an unquoted `text` by YAML 1.2's core schema.

    `no`, `on` and `1:30` are text and `012` is twelve; a date is text. A number of more digits
    than any setting has stays text.
    """
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > 100:
        return text
    if _INT.fullmatch(text):
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    return float(text) if _FLOAT.fullmatch(text) else text


@dataclass(frozen=True)
class Scalar:
    """A single value.

    Attributes:
        place: where it begins.
        value: what it means.
        text: what is written, quotes and escapes resolved.
        plain: whether it was written without quotes, so that its type depends on its text.
    """

    place: Place
    value: Value
    text: str
    plain: bool = False
    size: int = field(default=1, init=False)
    depth: int = field(default=0, init=False)


@dataclass(frozen=True)
class Series:
    """A list of nodes.

    Attributes:
        place: where it begins.
        items: the nodes.
        size: number of nodes in it and below, each alias counted as what it stands for.
        depth: levels below it.
    """

    place: Place
    items: tuple[Node, ...]
    size: int = field(init=False)
    depth: int = field(init=False)

    def __post_init__(self) -> None:
        _measure(self, self.items)


@dataclass(frozen=True)
class Entry:
    """One `key: value` of a mapping, with the place of the key.

    Attributes:
        place: of the key.
        node: the value.
        tag: the YAML tag of the value, where the reader allows it; empty else.
    """

    place: Place
    node: Node
    tag: str = ""

    def holding(self, node: Node) -> Entry:
        """The same key with another value."""
        return Entry(self.place, node, self.tag)


@dataclass(frozen=True)
class Map:
    """A mapping of texts to nodes, in the order of the file; attributes as in `Series`."""

    place: Place
    entries: Mapping[str, Entry]
    size: int = field(init=False)
    depth: int = field(init=False)

    def __post_init__(self) -> None:
        _measure(self, [entry.node for entry in self.entries.values()])

    def get(self, key: str) -> Node | None:
        """The value under `key`, or None."""
        entry = self.entries.get(key)
        return entry.node if entry else None

    def map(self, key: str) -> Map:
        """The mapping under `key`; an empty one where there is none."""
        node = self.get(key)
        return node if isinstance(node, Map) else Map(self.place, {})

    def replace(self, changes: Mapping[str, Entry | None]) -> Map:
        """This mapping with entries added or put in place of others; None takes one away."""
        merged = {**self.entries, **changes}
        return Map(self.place, {key: entry for key, entry in merged.items() if entry})


Node = Scalar | Series | Map


def _measure(node: Series | Map, children: Sequence[Node]) -> None:
    object.__setattr__(node, "size", 1 + sum(child.size for child in children))
    object.__setattr__(node, "depth", 1 + max((child.depth for child in children), default=0))


def value_of(node: Node) -> Any:
    """`node` as plain dictionaries, lists and values."""
    if isinstance(node, Map):
        return {key: value_of(entry.node) for key, entry in node.entries.items()}
    if isinstance(node, Series):
        return [value_of(item) for item in node.items]
    return node.value


def locate(root: Node, path: Iterable[str | int]) -> tuple[Place, Node]:
    """Where `path` leads: the place of its last key (or item), and the node there.

    Steps that the text does not have are passed over: validators name alternatives of a
    type, and parts of a value that is written in a short form.
    """
    place, node = root.place, root
    for step in path:
        if isinstance(node, Map) and (entry := node.entries.get(str(step))):
            place, node = entry.place, entry.node
        elif isinstance(node, Series) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            place = node.place
    return place, node


def find_key(root: Node, dotted: str) -> Place | None:
    """Where the key stands that `dotted` leads to; keys may themselves contain dots."""
    return _find(root, dotted.split("."))


def _find(node: Node, keys: list[str]) -> Place | None:
    for count in range(len(keys), 0, -1):
        place, inner = locate(node, [_step(node, ".".join(keys[:count]))])
        if inner is node:
            continue
        found = _find(inner, keys[count:]) if keys[count:] else place
        if found:
            return found
    return None


def _step(node: Node, key: str) -> str | int:
    return int(key) if isinstance(node, Series) and key.isdecimal() and len(key) < 10 else key

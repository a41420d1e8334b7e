"""How one Compose file is laid over another, key by key, as the Compose specification has it.

Mappings are merged; of lists the later one's items come after those of the earlier. Some lists
stand for one value (a command), which the later replaces; in some an item has an identity (a
mount its target), and a later item takes the place of the one with the same. `!reset` takes a key
away that stands below, `!override` puts its value in the place of what stands below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.yamldoc.nodes import Entry, Map, Node, Series, value_of

if TYPE_CHECKING:
    from collections.abc import Callable

RESET, OVERRIDE = "!reset", "!override"
TAGS = (RESET, OVERRIDE)

_Path = tuple[str, ...]


_ONE_VALUE: frozenset[_Path] = frozenset(
    {
        ("services", "*", "command"),
        ("services", "*", "entrypoint"),
        ("services", "*", "healthcheck", "test"),
        ("services", "*", "ulimits", "*"),
        ("services", "*", "build", "ulimits", "*"),
    }
)


def _text(node: Node) -> object:
    return str(value_of(node))


def _part(*keys: str) -> Callable[[Node], object]:
    """A function that identifies an item by the first of `keys` that it has."""

    def identity(node: Node) -> object:
        if not isinstance(node, Map):
            return _text(node)
        return next((_text(found) for key in keys if (found := node.get(key))), None)

    return identity


def _port(node: Node) -> object:
    if not isinstance(node, Map):
        return _text(node)
    given = {key: _text(entry.node) for key, entry in node.entries.items()}
    return (
        given.get("host_ip") or "0.0.0.0",  # noqa: S104 - the address that stands for all
        given.get("published"),
        given.get("target"),
        given.get("protocol", "tcp"),
    )


_IDENTITIES: dict[_Path, Callable[[Node], object]] = {
    **{
        ("services", "*", key): _text
        for key in ("cap_add", "cap_drop", "dns", "dns_opt", "dns_search", "expose", "links",
                    "profiles", "tmpfs")
    },
    ("services", "*", "build", "tags"): _text,
    ("services", "*", "networks", "*", "aliases"): _text,
    ("services", "*", "networks", "*", "link_local_ips"): _text,
    ("services", "*", "extra_hosts", "*"): _text,
    ("services", "*", "volumes"): _part("target"),
    ("services", "*", "devices"): _part("target"),
    ("services", "*", "configs"): _part("target", "source"),
    ("services", "*", "secrets"): _part("target", "source"),
    ("services", "*", "env_file"): _part("path"),
    ("services", "*", "ports"): _port,
    ("networks", "*", "ipam", "config"): _part("subnet"),
}  # fmt: skip


def merged(below: Map, above: Map, path: _Path = ()) -> Map:
    """`above` laid over `below`, which hold what `path` leads to in a file.

    What `above` takes away or replaces it takes from what comes below the result, too: its tags
    are kept until they are `settled`.
    """
    entries = dict(below.entries)
    for name, entry in above.entries.items():
        under = entries.get(name)
        if under is None or entry.tag:
            entries[name] = entry
        else:
            node = _laid_over(under.node, entry.node, (*path, name))
            entries[name] = Entry(entry.place, node, under.tag)
    return Map(above.place, entries)


def _laid_over(below: Node, above: Node, path: _Path) -> Node:
    if _found(path, _ONE_VALUE):
        return above
    if isinstance(below, Map) and isinstance(above, Map):
        return merged(below, above, path)
    if isinstance(below, Series) and isinstance(above, Series):
        return Series(above.place, (*below.items, *above.items))
    return above


def settled_tags(node: Map) -> Map:
    """`node` without its tags, and without the keys that they take away."""
    kept: dict[str, Entry | None] = {}
    for name, entry in node.entries.items():
        inner = entry.node
        if entry.tag == RESET:
            kept[name] = None
        else:
            kept[name] = Entry(
                entry.place, settled_tags(inner) if isinstance(inner, Map) else inner
            )
    return node.replace(kept)


def once_each(node: Map, path: _Path = ()) -> Map:
    """`node` with only the last of the items that have the same identity."""
    changes: dict[str, Entry | None] = {}
    for name, entry in node.entries.items():
        inner, where = entry.node, (*path, name)
        if isinstance(inner, Map):
            changes[name] = entry.holding(once_each(inner, where))
        elif isinstance(inner, Series) and (identity := _identity(where)):
            last = {identity(item): item for item in inner.items}
            changes[name] = entry.holding(Series(inner.place, tuple(last.values())))
    return node.replace(changes)


def _identity(path: _Path) -> Callable[[Node], object] | None:
    return next(
        (identity for pattern, identity in _IDENTITIES.items() if _matches(path, pattern)), None
    )


def _found(path: _Path, patterns: frozenset[_Path]) -> bool:
    return any(_matches(path, pattern) for pattern in patterns)


def _matches(path: _Path, pattern: _Path) -> bool:
    return len(path) == len(pattern) and all(
        step in ("*", key) for key, step in zip(path, pattern, strict=True)
    )

"""Short forms of a service's ports, mounts, devices and files, as the mappings of their parts.

What has no form that is known is given back as it is, for its validation to find.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from bench.yamldoc.nodes import Entry, Map, Node, Scalar, Value
from bench.yamldoc.values import BARE_IPV6

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.compose.notes import Notes
    from bench.yamldoc.source import Place

_PORT = re.compile(
    rf"(?:(?P<ip>\d+(?:\.\d+){{3}}|\[[0-9A-Fa-f:]*\]|{BARE_IPV6})?:)?"
    r"(?:(?P<outside>\d+(?:-\d+)?)?:)?(?P<inside>\d+(?:-\d+)?)(?:/(?P<protocol>[A-Za-z]+))?"
)
_PROPAGATIONS = frozenset({"shared", "rshared", "slave", "rslave", "private", "rprivate"})
_OF_OTHER_HOSTS = frozenset({"cached", "delegated", "consistent"})
_SHORTEST_WITH_SOURCE = 3


def _map(place: Place, parts: Mapping[str, Value | Map]) -> Map:
    """A mapping of these parts, all of which stand at `place`; those that are None are left out."""
    return Map(
        place,
        {
            key: Entry(
                place,
                part if isinstance(part, Map) else Scalar(place, part, str(part), plain=False),
            )
            for key, part in parts.items()
            if part is not None
        },
    )


def port(node: Node) -> Node:
    """A published port: `[ADDRESS:][OUTSIDE:]INSIDE[/PROTOCOL]`, the ports one or a range."""
    if not isinstance(node, Scalar) or isinstance(node.value, bool | float):
        return node
    match = _PORT.fullmatch(node.text)
    if match is None:
        return node
    ip = match["ip"].strip("[]") if match["ip"] else None
    return _map(
        node.place,
        {
            "target": match["inside"],
            "published": match["outside"] or None,
            "host_ip": ip or None,
            "protocol": match["protocol"].lower() if match["protocol"] else "tcp",
        },
    )


def mount(node: Node, notes: Notes) -> Node:
    """A mount: `TARGET`, or `SOURCE:TARGET[:OPTION,…]`."""
    if isinstance(node, Map):
        target = node.get("target")
        if not isinstance(target, Scalar) or not target.text:
            return node
        clean = _clean(target.text)
        return node.replace(
            {"target": node.entries["target"].holding(Scalar(target.place, clean, clean))}
        )
    if not isinstance(node, Scalar):
        return node
    parts = node.text.split(":")
    if not all(parts) or len(parts) > _SHORTEST_WITH_SOURCE:
        return node
    if len(parts) == 1:
        return _map(node.place, {"type": "volume", "target": _clean(node.text)})
    source, path, *options = parts
    is_bind = source.startswith((".", "/", "~"))
    found: dict[str, Value | Map] = {
        "type": "bind" if is_bind else "volume",
        "source": source,
        "target": _clean(path),
    }
    bind: dict[str, Value | Map] = {"create_host_path": True} if is_bind else {}
    for option in options[0].split(",") if options else ():
        if option in ("ro", "rw"):
            found["read_only"] = option == "ro"
        elif option in ("z", "Z"):
            bind["selinux"] = option
        elif option == "nocopy":
            found["volume"] = _map(node.place, {"nocopy": True})
        elif option in _PROPAGATIONS:
            bind["propagation"] = option
        elif option not in _OF_OTHER_HOSTS:
            said = f"{option!r} is no way to mount, and is passed over, as Compose does"
            notes.warn(node.place, said, "write ro or rw")
    if bind:
        found["bind"] = _map(node.place, bind)
    return _map(node.place, found)


def _clean(path: str) -> str:
    """A path as Go cleans it: one slash at its front, no dots in it, none at its end."""
    clean = posixpath.normpath(path)
    return clean[1:] if clean.startswith("//") else clean


def device(node: Node) -> Node:
    """A device: `SOURCE[:TARGET[:PERMISSIONS]]`."""
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return node
    parts = node.text.split(":")
    if not all(parts) or len(parts) > _SHORTEST_WITH_SOURCE:
        return node
    source, target, permissions = [*parts, *["", ""]][:3]
    return _map(
        node.place,
        {"source": source, "target": target or source, "permissions": permissions or "rwm"},
    )


def env_file(node: Node) -> Node:
    """A file of variables, by its path alone."""
    return Map(node.place, {"path": Entry(node.place, node)}) if isinstance(node, Scalar) else node

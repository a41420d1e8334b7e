"""One service of a Compose file in its long form: mappings for lists of pairs, absolute paths.

The forms are those of the Compose specification. A list of NAME=value becomes a mapping, one text
a list of it, a port, a mount, a device or a file the mapping of its parts.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bench.compose.build_shape import shaped_build
from bench.compose.forms import (
    Surroundings,
    absolute,
    each,
    hosts,
    mapping,
    pairs,
    rights,
    source,
    texts,
    variables,
    within,
)
from bench.compose.short_forms import device, env_file, mount, port
from bench.yamldoc.nodes import Entry, Map, Node, Scalar, Series

if TYPE_CHECKING:
    from collections.abc import Callable

_WAITED_FOR: dict[str, str | bool] = {"condition": "service_started", "required": True}


def shaped_service(node: Node, around: Surroundings) -> Node:
    """The service `node` in its long form."""
    if not isinstance(node, Map):
        return node
    path = partial(absolute, around)
    named = partial(texts, around)
    changes: tuple[tuple[str, Callable[[Node], Node]], ...] = (
        ("environment", partial(variables, around)),
        ("labels", named),
        ("annotations", named),
        ("sysctls", partial(pairs, around, "=")),
        ("storage_opt", named),
        ("extra_hosts", partial(hosts, around)),
        ("build", partial(shaped_build, around)),
        ("env_file", partial(each, lambda files: within(env_file(files), "path", path))),
        ("label_file", partial(each, path)),
        ("ports", partial(each, port)),
        ("volumes", partial(each, partial(_mount, around))),
        ("devices", partial(each, device)),
        ("configs", partial(each, source)),
        ("secrets", partial(each, source)),
        ("depends_on", _dependencies),
        ("networks", _names),
        ("gpus", lambda gpus: each(partial(_device_options, around), _gpus(gpus))),
        ("deploy", partial(_deploy, around)),
    )
    for key, change in changes:
        node = within(node, key, change)
    for key in ("tmpfs", "dns", "dns_search", "dns_opt"):
        node = within(node, key, lambda items: each(lambda item: item, items))
    node = within(node, "dns", _without_empty)
    if isinstance(extends := node.get("extends"), Scalar):
        service = Map(extends.place, {"service": Entry(extends.place, extends)})
        node = node.replace({"extends": node.entries["extends"].holding(service)})
    return node


def with_path(node: Node, key: str, around: Surroundings) -> Node:
    """`node` with the path under `key` absolute."""
    return within(node, key, partial(absolute, around)) if isinstance(node, Map) else node


def _without_empty(node: Node) -> Node:
    """A list without the items that an unset variable has left empty."""
    if not isinstance(node, Series):
        return node
    kept = (item for item in node.items if not (isinstance(item, Scalar) and item.text == ""))
    return Series(node.place, tuple(kept))


# Lists and mappings of names


def _names(node: Node) -> Node:
    return mapping(node, lambda place: Map(place, {}))


def _dependencies(node: Node) -> Node:
    return mapping(
        node,
        lambda place: Map(
            place,
            {
                key: Entry(place, Scalar(place, value, str(value).lower()))
                for key, value in _WAITED_FOR.items()
            },
        ),
    )


def _deploy(around: Surroundings, node: Node) -> Node:
    devices = partial(each, partial(_device_options, around))
    reserved = partial(within, key="devices", change=devices)
    resources = partial(within, key="reservations", change=reserved)
    return within(node, "resources", resources)


def _device_options(around: Surroundings, node: Node) -> Node:
    return within(node, "options", partial(texts, around))


def _gpus(node: Node) -> Node:
    if not isinstance(node, Scalar) or node.value != "all":
        return node
    return Series(node.place, (Map(node.place, {"count": Entry(node.place, node)}),))


def _mount(around: Surroundings, node: Node) -> Node:
    node = mount(node, around.notes)
    if not isinstance(node, Map):
        return node
    if isinstance(kind := node.get("type"), Scalar) and kind.value == "bind":
        node = within(node, "source", partial(absolute, around))
    return within(node, "tmpfs", lambda options: within(options, "mode", rights))

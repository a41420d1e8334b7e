"""The `build` of a service in its long form."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from bench.compose.forms import absolute, each, hosts, source, texts, variables, within
from bench.yamldoc.nodes import Entry, Map, Node, Scalar

if TYPE_CHECKING:
    from bench.compose.forms import Surroundings

_REMOTE = re.compile(r"[a-z+-]+://|git@|github\.com/")


def shaped_build(around: Surroundings, node: Node) -> Node:
    """The `build` of a service in its long form; the context alone may stand for it."""
    if isinstance(node, Scalar):
        node = Map(node.place, {"context": Entry(node.place, node)})
    if not isinstance(node, Map):
        return node
    context = node.get("context")
    if isinstance(context, Scalar) and _REMOTE.match(context.text):
        fault = "a context that is not a folder of this host"
        around.notes.fault(context.place, fault, "fetch it, and name its folder")
    else:
        node = within(node, "context", partial(absolute, around))
    node = within(node, "args", partial(variables, around))
    for key in ("labels", "additional_contexts"):
        node = within(node, key, partial(texts, around))
    node = within(node, "additional_contexts", partial(_contexts, around))
    node = within(node, "secrets", partial(each, source))
    node = within(node, "ssh", partial(_keys, around))
    node = within(node, "extra_hosts", partial(hosts, around))
    for key in ("cache_from", "cache_to", "platforms", "tags"):
        node = within(node, key, lambda items: each(lambda item: item, items))
    return node


def _contexts(around: Surroundings, node: Node) -> Node:
    if not isinstance(node, Map):
        return node
    return node.replace(
        {
            name: entry.holding(
                entry.node if _is_no_path(entry.node) else absolute(around, entry.node)
            )
            for name, entry in node.entries.items()
        }
    )


def _is_no_path(node: Node) -> bool:
    return isinstance(node, Scalar) and (
        _REMOTE.match(node.text) is not None or node.text.startswith("service:")
    )


def _keys(around: Surroundings, node: Node) -> Node:
    """Agents and keys for a build, by their ids; of an id alone, nothing."""
    named = texts(around, node)
    if not isinstance(named, Map):
        return node
    return named.replace(
        {name: entry.holding(absolute(around, entry.node)) for name, entry in named.entries.items()}
    )

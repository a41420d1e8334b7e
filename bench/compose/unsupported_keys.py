"""Keys of a Compose file that bench does not honour: what it passes over, and what it refuses.

What is passed over cannot change a figure, and is said once for each place. What is refused would
make the figures those of another stack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.yamldoc.nodes import Entry, Map, Scalar, Series

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bench.core.errors import Diagnostic
    from bench.yamldoc.nodes import Node

_OWN_LABELS = "bench sets labels of its own, by which it cleans up"
_OUTPUT = "bench reads the output itself"
_NO_TERMINAL = "there is none: what waits for input ends at once, and output may come in blocks"
_PUSHED = "it is for pushing and describing images, not for running them"
_SWARM = "it is for Swarm"
_WINDOWS = "it is for Windows containers"
_OWN_NETWORKS = "a trial has networks of its own, made for it"
_OWN_VOLUMES = "a trial has volumes of its own, made for it"

_PASSED_OVER: dict[str, dict[str, str]] = {
    "file": {
        "version": "it has no meaning since Compose V2",
    },
    "services": {
        "annotations": _OWN_LABELS,
        "attach": _OUTPUT,
        "cgroup_parent": "each container of bench has a cgroup of its own, by which it is measured",
        "cpu_count": _WINDOWS,
        "cpu_percent": _WINDOWS,
        "develop": "it is for working on an application, not for measuring one",
        "expose": "services reach every port of one another",
        "isolation": _WINDOWS,
        "logging": _OUTPUT,
        "pull_policy": "what is on the host before a trial is its cache state",
        "pull_refresh_after": "what is on the host before a trial is its cache state",
        "stdin_open": _NO_TERMINAL,
        "tty": _NO_TERMINAL,
    },
    "build": {
        "isolation": _WINDOWS,
        "no_cache_filter": "images are built once a run, outside of the trials",
        "provenance": _PUSHED,
        "sbom": _PUSHED,
        "tags": _PUSHED,
    },
    "deploy": {
        "endpoint_mode": _SWARM,
        "labels": _SWARM,
        "mode": _SWARM,
        "placement": _SWARM,
        "rollback_config": _SWARM,
        "update_config": _SWARM,
    },
    "reservations": {
        "cpus": "an engine on one host reserves no cores",
        "generic_resources": _SWARM,
        "pids": "an engine on one host reserves no processes",
    },
    "networks": {
        "attachable": _SWARM,
        "enable_ipv4": "a network of bench's own has IPv4",
        "external": f"{_OWN_NETWORKS}: what is in the other one is not reached",
        "labels": _OWN_LABELS,
        "name": _OWN_NETWORKS,
    },
    "volumes": {
        "labels": _OWN_LABELS,
        "name": _OWN_VOLUMES,
    },
    "configs": {"labels": _OWN_LABELS, "name": "it is mounted by the key it stands under"},
    "secrets": {"labels": _OWN_LABELS, "name": "it is mounted by the key it stands under"},
}

_NOT_BUILT = "leave it out, or measure the service without it"
_FROM_ENGINE = "a trial begins without it; give `file`, `environment` or `content`"
_HOOK = "bench runs no hooks: do it in the image, or in a service of its own that others wait for"
_MODELS = "bench runs no Model Runner: serve the model from a container"

_REFUSED: dict[str, dict[str, str]] = {
    "services": {
        "credential_spec": f"{_WINDOWS}: leave it out",
        "external_links": "a trial has no containers of others: make it a service of this file",
        "models": _MODELS,
        "post_start": _HOOK,
        "pre_start": _HOOK,
        "pre_stop": _HOOK,
        "privileged": "a privileged container escapes its limits: add single rights with `cap_add`",
        "provider": "what a provider makes is no container: name an image",
        "use_api_socket": "mount the socket of the engine that it is to use, under `volumes`",
    },
    "build": dict.fromkeys(
        ("entitlements", "extra_hosts", "privileged", "shm_size", "ulimits"),
        "bench's builder gives a build no rights, hosts and limits of its own: leave it out",
    ),
    "configs": {"template_driver": _NOT_BUILT},
    "secrets": {
        "driver": _FROM_ENGINE,
        "driver_opts": _FROM_ENGINE,
        "template_driver": _NOT_BUILT,
    },
}

_NOTHING = frozenset({"false", "no", "off", "n", "0"})
"""Words by which a variable may say false or none."""

_NAMED = ("services", "networks", "volumes", "configs", "secrets")


def settled(root: Map, warnings: list[Diagnostic], faults: list[Diagnostic]) -> Map:
    """`root` without the keys that are not honoured.

    Args:
        root: a file, its services merged.
        warnings: is given what is passed over.
        faults: is given what is refused.
    """
    changes: dict[str, Entry | None] = {}
    for key in _NAMED:
        named = root.get(key)
        if isinstance(named, Map):
            inner: dict[str, Entry | None] = {
                name: Entry(entry.place, _settled(entry.node, key, warnings, faults))
                for name, entry in named.entries.items()
            }
            changes[key] = Entry(root.entries[key].place, named.replace(inner))
    return _without(root.replace(changes), "file", warnings, faults)


def _settled(node: Node, kind: str, warnings: list[Diagnostic], faults: list[Diagnostic]) -> Node:
    if not isinstance(node, Map):
        return node
    node = _without(node, kind, warnings, faults)
    if kind == "services":
        node = _within(node, ("build",), "build", warnings, faults)
        node = _within(node, ("deploy",), "deploy", warnings, faults)
        above = ("deploy", "resources", "reservations")
        node = _within(node, above, "reservations", warnings, faults)
    return node


def _within(
    node: Map,
    path: tuple[str, ...],
    kind: str,
    warnings: list[Diagnostic],
    faults: list[Diagnostic],
) -> Map:
    """`node` with the mapping that `path` leads to settled as a `kind`."""
    entry = node.entries.get(path[0])
    if entry is None or not isinstance(entry.node, Map):
        return node
    inner = entry.node
    if path[1:]:
        inner = _within(inner, path[1:], kind, warnings, faults)
    else:
        inner = _without(inner, kind, warnings, faults)
    return node.replace({path[0]: Entry(entry.place, inner)})


def _without(node: Map, kind: str, warnings: list[Diagnostic], faults: list[Diagnostic]) -> Map:
    passed, refused = _PASSED_OVER.get(kind, {}), _REFUSED.get(kind, {})
    for key, entry in node.entries.items():
        if key in passed and not _is_idle(entry.node):
            warnings.append(entry.place.diagnostic(f"`{key}` is passed over", passed[key]))
        elif key in refused and not _is_idle(entry.node):
            fault = f"`{key}` is known, but bench does not honour it"
            faults.append(entry.place.diagnostic(fault, refused[key]))
    return _drop(node, {*passed, *refused})


def _is_idle(node: Node) -> bool:
    """Whether it asks for nothing: false, null, or nothing in it."""
    if isinstance(node, Scalar):
        return node.value in (None, False, "") or node.text.lower() in _NOTHING
    return not (node.items if isinstance(node, Series) else node.entries)


def _drop(node: Map, keys: Iterable[str]) -> Map:
    gone: Mapping[str, Entry | None] = {key: None for key in keys if key in node.entries}
    return node.replace(gone)

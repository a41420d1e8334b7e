"""Keys of a Compose file that bench does not honour: what it passes over, and what it refuses.

What is passed over cannot change a figure, and is said once for each place. What is refused would
make the figures those of another stack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.scenario.nodes import Entry, Map, Scalar, Series

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bench.errors import Diagnostic
    from bench.scenario.nodes import Node

_OWN_LABELS = "bench sets labels of its own, by which it cleans up"
_OUTPUT = "bench reads the output itself"
_NO_TERMINAL = "there is none: what waits for input ends at once, and output may come in blocks"
_ONE_OF_EACH = "one container of each service is started"
_PUSHED = "it is for pushing and caching builds, not for running them"

_PASSED_OVER: dict[str, dict[str, str]] = {
    "file": {
        "version": "it has no meaning since Compose V2",
    },
    "services": {
        "annotations": _OWN_LABELS,
        "attach": _OUTPUT,
        "develop": "it is for working on an application, not for measuring one",
        "expose": "services reach every port of one another",
        "labels": _OWN_LABELS,
        "label_file": _OWN_LABELS,
        "logging": _OUTPUT,
        "pull_policy": "what is on the host before a trial is its cache state",
        "stdin_open": _NO_TERMINAL,
        "tty": _NO_TERMINAL,
    },
    "build": {
        "cache_from": _PUSHED,
        "cache_to": _PUSHED,
        "labels": _OWN_LABELS,
        "no_cache": "images are built once a run, outside of the trials",
        "provenance": _PUSHED,
        "pull": "images are built once a run, outside of the trials",
        "sbom": _PUSHED,
        "tags": _PUSHED,
    },
    "deploy": {
        "endpoint_mode": "it is for Swarm",
        "labels": _OWN_LABELS,
        "mode": "it is for Swarm",
        "placement": "it is for Swarm",
        "rollback_config": "it is for Swarm",
        "update_config": "it is for Swarm",
    },
    "reservations": {
        "cpus": "an engine on one host reserves no cores",
        "generic_resources": "it is for Swarm",
        "pids": "an engine on one host reserves no processes",
    },
    "networks": {
        "attachable": "it is for Swarm",
        "enable_ipv4": "a network of bench's own has IPv4",
        "external": "a trial has networks of its own, made for it",
        "ipam": "bench's engine hands addresses out of a range of its own",
        "labels": _OWN_LABELS,
        "name": "a trial has networks of its own, made for it",
    },
    "volumes": {
        "labels": _OWN_LABELS,
        "name": "a trial has volumes of its own, made for it",
    },
    "configs": {"labels": _OWN_LABELS, "name": "it is mounted by the key it stands under"},
    "secrets": {"labels": _OWN_LABELS, "name": "it is mounted by the key it stands under"},
}

_NOT_BUILT = "leave it out, or measure the service without it"
_FROM_ENGINE = "a trial begins without it; give `file`, `environment` or `content`"

_REFUSED: dict[str, dict[str, str]] = {
    "file": {"models": _NOT_BUILT},
    "services": {
        **dict.fromkeys(
            (
                "blkio_config", "cgroup", "cgroup_parent", "cpu_count", "cpu_percent",
                "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_shares",
                "credential_spec", "device_cgroup_rules", "devices", "dns", "dns_opt",
                "dns_search", "domainname", "external_links", "isolation",
                "links", "mac_address", "mem_swappiness", "memswap_limit", "models",
                "oom_kill_disable", "oom_score_adj", "pid", "post_start", "pre_start", "pre_stop",
                "provider", "runtime", "storage_opt", "use_api_socket",
                "userns_mode", "uts", "volumes_from",
            ),
            _NOT_BUILT,
        ),
        "privileged": "a privileged container escapes its limits: add single rights with `cap_add`",
    },
    "build": dict.fromkeys(
        (
            "additional_contexts", "entitlements", "extra_hosts", "isolation", "network",
            "platforms", "privileged", "secrets", "shm_size", "ssh", "ulimits",
        ),
        "bench builds with a context, a Dockerfile, arguments and a target",
    ),
    "networks": {
        "driver_opts": "a trial's networks are plain bridges: leave it out",
        "enable_ipv6": "a trial's networks have IPv4 alone: leave it out",
    },
    "volumes": {
        "driver_opts": "a trial's volumes are the engine's own: leave it out",
        "external": "a trial begins with volumes of its own: leave it out",
    },
    "configs": {"external": _FROM_ENGINE, "template_driver": _NOT_BUILT},
    "secrets": {
        "driver": _FROM_ENGINE,
        "driver_opts": _FROM_ENGINE,
        "external": _FROM_ENGINE,
        "template_driver": _NOT_BUILT,
    },
}  # fmt: skip

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
        return node.value in (None, False, "")
    return not (node.items if isinstance(node, Series) else node.entries)


def _drop(node: Map, keys: Iterable[str]) -> Map:
    gone: Mapping[str, Entry | None] = {key: None for key in keys if key in node.entries}
    return node.replace(gone)

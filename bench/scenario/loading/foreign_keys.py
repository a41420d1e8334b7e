"""Keys that people know from elsewhere: from the design of later versions, or from Compose."""

from __future__ import annotations

UNBUILT = frozenset({"depends_on"})
"""Keys that the format reserves and this version does nothing with."""

_ELSEWHERE = {
    "compose": "it stands in a case: `cases: {stack: {compose: compose.yaml}}`",
    "mem_limit": "write `limits: {memory: 8g}`",
    "mem_reservation": "write `deploy: {resources: {reservations: {memory: 1g}}}`",
    "memswap_limit": "swap is never given: the memory limit is the limit",
    "cpus": "write `limits: {cpus: 4}`",
    "cpu_count": "write `limits: {cpus: 4}`",
    "pids_limit": "write `limits: {pids: 512}`",
    "timeout": "it stands in `ready`: `ready: {timeout: 60s}`",
    "interval": "it stands in `ready` (between attempts) or in `sample` (between readings)",
    "container_name": "bench names its containers itself, so that none collides: leave it out",
    "restart": "a container that stops is a result, so bench never restarts one: leave it out",
    "networks": "every trial has a network of its own: leave it out, or see `network_mode`",
    "links": "services are reachable by their names: leave it out",
    "external_links": "services are reachable by their names: leave it out",
    "expose": "probes reach every port of a container: leave it out",
    "hostname": "the container's id is its host name, as without Compose: leave it out",
    "labels": "bench sets labels of its own, by which it cleans up: leave it out",
    "logging": "bench reads the output itself: leave it out",
    "profiles": "choose cases with `bench run --case`: leave it out",
    "pull_policy": "what is on the host before a trial is `cache: cold`, `base`, `image` or `warm`",
    "scale": "write `replicas: 3` in a case; a service runs once",
    "replicas": "how many are started at once stands in a case: `replicas: 3`",
    "matrix": "it stands in a case, which it expands into several",
    "metrics": "it stands in a case, whose output it looks through",
    "load": "it stands in a case, which it puts under load",
    "host": "it stands in a case, which it makes a plain process",
    **dict.fromkeys(
        (
            "extra_hosts",
            "dns",
            "dns_search",
            "dns_opt",
            "devices",
            "pid",
            "ipc",
            "runtime",
            "domainname",
            "userns_mode",
            "oom_score_adj",
            "annotations",
            "cgroup",
            "uts",
        ),
        "measure it as a stack, which reads Compose files: `compose: compose.yaml`",
    ),
    "extends": "write what cases share in `defaults`, or use a YAML anchor",
    "secrets": "bench mounts no secrets: give a test value in `environment` or `env_file`",
    "configs": "bench mounts no configs: bind-mount a file with `volumes`",
    "develop": "it is for working on an application, not for measuring one: leave it out",
    "attach": "bench reads the output itself: leave it out",
    "stdin_open": "nobody types into a measured container: leave it out",
    "tty": "nobody types into a measured container: leave it out",
    "privileged": "a privileged container escapes its limits: add single rights with `cap_add`",
}
_WHERE = frozenset({"Scenario", "Case", "SupportingService", "LoadTool", "Deploy"})
_COMPOSE_TOP = {
    "networks": "every trial has a network of its own: leave it out",
    "volumes": "volumes are named where they are mounted: leave it out here",
}


def foreign_key(key: str, model: str) -> tuple[str, str] | None:
    """Message and suggestion for a key that is no part of `model`, where more is known of it."""
    if model not in _WHERE:
        return None
    if key in UNBUILT:
        return f"`{key}` is known, but not built in this version", "leave it out"
    advice = (_COMPOSE_TOP if model == "Scenario" else {}).get(key) or _ELSEWHERE.get(key)
    return (f"`{key}` has no meaning here", advice) if advice else None

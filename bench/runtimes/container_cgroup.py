"""Where each runtime puts a container in the cgroup tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.cgroup.mounts import CRUN_CHILD, CgroupVersion, ContainerCgroup

if TYPE_CHECKING:
    from bench.cgroup.mounts import CgroupMounts
    from bench.runtimes.protocol import RuntimeInfo


def locate(
    mounts: CgroupMounts, container_id: str, engine: RuntimeInfo, parent: str
) -> ContainerCgroup:
    """Where the counters of a container will be, known from its id before it starts.

    Args:
        mounts: this host's mounts.
        container_id: full id.
        engine: whose container it is.
        parent: bench's cgroup for the trial, or empty where the engine takes none.
    """
    is_podman = engine.kind == "podman"
    prefix = "libpod-" if is_podman else ""
    if parent:
        return ContainerCgroup(mounts, parent, f"{parent}/{prefix}{container_id}")
    if engine.cgroup_driver != "systemd":
        group = f"/{'libpod_parent' if is_podman else 'docker'}/{prefix}{container_id}"
        return ContainerCgroup(mounts, group, group)
    if is_podman:
        group = f"/machine.slice/libpod-{container_id}.scope"
    else:
        group = f"/system.slice/docker-{container_id}.scope"
    has_child = engine.runtime == "crun" and mounts.version is CgroupVersion.V2
    return ContainerCgroup(mounts, group, group + CRUN_CHILD if has_child else group)

"""The two cgroup trees under tests/data: one recorded on v1, one written for v2."""

from __future__ import annotations

import shutil
from pathlib import Path

from bench.cgroup.mounts import CgroupMounts, CgroupVersion, ContainerCgroup

DATA = Path(__file__).parents[1] / "data"
CONTAINER_ID = "4b1d" * 16
PARENT = "/container-bench/t0001"

CONTROLLERS = {
    CgroupVersion.V1: ("memory", "cpuacct", "cpu", "pids", "blkio"),
    CgroupVersion.V2: ("memory", "cpu", "pids", "io"),
}


def mounts_of(version: CgroupVersion, root: Path | None = None) -> CgroupMounts:
    base = root or DATA / f"cgroup_{version}"
    folders = {
        controller: base / controller if version is CgroupVersion.V1 else base
        for controller in CONTROLLERS[version]
    }
    return CgroupMounts(version, folders)


def cgroup_of(
    version: CgroupVersion, root: Path | None = None, *, own_parent: bool = True
) -> ContainerCgroup:
    """The container of the tree: below bench's parent, or with a cgroup of its own only."""
    child = f"{PARENT}/{CONTAINER_ID}"
    return ContainerCgroup(mounts_of(version, root), PARENT if own_parent else child, child)


def copy_of(version: CgroupVersion, folder: Path) -> Path:
    """A copy of the tree that a test may change."""
    shutil.copytree(DATA / f"cgroup_{version}", folder / str(version))
    return folder / str(version)

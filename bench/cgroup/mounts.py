"""Cgroup mounts that hold the counters of a container, and a parent cgroup of bench's own.

The parent is made before the container exists, so its files can be opened before the start,
and its hierarchical counters and high-water mark outlive the container.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bench.core.errors import HostError

PARENT_NAME = "container-bench"
CRUN_CHILD = "/container"
"""The cgroup that crun makes in a systemd scope on v2: it holds the processes, both have limits."""

_V1_CONTROLLERS = ("memory", "cpuacct", "cpu", "pids", "blkio")
_V2_CONTROLLERS = ("memory", "cpu", "pids", "io")


class CgroupVersion(StrEnum):
    """Which interface the controllers are on; a hybrid host has them on v1."""

    V1 = "v1"
    V2 = "v2"


@dataclass(frozen=True)
class CgroupMounts:
    """Where controllers are mounted: one folder each on v1, the same one for all on v2."""

    version: CgroupVersion
    controllers: dict[str, Path]

    def path(self, controller: str, cgroup: str) -> Path:
        """The folder of `cgroup` (an absolute cgroup path) in a controller's hierarchy."""
        return self.controllers[controller] / cgroup.lstrip("/")


def find_mounts(mounts: str | None = None) -> CgroupMounts | None:
    """The cgroup mounts in `mounts` (the text of /proc/self/mounts), None where there are none.

    A host with v1 controllers counts as v1, whatever else it mounts beside them.
    """
    if mounts is None:
        mounts = Path("/proc/self/mounts").read_text()
    v1: dict[str, Path] = {}
    unified: Path | None = None
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 4:
            continue
        target = Path(re.sub(r"\\(\d{3})", lambda m: chr(int(m[1], 8)), fields[1]))
        if fields[2] == "cgroup":
            for controller in set(fields[3].split(",")) & set(_V1_CONTROLLERS):
                v1.setdefault(controller, target)
        elif fields[2] == "cgroup2":
            unified = unified or target
    if "memory" in v1 and "cpuacct" in v1:
        return CgroupMounts(CgroupVersion.V1, v1)
    if unified is not None:
        return CgroupMounts(CgroupVersion.V2, dict.fromkeys(_V2_CONTROLLERS, unified))
    return None


@dataclass(frozen=True)
class ContainerCgroup:
    """Where one container's counters are found.

    Attributes:
        group: the cgroup whose hierarchical counters are read: bench's parent where there is
            one, else the container's own.
        child: the container's own cgroup, for what does not add up hierarchically.
    """

    mounts: CgroupMounts
    group: str
    child: str

    @property
    def outlives_container(self) -> bool:
        """Whether the counters can still be read after the container has gone."""
        return self.group not in (self.child, self.child.removesuffix(CRUN_CHILD))


def make_parent(mounts: CgroupMounts, name: str) -> str:
    """Make bench's cgroup for one trial and return its path, such as `/container-bench/t3`.

    Raises:
        HostError: not permitted here.
    """
    cgroup = f"/{PARENT_NAME}/{name}"
    try:
        if mounts.version is CgroupVersion.V2:
            root = mounts.controllers["memory"]
            for folder in (root, root / PARENT_NAME, root / PARENT_NAME / name):
                folder.mkdir(exist_ok=True)
                _delegate(folder)
        else:
            for controller in mounts.controllers:
                mounts.path(controller, cgroup).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HostError(
            f"cgroup {cgroup}", f"cannot be made: {error.strerror}", "run bench as root"
        ) from error
    return cgroup


def _delegate(folder: Path) -> None:
    """Switch the controllers on for the children of a v2 cgroup."""
    available = (folder / "cgroup.controllers").read_text().split()
    for controller in _V2_CONTROLLERS:
        if controller in available:
            (folder / "cgroup.subtree_control").write_text(f"+{controller}")


def remove_parent(mounts: CgroupMounts, cgroup: str, patience_s: float = 2.0) -> None:
    """Remove a trial's cgroup; a container that is still being taken down is waited for."""
    deadline = time.monotonic() + patience_s
    for base in {mounts.path(controller, cgroup) for controller in mounts.controllers}:
        while base.exists():
            for child in [*base.iterdir(), base]:
                with contextlib.suppress(OSError):
                    if child.is_dir():
                        child.rmdir()
            if time.monotonic() > deadline:
                break
            if base.exists():
                time.sleep(0.02)


def takes_parent(driver: str) -> bool:
    """Whether a parent of bench's own can be used: systemd wants slices that it made itself."""
    return driver == "cgroupfs" and os.geteuid() == 0

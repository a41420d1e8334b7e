"""Resources that runs leave on engines and in cgroups, and their removal.

Everything that bench creates carries its label with the id of a run; nothing else is touched.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from bench.cgroup.mounts import PARENT_NAME, remove_parent
from bench.runtimes.process.cgroup import abandoned
from bench.runtimes.protocol import LABEL, OwnedKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.cgroup.mounts import CgroupMounts
    from bench.runtimes.protocol import Runtime

KEPT = "kept"
"""Label value instead of a run's id, on images that the private builder keeps as its cache."""

_TRIAL = re.compile(r"(?P<run>.*)-t\d{4,}(?:[-.].*)?")
"""The name of a trial's cgroup: run, trial, and replica, service or attempt."""


def remove_from(
    runtime: Runtime, is_left: Callable[[str], bool], *, images: bool = True
) -> list[str]:
    """Remove resources that runs have left on a runtime.

    Args:
        runtime: the runtime.
        is_left: whether the resources of the run with this id are to be removed.
        images: whether its images are removed too.

    Returns:
        A description of what was removed.

    Raises:
        EngineError: something cannot be removed.
    """
    removed = []
    for item in runtime.owned(LABEL):
        is_image = item.kind is OwnedKind.IMAGE
        if (is_image and (not images or item.run_id == KEPT)) or not is_left(item.run_id):
            continue
        runtime.remove(item)
        removed.append(str(item))
    return removed


def remove_processes(mounts: CgroupMounts | None) -> list[str]:
    """Kill the plain processes of bench processes that have ended; only root can have started any.

    Raises:
        HostError: a process does not end after being killed.
    """
    if mounts is None or os.geteuid() != 0:
        return []
    removed = []
    for cgroup in abandoned(mounts):
        count = len(cgroup.processes())
        cgroup.kill()
        cgroup.remove()
        remove_parent(mounts, cgroup.path.rpartition("/")[0])
        removed.append(f"{count} process{'' if count == 1 else 'es'} in {cgroup.path}")
    return removed


def remove_cgroups(mounts: CgroupMounts | None, is_left: Callable[[str], bool]) -> list[str]:
    """Remove the cgroups of runs' trials, the only ones below bench's parent cgroup."""
    if mounts is None:
        return []
    bases = {mounts.path(controller, PARENT_NAME) for controller in mounts.controllers}
    names = {
        folder.name
        for base in bases
        if base.exists()
        for folder in base.iterdir()
        if folder.is_dir()
    }
    left = sorted(name for name in names if is_left(_run_of(name)))
    for name in left:
        remove_parent(mounts, f"/{PARENT_NAME}/{name}")
    return [f"cgroup {name}" for name in left]


def _run_of(name: str) -> str:
    found = _TRIAL.fullmatch(name)
    return found["run"] if found else name

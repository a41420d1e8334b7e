"""A cgroup of this kernel for tests that need a real one."""

from __future__ import annotations

import os

import pytest

from bench.cgroup import mounts as module
from bench.cgroup.mounts import ContainerCgroup, find_mounts, make_parent, remove_parent
from bench.core.errors import HostError


@pytest.fixture
def container(monkeypatch):
    """A cgroup of the shape that a container of a trial has, outside bench's own tree."""
    mounts = find_mounts()
    if mounts is None or os.geteuid() != 0:
        pytest.skip("needs root and cgroups")
    monkeypatch.setattr(module, "PARENT_NAME", f"container-bench-unit-{os.getpid()}")
    try:
        group = make_parent(mounts, "t0001")
    except HostError as error:
        pytest.skip(f"no cgroup can be made here: {error.cause}")
    found = ContainerCgroup(mounts, group, f"{group}/worker")
    folders = {mounts.path(name, found.child) for name in mounts.controllers}
    for folder in folders:
        folder.mkdir()
    yield found
    remove_parent(mounts, group)
    for name in set(mounts.controllers.values()):
        (name / module.PARENT_NAME).rmdir()

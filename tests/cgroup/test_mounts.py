"""Where counters stand: mounts of every kind of host, and bench's own parent cgroup."""

from __future__ import annotations

import dataclasses
import errno
import os
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from bench.cgroup.mounts import CgroupVersion, find_mounts, make_parent, remove_parent, takes_parent
from bench.core.errors import HostError
from bench.runtimes.known import ENGINES
from tests.fakes import FACTS
from tests.sampling.trees import CONTAINER_ID, DATA, mounts_of

if TYPE_CHECKING:
    from bench.cgroup.mounts import CgroupMounts, ContainerCgroup

V1, V2 = CgroupVersion.V1, CgroupVersion.V2


def locate(
    mounts: CgroupMounts, kind: str, driver: str, runtime: str = "runc", parent: str = ""
) -> ContainerCgroup:
    """Where an engine of that kind has a container."""
    info = dataclasses.replace(FACTS, kind=kind, cgroup_driver=driver, runtime=runtime)
    client: Any = SimpleNamespace(api=None, info=info)
    return ENGINES[kind].runtime(client).workload(CONTAINER_ID).cgroup(mounts, parent)


def test_a_hybrid_host_counts_as_v1():
    mounts = find_mounts((DATA / "cgroup_v1" / "mounts").read_text())
    assert mounts is not None
    assert mounts.version is V1
    assert mounts.controllers == {
        name: Path("/sys/fs/cgroup", name) for name in ("cpu", "cpuacct", "memory", "blkio", "pids")
    }


def test_a_host_with_v2_alone_has_every_controller_in_one_place():
    mounts = find_mounts((DATA / "cgroup_v2" / "mounts").read_text())
    assert mounts is not None
    assert mounts.version is V2
    assert set(mounts.controllers.values()) == {Path("/sys/fs/cgroup")}
    assert mounts.path("memory", "/a/b") == Path("/sys/fs/cgroup/a/b")


def test_controllers_that_are_mounted_together_share_a_folder():
    text = (
        "cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\n"
        "cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,nosuid,cpu,cpuacct 0 0\n"
        "cgroup /sys/fs/cgroup/net_cls,net_prio cgroup rw,net_cls,net_prio 0 0\n"
    )
    mounts = find_mounts(text)
    assert mounts is not None
    assert mounts.controllers["cpu"] == mounts.controllers["cpuacct"]
    assert set(mounts.controllers) == {"memory", "cpu", "cpuacct"}


def test_a_v1_mount_without_controllers_leaves_a_host_on_v2():
    text = (
        "cgroup /sys/fs/cgroup/systemd cgroup rw,xattr,name=systemd 0 0\n"
        "cgroup /sys/fs/cgroup/net_cls cgroup rw,net_cls 0 0\n"
        "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n"
    )
    mounts = find_mounts(text)
    assert mounts is not None
    assert mounts.version is V2


def test_the_first_mount_of_a_controller_is_taken():
    text = (
        "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n"
        "cgroup2 /var/lib/machines/other/cgroup cgroup2 rw 0 0\n"
    )
    mounts = find_mounts(text)
    assert mounts is not None
    assert mounts.controllers["cpu"] == Path("/sys/fs/cgroup")


def test_a_path_with_a_space_is_read_as_the_kernel_writes_it():
    mounts = find_mounts(r"cgroup2 /mnt/my\040groups cgroup2 rw 0 0")
    assert mounts is not None
    assert mounts.controllers["memory"] == Path("/mnt/my groups")


@pytest.mark.parametrize("text", ["", "proc /proc proc rw 0 0\n", "damaged\n", "cgroup2 /x\n"])
def test_a_host_without_cgroups_has_none(text):
    assert find_mounts(text) is None


def test_the_mounts_of_this_host_can_be_read():
    mounts = find_mounts()
    assert mounts is None or mounts.controllers["memory"].is_dir()


@pytest.mark.parametrize(
    ("driver", "kind", "path"),
    [
        ("cgroupfs", "docker", f"/docker/{CONTAINER_ID}"),
        ("systemd", "docker", f"/system.slice/docker-{CONTAINER_ID}.scope"),
        ("cgroupfs", "podman", f"/libpod_parent/libpod-{CONTAINER_ID}"),
        ("systemd", "podman", f"/machine.slice/libpod-{CONTAINER_ID}.scope"),
    ],
)
def test_a_containers_cgroup_is_known_from_its_id(driver, kind, path):
    found = locate(mounts_of(V2), kind, driver)
    assert (found.group, found.child) == (path, path)
    assert not found.outlives_container


@pytest.mark.parametrize(("version", "child"), [(V1, ""), (V2, "/container")])
def test_on_v2_crun_runs_it_in_a_child_of_the_scope_that_systemd_made(version, child):
    found = locate(mounts_of(version), "podman", "systemd", "crun")
    assert found.group == f"/machine.slice/libpod-{CONTAINER_ID}.scope"
    assert found.child == found.group + child
    assert not found.outlives_container


def test_below_bench_the_counters_outlive_the_container():
    found = locate(mounts_of(V1), "docker", "cgroupfs", parent="/container-bench/t3")
    assert found.group == "/container-bench/t3"
    assert found.child == f"/container-bench/t3/{CONTAINER_ID}"
    assert found.outlives_container


def test_below_bench_podmans_monitor_is_not_counted():
    found = locate(mounts_of(V1), "podman", "cgroupfs", parent="/container-bench/t3")
    assert found.group == found.child == f"/container-bench/t3/libpod-{CONTAINER_ID}"
    assert not found.outlives_container


def test_only_root_with_cgroupfs_has_a_parent_of_its_own(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert takes_parent("cgroupfs")
    assert not takes_parent("systemd")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert not takes_parent("cgroupfs")


# the parent


def test_on_v1_the_parent_is_made_for_every_controller(tmp_path):
    mounts = mounts_of(V1, tmp_path)
    assert make_parent(mounts, "t0001") == "/container-bench/t0001"
    made = {one.parent.parent.name for one in tmp_path.glob("*/container-bench/t0001")}
    assert made == set(mounts.controllers)
    make_parent(mounts, "t0001")


def test_on_v2_the_controllers_that_there_are_are_handed_down(tmp_path):
    folders = [tmp_path, tmp_path / "container-bench", tmp_path / "container-bench" / "t0001"]
    for folder in folders:
        folder.mkdir(exist_ok=True)
        (folder / "cgroup.controllers").write_text("cpuset cpu memory misc\n")
    make_parent(mounts_of(V2, tmp_path), "t0001")
    # a plain file keeps only the last of several writes; the kernel adds them up
    assert [(folder / "cgroup.subtree_control").read_text() for folder in folders] == ["+cpu"] * 3


def test_where_none_can_be_made_the_remedy_is_root(tmp_path):
    (tmp_path / "memory").write_text("in the way")
    with pytest.raises(HostError, match="/container-bench/t0001: cannot be made") as caught:
        make_parent(mounts_of(V1, tmp_path), "t0001")
    assert "root" in caught.value.remedy


@pytest.mark.parametrize("version", [V1, V2])
def test_a_parent_is_removed_with_what_the_container_left(tmp_path, version):
    mounts = mounts_of(version, tmp_path)
    for controller in mounts.controllers:
        (mounts.path(controller, "/container-bench/t0001") / CONTAINER_ID).mkdir(
            parents=True, exist_ok=True
        )
        (mounts.path(controller, "/container-bench/other")).mkdir(exist_ok=True)
    remove_parent(mounts, "/container-bench/t0001")
    assert not list(tmp_path.rglob("t0001"))
    assert list(tmp_path.rglob("other"))


def test_removing_an_absent_parent_is_fine(tmp_path):
    remove_parent(mounts_of(V2, tmp_path), "/container-bench/t0001")


def test_a_container_that_stays_is_not_waited_for_without_end(tmp_path):
    mounts = mounts_of(V2, tmp_path)
    stays = mounts.path("memory", "/container-bench/t0001") / CONTAINER_ID / "busy"
    stays.mkdir(parents=True)
    remove_parent(mounts, "/container-bench/t0001", patience_s=0.0)
    assert stays.exists()


def test_a_container_that_is_still_going_is_waited_for(tmp_path, monkeypatch):
    mounts = mounts_of(V2, tmp_path)
    child = mounts.path("memory", "/container-bench/t0001") / CONTAINER_ID
    child.mkdir(parents=True)
    busy = iter([True, True])
    really = Path.rmdir

    def rmdir(path: Path) -> None:
        if path == child and next(busy, False):
            raise OSError(errno.EBUSY, "Device or resource busy")
        really(path)

    monkeypatch.setattr(Path, "rmdir", rmdir)
    monkeypatch.setattr("time.sleep", lambda _: None)
    remove_parent(mounts, "/container-bench/t0001")
    assert not child.parent.exists()

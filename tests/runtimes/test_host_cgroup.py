"""The cgroup of a plain process: limits, members and kills, on trees of both versions."""

from __future__ import annotations

import os
import signal

import pytest

from bench.cgroup.mounts import PARENT_NAME, CgroupMounts, CgroupVersion
from bench.core.errors import HostError
from bench.runtimes.process.cgroup import ProcessCgroup, abandoned, new_name
from tests.sampling.trees import CONTROLLERS, mounts_of

V1, V2 = CgroupVersion.V1, CgroupVersion.V2
PATH = f"/{PARENT_NAME}/run-t0001/host-1-2-ab"


@pytest.fixture(params=[V1, V2])
def tree(request, tmp_path) -> CgroupMounts:
    mounts = mounts_of(request.param, tmp_path)
    for controller in CONTROLLERS[request.param]:
        mounts.path(controller, PATH).mkdir(parents=True, exist_ok=True)
    return mounts


def written(mounts: CgroupMounts, controller: str, name: str) -> str:
    return (mounts.path(controller, PATH) / name).read_text()


def test_limits_are_written_in_the_words_of_the_version(tree):
    swap = "memory.swap.max" if tree.version is V2 else "memory.memsw.limit_in_bytes"
    (tree.path("memory", PATH) / swap).write_text("")
    ProcessCgroup(tree, PATH).make(memory_bytes=2**26, cpus=0.5, pids=20)
    assert written(tree, "pids", "pids.max") == "20"
    if tree.version is V2:
        assert written(tree, "memory", "memory.max") == "67108864"
        assert written(tree, "memory", swap) == "0"
        assert written(tree, "cpu", "cpu.max") == "50000 100000"
    else:
        assert written(tree, "memory", "memory.limit_in_bytes") == "67108864"
        assert written(tree, "memory", swap) == "67108864"
        assert written(tree, "cpu", "cpu.cfs_quota_us") == "50000"
        assert written(tree, "cpu", "cpu.cfs_period_us") == "100000"


def test_without_limits_nothing_is_written(tree):
    ProcessCgroup(tree, PATH).make(memory_bytes=None, cpus=None, pids=None)
    assert not list(tree.path("memory", PATH).iterdir())


def test_a_kernel_without_a_limit_of_swap_is_no_fault(tree):
    ProcessCgroup(tree, PATH).make(memory_bytes=2**26, cpus=None, pids=None)
    assert not list(tree.path("memory", PATH).glob("*sw*"))


def test_a_limit_that_the_kernel_does_not_take_is_said(tree):
    (tree.path("pids", PATH) / "pids.max").mkdir()
    with pytest.raises(HostError, match="cannot be made under its limits"):
        ProcessCgroup(tree, PATH).make(memory_bytes=None, cpus=None, pids=5)


def test_a_process_is_moved_in_every_hierarchy(tree):
    cgroup = ProcessCgroup(tree, PATH)
    cgroup.take(4711)
    for controller in CONTROLLERS[tree.version]:
        assert written(tree, controller, "cgroup.procs") == "4711"
    assert cgroup.processes() == [4711]


def test_the_kernels_count_of_kills_for_memory_is_read(tree):
    cgroup = ProcessCgroup(tree, PATH)
    assert cgroup.oom_kills() == 0
    name = "memory.events" if tree.version is V2 else "memory.oom_control"
    (tree.path("memory", PATH) / name).write_text("under_oom 0\noom_kill 3\n")
    assert cgroup.oom_kills() == 3


def test_all_in_it_are_killed_until_it_is_empty(tree, monkeypatch):
    cgroup, killed = ProcessCgroup(tree, PATH), []
    file = tree.path("memory", PATH) / "cgroup.procs"
    file.write_text("10\n11\n")

    def kill(pid: int, number: int) -> None:
        killed.append((pid, number))
        file.write_text({10: "11\n12\n", 11: "12\n", 12: ""}[pid])  # one of them had a child

    monkeypatch.setattr(os, "kill", kill)
    cgroup.kill()
    assert killed[-1] == (12, signal.SIGKILL)
    assert cgroup.processes() == []


def test_what_does_not_end_is_named(tree, monkeypatch):
    (tree.path("memory", PATH) / "cgroup.procs").write_text("10\n")
    monkeypatch.setattr(os, "kill", lambda *_: None)
    with pytest.raises(HostError, match="process 10: does not end"):
        ProcessCgroup(tree, PATH).kill(patience_s=0.0)


def test_a_name_is_used_once():
    assert new_name() != new_name()


def test_only_what_no_living_bench_owns_is_abandoned(tree):
    base = tree.path("memory", f"{PARENT_NAME}/run-t0001")
    mine = new_name()
    for name in (mine, "host-99999999-5-ab", f"host-{os.getpid()}-1-cd", "4b1d4b1d"):
        (base / name).mkdir()
    found = {one.path.rpartition("/")[2] for one in abandoned(tree)}
    assert found == {"host-99999999-5-ab", f"host-{os.getpid()}-1-cd", "host-1-2-ab"}


def test_a_cgroup_that_is_gone_has_nobody_in_it(tmp_path):
    mounts = mounts_of(V2, tmp_path)
    cgroup = ProcessCgroup(mounts, "/container-bench/x/host-1-2-ab")
    assert cgroup.processes() == []
    assert cgroup.oom_kills() == 0
    cgroup.remove()

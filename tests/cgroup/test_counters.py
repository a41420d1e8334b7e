"""The kernel's counter files, on the recorded v1 tree and the v2 tree."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from bench.cgroup.counters import CounterFiles, applied_limits
from bench.cgroup.mounts import CgroupMounts, CgroupVersion, ContainerCgroup
from tests.sampling.trees import CONTAINER_ID, PARENT, cgroup_of, copy_of

V1, V2 = CgroupVersion.V1, CgroupVersion.V2
VERSIONS = pytest.mark.parametrize("version", [V1, V2])

EXPECTED = {
    V1: {
        "memory_usage_bytes": 24_821_760,
        "memory_anon_bytes": 21_086_208,
        "memory_shmem_bytes": 3_145_728,
        "memory_file_bytes": 3_149_824,
        "memory_inactive_file_bytes": 4096,
        "memory_kernel_bytes": 118_784,
        "cpu_ns": 584_701_411,
        "tasks": 2,
        "throttled_ns": 129_601_867,
        "throttled_n": 7,
        "quota_periods_n": 13,
        "oom_kills": 1,
    },
    V2: {
        "memory_usage_bytes": 61_865_984,
        "memory_anon_bytes": 42_991_616,
        "memory_shmem_bytes": 3_145_728,
        "memory_file_bytes": 14_602_240,
        "memory_inactive_file_bytes": 7_340_032,
        "memory_kernel_bytes": 1_064_960,
        "memory_slab_reclaimable_bytes": 163_840,
        "cpu_ns": 1_745_678_000,
        "tasks": 5,
        "io_read_bytes": 9_043_968 + 57_344,
        "io_write_bytes": 4_194_304 + 1_048_576,
        "pressure_cpu_us": 812_345,
        "pressure_memory_us": 90_412,
        "pressure_io_us": 1807,
        "oom_kills": 1,
        "throttled_ns": 6_102_906_000,
        "throttled_n": 83,
        "quota_periods_n": 87,
    },
}
PEAKS = {V1: 67_371_008, V2: 67_108_864}


@pytest.fixture
def opened():
    made: list[CounterFiles] = []

    def open_files(cgroup: ContainerCgroup) -> CounterFiles:
        made.append(CounterFiles(cgroup))
        return made[-1]

    yield open_files
    for one in made:
        one.close()


def columns(files: CounterFiles) -> dict[str, int]:
    return files.parse(files.read())


@VERSIONS
def test_every_counter_of_a_tree_is_read(opened, version):
    """Group and container differ: usage comes from the group, what it is made of and throttling
    from the container."""
    assert columns(opened(cgroup_of(version))) == EXPECTED[version]


@VERSIONS
def test_the_kernels_high_water_mark_is_that_of_the_group(opened, version):
    assert opened(cgroup_of(version)).high_water() == {"memory_peak_bytes": PEAKS[version]}


@VERSIONS
def test_the_method_names_the_version(opened, version):
    assert opened(cgroup_of(version)).method == f"cgroup-{version}"


def test_on_v1_block_io_is_not_measured_though_the_file_is_there(opened):
    found = columns(opened(cgroup_of(V1)))
    assert not [name for name in found if name.startswith("io_")]


@VERSIONS
def test_cpu_time_is_read_afresh_beside_the_sampler(opened, version, tmp_path):
    root = copy_of(version, tmp_path)
    files = opened(cgroup_of(version, root))
    assert files.cpu_ns() == EXPECTED[version]["cpu_ns"]
    for path in [*root.rglob("cpuacct.usage"), *root.rglob("cpu.stat")]:
        path.unlink()
    assert files.cpu_ns() is None


FILES = {
    V1: {
        "memory.usage_in_bytes": {"memory_usage_bytes"},
        "memory.stat": {name for name in EXPECTED[V1] if name.startswith("memory_")}
        - {"memory_usage_bytes", "memory_kernel_bytes"},
        "memory.kmem.usage_in_bytes": {"memory_kernel_bytes"},
        "cpuacct.usage": {"cpu_ns"},
        "pids.current": {"tasks"},
        "cpu.stat": {"throttled_ns", "throttled_n", "quota_periods_n"},
        "memory.oom_control": {"oom_kills"},
    },
    V2: {
        "memory.current": {"memory_usage_bytes"},
        "memory.stat": {name for name in EXPECTED[V2] if name.startswith("memory_")}
        - {"memory_usage_bytes"},
        "cpu.stat": {"cpu_ns", "throttled_ns", "throttled_n", "quota_periods_n"},
        "pids.current": {"tasks"},
        "io.stat": {"io_read_bytes", "io_write_bytes"},
        "cpu.pressure": {"pressure_cpu_us"},
        "memory.pressure": {"pressure_memory_us"},
        "io.pressure": {"pressure_io_us"},
        "memory.events": {"oom_kills"},
    },
}


@pytest.mark.parametrize(
    ("version", "name"), [(version, name) for version, names in FILES.items() for name in names]
)
def test_what_a_kernel_does_not_have_is_absent_and_never_zero(opened, version, name, tmp_path):
    root = copy_of(version, tmp_path)
    for path in root.rglob(name):
        path.unlink()
    found = columns(opened(cgroup_of(version, root)))
    assert set(EXPECTED[version]) - set(found) == FILES[version][name]


@pytest.mark.parametrize("key", ["kernel ", "anon ", "shmem "])
def test_a_line_that_an_older_kernel_does_not_write_is_absent(opened, key, tmp_path):
    root = copy_of(V2, tmp_path)
    path = root / PARENT.lstrip("/") / CONTAINER_ID / "memory.stat"
    lines = [line for line in path.read_text().splitlines(True) if not line.startswith(key)]
    path.write_text("".join(lines))
    found = columns(opened(cgroup_of(V2, root)))
    assert set(EXPECTED[V2]) - set(found) == {f"memory_{key.strip()}_bytes"}


def test_a_kernel_before_5_19_keeps_no_high_water_mark(opened, tmp_path):
    root = copy_of(V2, tmp_path)
    (root / PARENT.lstrip("/") / "memory.peak").unlink()
    assert opened(cgroup_of(V2, root)).high_water() == {}


def test_a_container_that_touched_no_disk_has_read_and_written_nothing(opened, tmp_path):
    root = copy_of(V2, tmp_path)
    (root / PARENT.lstrip("/") / "io.stat").write_text("")
    found = columns(opened(cgroup_of(V2, root)))
    assert (found["io_read_bytes"], found["io_write_bytes"]) == (0, 0)


@pytest.mark.parametrize("name", ["memory.current", "pids.current"])
def test_a_value_that_is_no_number_is_absent(opened, name, tmp_path):
    root = copy_of(V2, tmp_path)
    (root / PARENT.lstrip("/") / name).write_text("max\n")
    found = columns(opened(cgroup_of(V2, root)))
    assert len(set(EXPECTED[V2]) - set(found)) == 1


@VERSIONS
def test_files_may_appear_while_the_sampler_runs(opened, version, tmp_path):
    """The group is there before the start; the container's own cgroup comes with it."""
    root = copy_of(version, tmp_path)
    hidden = tmp_path / "hidden"
    children = list(root.rglob(CONTAINER_ID))
    for number, child in enumerate(children):
        child.rename(hidden.with_name(f"hidden{number}"))
    files = opened(cgroup_of(version, root))
    assert "throttled_ns" not in columns(files)
    for number, child in enumerate(children):
        hidden.with_name(f"hidden{number}").rename(child)
    assert columns(files) == EXPECTED[version]


@VERSIONS
def test_a_counter_is_followed_through_the_file_that_was_opened_once(opened, version, tmp_path):
    root = copy_of(version, tmp_path)
    files = opened(cgroup_of(version, root))
    columns(files)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - Path.iterdir opens one more
    for path in root.rglob("pids.current"):
        path.write_text("7\n")  # the same file, another value
    assert columns(files)["tasks"] == 7
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def vanish(monkeypatch: pytest.MonkeyPatch, number: int = errno.ENODEV) -> None:
    """What the kernel says to a kept descriptor once its cgroup has been removed."""

    def gone(*_: object) -> bytes:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "pread", gone)


@VERSIONS
def test_files_that_vanish_give_nothing(opened, version, monkeypatch):
    files = opened(cgroup_of(version))
    columns(files)
    vanish(monkeypatch)
    assert set(files.read()) == {None}
    assert columns(files) == {}


def test_pressure_that_is_switched_off_is_absent(opened, monkeypatch):
    really = os.pread

    def pread(descriptor: int, length: int, offset: int) -> bytes:
        if Path(f"/proc/self/fd/{descriptor}").readlink().suffix == ".pressure":
            raise OSError(errno.EOPNOTSUPP, "Operation not supported")
        return really(descriptor, length, offset)

    monkeypatch.setattr(os, "pread", pread)
    missing = set(EXPECTED[V2]) - set(columns(opened(cgroup_of(V2))))
    assert missing == {"pressure_cpu_us", "pressure_memory_us", "pressure_io_us"}


@VERSIONS
def test_the_last_mark_seen_is_kept_where_no_parent_outlives_the_container(
    opened, version, monkeypatch
):
    files = opened(cgroup_of(version, own_parent=False))
    files.read()
    seen = files.high_water()
    assert seen != {}
    vanish(monkeypatch)
    assert files.high_water() == seen


def test_a_mark_that_was_never_seen_is_absent(opened, monkeypatch):
    vanish(monkeypatch)
    assert opened(cgroup_of(V2, own_parent=False)).high_water() == {}


def test_a_controller_that_is_not_mounted_is_absent(opened):
    whole = cgroup_of(V1)
    some = {name: path for name, path in whole.mounts.controllers.items() if name != "pids"}
    cgroup = ContainerCgroup(CgroupMounts(V1, some), whole.group, whole.child)
    assert set(EXPECTED[V1]) - set(columns(opened(cgroup))) == {"tasks"}


def test_closing_twice_is_fine_and_leaves_nothing_open():
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    files = CounterFiles(cgroup_of(V1))
    files.read()
    files.close()
    files.close()
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


# limits


@VERSIONS
def test_limits_are_read_back_from_the_containers_own_cgroup(version):
    pids = {V1: 64, V2: 512}[version]
    limits = {"memory_bytes": 64 << 20, "cpus": 0.5, "pids": pids}
    assert applied_limits(cgroup_of(version)) == limits | (
        {"swap_bytes": 0} if version == V2 else {}
    )


@pytest.mark.parametrize(
    ("text", "swap"), [("67108864", 0), ("100663296", 32 << 20), (str(2**63 - 4096), "unlimited")]
)
def test_on_v1_swap_is_what_the_two_limits_differ_by(tmp_path, text, swap):
    root = copy_of(V1, tmp_path)
    memory = root / "memory" / PARENT.lstrip("/") / CONTAINER_ID
    (memory / "memory.memsw.limit_in_bytes").write_text(f"{text}\n")
    assert applied_limits(cgroup_of(V1, root))["swap_bytes"] == swap


@pytest.mark.parametrize(("text", "swap"), [("0", 0), ("4096", 4096), ("max", "unlimited")])
def test_on_v2_swap_has_a_limit_of_its_own(tmp_path, text, swap):
    root = copy_of(V2, tmp_path)
    (root / PARENT.lstrip("/") / CONTAINER_ID / "memory.swap.max").write_text(f"{text}\n")
    assert applied_limits(cgroup_of(V2, root))["swap_bytes"] == swap


@VERSIONS
def test_no_limit_is_no_entry(version):
    unlimited = cgroup_of(version)
    group = ContainerCgroup(unlimited.mounts, PARENT, PARENT)
    assert applied_limits(group) == {}


@VERSIONS
def test_a_cgroup_that_has_gone_holds_no_limits(version, tmp_path):
    assert applied_limits(cgroup_of(version, tmp_path)) == {}


def test_more_cores_than_the_host_has_are_read_back_as_asked(tmp_path):
    root = copy_of(V2, tmp_path)
    (root / PARENT.lstrip("/") / CONTAINER_ID / "cpu.max").write_text("9600000 100000\n")
    assert applied_limits(cgroup_of(V2, root))["cpus"] == 96.0

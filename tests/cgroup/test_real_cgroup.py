"""The same readers on a cgroup of this kernel, with a process that lives for a moment."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from bench.analysis.trial_metrics import sampled_metrics
from bench.cgroup.counters import CounterFiles, applied_limits
from bench.cgroup.mounts import CgroupVersion
from bench.sampling.threads import ThreadTimes

WORK = """
import sys, time
for path in sys.argv[1:]:
    with open(path + "/cgroup.procs", "w") as file:
        file.write("0")
kept = bytearray(8 << 20)
kept[::4096] = b"x" * (len(kept) // 4096)
end = time.process_time() + 0.05
while time.process_time() < end:
    pass
print("worked", flush=True)
sys.stdin.read()
"""


def test_a_process_is_counted_until_it_ends_and_its_peak_is_kept(container):
    mounts = container.mounts
    folders = {mounts.path(name, container.child) for name in mounts.controllers}
    files = CounterFiles(container)
    before = files.parse(files.read())
    worker = subprocess.Popen(
        [sys.executable, "-c", WORK, *folders], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert worker.stdout is not None
    worker.stdout.readline()
    threads = ThreadTimes(container, states=True)
    during = files.parse(files.read())
    assert during["memory_anon_bytes"] >= 8 << 20
    assert during["cpu_ns"] - before["cpu_ns"] >= 50_000_000
    assert during["tasks"] == 1
    assert during["oom_kills"] == 0
    seen = threads.read()
    assert seen is not None
    ((name, schedstat),) = seen.changed
    assert int(name) == worker.pid
    assert int(schedstat.split()[0]) >= 45_000_000  # counted at ticks
    while seen.runnable:  # until it reads what nobody writes
        seen = threads.read()
        assert seen is not None
    assert (seen.number, seen.blocked) == (1, 0)
    assert applied_limits(container) in ({}, {"swap_bytes": "unlimited"})
    worker.communicate()
    gone = threads.read()
    assert gone is not None
    assert (gone.number, gone.changed) == (0, ())
    for folder in folders:
        folder.rmdir()
    assert threads.read() is None
    threads.close()
    after = files.parse(files.read())
    assert after["cpu_ns"] >= during["cpu_ns"]  # the parent outlives it
    assert "throttled_ns" not in after  # the container's own file is gone
    peak = files.high_water()
    if peak:
        assert peak["memory_peak_bytes"] >= during["memory_anon_bytes"]
    files.close()


GROWTH = """
import os, sys
for path in sys.argv[1:]:
    with open(path + "/cgroup.procs", "w") as file:
        file.write("0")
kept, cores = [], sorted(os.sched_getaffinity(0))
for number, line in enumerate(sys.stdin):
    os.sched_setaffinity(0, {cores[number // 7 % len(cores)]})
    kept.append(bytearray(1 << 20))
    kept[-1][::4096] = b"x" * ((1 << 20) // 4096)
    print("more", flush=True)
"""


def test_what_it_takes_is_seen_at_once(container):
    """Of a cgroup above it, this would fail now and then: the kernel adds up late there."""
    mounts = container.mounts
    folders = {mounts.path(name, container.child) for name in mounts.controllers}
    files = CounterFiles(container)
    worker = subprocess.Popen(
        [sys.executable, "-c", GROWTH, *folders], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert worker.stdin is not None
    assert worker.stdout is not None
    late = []
    for _ in range(400):
        worker.stdin.write(b"\n")
        worker.stdin.flush()
        worker.stdout.readline()
        seen = files.parse(files.read())
        late.append(seen["memory_usage_bytes"] - seen["memory_anon_bytes"])
    worker.communicate()
    files.close()
    for folder in folders:
        folder.rmdir()
    assert max(late) < 8 << 20


FILES = """
import os, sys
where, *folders = sys.argv[1:]
for path in folders:
    with open(path + "/cgroup.procs", "w") as file:
        file.write("0")
for number in range(20000):
    os.close(os.open(f"{where}/{number}", os.O_CREAT | os.O_WRONLY))
print("made", flush=True)
sys.stdin.read()
"""


def test_caches_of_names_and_inodes_are_told_apart_where_the_kernel_does(container, tmp_path):
    mounts = container.mounts
    folders = {mounts.path(name, container.child) for name in mounts.controllers}
    files = CounterFiles(container)
    worker = subprocess.Popen(
        [sys.executable, "-c", FILES, tmp_path, *folders],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert worker.stdout is not None
    worker.stdout.readline()
    row = files.parse(files.read())
    worker.communicate()
    files.close()
    for folder in folders:
        folder.rmdir()
    seen = {"t_ns": 0} | row
    metrics = sampled_metrics({name: np.array([value], float) for name, value in seen.items()})
    if "memory_kernel_bytes" not in row:
        pytest.skip("the kernel does not say how much memory it took for the container")
    assert row["memory_kernel_bytes"] > 1 << 20  # a host short of memory takes most of it back
    if mounts.version is CgroupVersion.V2:
        assert metrics["memory_slab_reclaimable_peak_bytes"] > 0
    else:
        assert "memory_slab_reclaimable_peak_bytes" not in metrics
        assert (
            metrics["memory_anon_shmem_peak_bytes"] + row["memory_kernel_bytes"]
            == (metrics["memory_anon_peak_bytes"])
        )

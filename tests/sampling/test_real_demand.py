"""Demand for cores of real workloads on a cgroup of this kernel, against what they ask for."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bench.analysis.trial_metrics import sampled_metrics
from bench.cgroup.counters import CounterFiles
from bench.core.clock import SystemClock
from bench.sampling.exits import ExitReports
from bench.sampling.sampler import Columns, Sampler
from bench.sampling.sources import CgroupSource
from bench.sampling.thread_source import ThreadSource
from bench.sampling.threads import ThreadTimes

if TYPE_CHECKING:
    from bench.cgroup.mounts import ContainerCgroup

WORKERS = 8
SECONDS = 2.0
WORK = """
import os, sys, threading, time
kind, workers, child_s, seconds, *folders = sys.argv[1:]
for path in folders:
    with open(path + "/cgroup.procs", "w") as file:
        file.write("0")
time.sleep(0.1)
end = time.monotonic() + float(seconds)
def spin():
    until = time.thread_time() + float(child_s)
    while time.thread_time() < until:
        pass
def child(below=()):
    number = os.fork()
    if not number:
        for one in below:
            one()
        if not below:
            spin()
        os._exit(0)
    os.waitpid(number, 0)
def thread():
    one = threading.Thread(target=spin)
    one.start()
    one.join()
def grandchild():
    child(below=(child,))
def busy():
    pass
def idle():
    time.sleep(0.1)
def work():
    while time.monotonic() < end:
        globals()[kind]()
numbers = []
for _ in range(int(workers)):
    number = os.fork()
    if not number:
        work()
        os._exit(0)
    numbers.append(number)
for number in numbers:
    os.waitpid(number, 0)
"""


def measured(
    container: ContainerCgroup, kind: str, workers: int, child_s: float, *, reports: bool
) -> dict[str, float]:
    """What bench says of `workers` that do `kind` over and over, as of a container at work."""
    folders = {
        container.mounts.path(name, container.child) for name in container.mounts.controllers
    }
    for folder in folders:
        folder.mkdir(exist_ok=True)  # a try before this one took them away
    exits = ExitReports.subscribe() if reports else None
    if reports and exits is None:
        pytest.skip("the kernel reports no exits to this process")
    batches: list[Columns] = []
    clock = SystemClock()
    files = CounterFiles(container)
    source = ThreadSource(ThreadTimes(container, states=False), clock, demand=True, exits=exits)
    sampler = Sampler(clock, 0.02, batches.append)
    sampler.add(CgroupSource(files))
    sampler.add(source)
    sampler.start()
    source.container_is_ready()
    asked = [kind, str(workers), str(child_s), str(SECONDS)]
    subprocess.run([sys.executable, "-c", WORK, *asked, *map(str, folders)], check=True)
    source.ask()
    sampler.stop()
    source.close()
    files.close()
    for folder in folders:
        folder.rmdir()
    assert sampler.failure is None
    names = {name for batch in batches for name in batch}
    samples = {
        name: np.array(
            [one for batch in batches for one in batch.get(name, [None] * len(batch["t_ns"]))],
            dtype=np.float64,
        )
        for name in names
    }
    return sampled_metrics(samples)


@pytest.mark.slow
@pytest.mark.parametrize("child_s", [0.002, 0.005])
@pytest.mark.parametrize("kind", ["child", "grandchild", "thread"])
def test_workers_whose_children_live_for_milliseconds_ask_for_a_core_each(container, kind, child_s):
    assert any(all_seen(measured(container, kind, WORKERS, child_s, reports=True)) for _ in "123")


def all_seen(found: dict[str, float]) -> bool:
    """Whether all of their demand was; where a busy host kept bench from that, it is said."""
    if found["cpu_unseen_share_pct"] > 5:
        return False
    assert found["cpu_demand_cores_peak"] >= 0.9 * WORKERS
    return True


def test_one_worker_whose_children_live_for_milliseconds_asks_for_one_core(container):
    found = measured(container, "child", 1, 0.002, reports=True)
    assert found["cpu_unseen_share_pct"] <= 5
    assert found["cpu_demand_cores_peak"] >= 0.9


def test_where_nobody_reports_their_ends_they_are_said_to_be_unseen(container):
    found = measured(container, "child", WORKERS, 0.002, reports=False)
    assert found["cpu_unseen_share_pct"] > 50  # 89 to 92 on a quiet host


def test_threads_that_stay_are_seen_without_reports_too(container):
    found = measured(container, "busy", WORKERS, 0.0, reports=False)
    assert found["cpu_demand_cores_peak"] >= 0.9 * WORKERS
    assert found["cpu_unseen_share_pct"] < 50  # 2 to 7 on a quiet host, 26 on a busy one


@pytest.mark.parametrize("workers", [4, 60])
def test_what_idles_asks_for_nothing_and_hides_nothing(container, workers):
    tries = (measured(container, "idle", workers, 0.0, reports=True) for _ in "123")
    seen = (found for found in tries if found["cpu_unseen_share_pct"] <= 5)
    assert next(seen)["cpu_cores_peak"] < 0.5

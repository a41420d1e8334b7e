"""What only /proc knows: bytes on the network, and time spent waiting for a core."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from bench.sampling.cgroup import CgroupVersion
from bench.sampling.processes import NetworkCounters, WaitingTime
from tests.sampling.trees import cgroup_of

if TYPE_CHECKING:
    from pathlib import Path

HEAD = (
    b"Inter-|   Receive                                    |  Transmit\n"
    b" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs\n"
)
LOOPBACK = (
    b"    lo:  999999    1000    0    0    0     0    0    0   999999    1000    0 0 0 0 0 0\n"
)
NET_DEV = (
    HEAD
    + LOOPBACK
    + b"  eth0: 1500736      12    0    0    0     0    0    0     4096       9    0 0 0 0 0 0\n"
    + b"  eth1:     264       2    0    0    0     0    0    0       90       1    0 0 0 0 0 0\n"
)


def test_bytes_are_summed_over_all_interfaces_but_loopback():
    assert NetworkCounters.parse(NET_DEV) == {"net_rx_bytes": 1_501_000, "net_tx_bytes": 4186}


def test_a_name_that_touches_its_figures_is_still_a_name():
    line = b"veth123456:123 1 0 0 0 0 0 0 7 1 0 0 0 0 0 0\n"
    assert NetworkCounters.parse(HEAD + line) == {"net_rx_bytes": 123, "net_tx_bytes": 7}


def test_without_a_way_out_nothing_is_sent():
    assert NetworkCounters.parse(HEAD + LOOPBACK) == {"net_rx_bytes": 0, "net_tx_bytes": 0}


def test_the_namespace_of_a_living_process_can_be_read_until_closed():
    counters = NetworkCounters(os.getpid())
    raw = counters.read()
    assert raw is not None
    assert set(NetworkCounters.parse(raw)) == {"net_rx_bytes", "net_tx_bytes"}
    counters.close()
    counters.close()
    assert counters.read() is None


def test_the_namespace_of_a_process_that_is_gone_is_absent():
    counters = NetworkCounters(2**22 + 1)  # above the kernel's highest pid
    assert counters.read() is None
    counters.close()


# waiting for a core


class Threads:
    """The threads of a container, with a /proc of their own."""

    def __init__(self, folder: Path, version: CgroupVersion) -> None:
        cgroup = cgroup_of(version, folder / "cgroup")
        controller, name = ("cpuacct", "tasks") if version == "v1" else ("cpu", "cgroup.threads")
        self._list = cgroup.mounts.path(controller, cgroup.child) / name
        self._list.parent.mkdir(parents=True)
        self._proc = folder / "proc"
        self.waiting = WaitingTime(cgroup, proc=self._proc)

    def are(self, **waited: int) -> int:
        """Let these threads (`t<id>=nanoseconds waited`) be all there are; the total then."""
        self._list.write_text("".join(f"{name[1:]}\n" for name in waited))
        for name, waited_ns in waited.items():
            (self._proc / name[1:]).mkdir(parents=True, exist_ok=True)
            (self._proc / name[1:] / "schedstat").write_text(f"123456789 {waited_ns} 42\n")
        return self.waiting.read_ns()

    def end(self, thread: int) -> None:
        (self._proc / str(thread) / "schedstat").unlink()

    def vanish(self) -> None:
        self._list.unlink()


@pytest.fixture(params=[CgroupVersion.V1, CgroupVersion.V2])
def threads(request, tmp_path) -> Threads:
    return Threads(tmp_path, request.param)


def test_waiting_adds_up_over_threads(threads):
    assert threads.are(t10=100, t11=5) == 105
    assert threads.are(t10=150, t11=5) == 155


def test_a_thread_that_ends_leaves_what_it_waited(threads):
    threads.are(t10=100, t11=50)
    assert threads.are(t10=100) == 150


def test_a_thread_that_comes_later_counts_from_its_own_start(threads):
    threads.are(t10=100)
    assert threads.are(t10=100, t12=30) == 130


def test_a_number_that_is_used_again_is_a_new_thread(threads):
    threads.are(t10=100)
    threads.are(t11=1)
    assert threads.are(t10=20, t11=1) == 121


def test_a_thread_that_ends_while_it_is_read_is_passed_over(threads):
    threads.are(t10=100, t11=50)
    threads.end(11)
    assert threads.waiting.read_ns() == 150


def test_the_total_stays_when_the_container_has_gone(threads):
    threads.are(t10=100)
    threads.vanish()
    assert threads.waiting.read_ns() == 100


def test_before_the_container_starts_nobody_has_waited(threads):
    assert threads.waiting.read_ns() == 0


def test_the_threads_of_this_process_can_be_read(tmp_path):
    cgroup = cgroup_of(CgroupVersion.V2, tmp_path)
    listing = cgroup.mounts.path("cpu", cgroup.child) / "cgroup.threads"
    listing.parent.mkdir(parents=True)
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    listing.write_text("".join(f"{thread}\n" for thread in os.listdir("/proc/self/task")))  # noqa: PTH208
    waiting = WaitingTime(cgroup)
    first = waiting.read_ns()
    assert waiting.read_ns() >= first >= 0
    done.set()
    other.join()


@pytest.mark.parametrize(
    ("text", "available"),
    [
        ("123456789 4242 17\n", True),
        ("123456789 0 1\n", True),
        ("0 0 0\n", False),  # the kernel has the file and keeps no figures
        ("", False),
        ("12 34\n", False),
    ],
)
def test_waiting_is_measured_only_where_the_kernel_keeps_it(tmp_path, text, available):
    (tmp_path / "schedstat").write_text(text)
    assert WaitingTime.is_available(tmp_path / "schedstat") is available


def test_a_kernel_without_the_file_keeps_no_figures(tmp_path):
    assert not WaitingTime.is_available(tmp_path / "schedstat")


def test_the_counting_never_goes_back(threads):
    states = [{"t1": 10}, {"t1": 5, "t2": 3}, {"t2": 3}, {}, {"t1": 1}]
    totals = [threads.are(**state) for state in states]
    assert totals == sorted(totals)

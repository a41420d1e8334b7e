"""The threads of a container: their times, their states, and how often they are looked at."""

from __future__ import annotations

import errno
import os
import threading
from typing import TYPE_CHECKING, Any

import pytest

from bench.cgroup.mounts import CgroupVersion
from bench.sampling import threads as module
from bench.sampling.thread_source import ThreadSource
from bench.sampling.threads import ThreadReading, ThreadTimes
from tests.fakes import FakeClock
from tests.sampling.trees import cgroup_of

if TYPE_CHECKING:
    from pathlib import Path

MS = 1_000_000


class Container:
    """The threads of a container, with a /proc of their own."""

    def __init__(self, folder: Path, version: CgroupVersion, *, states: bool = False) -> None:
        cgroup = cgroup_of(version, folder / "cgroup")
        controller, name = ("cpuacct", "tasks") if version == "v1" else ("cpu", "cgroup.threads")
        self.listing = cgroup.mounts.path(controller, cgroup.child) / name
        self._proc = folder / "proc"
        self.clock = FakeClock()
        self.times = ThreadTimes(cgroup, states=states, proc=self._proc)
        self.used_ns = 0
        self.source = ThreadSource(self.times, self.clock, demand=True, cpu_ns=lambda: self.used_ns)

    def are(self, **threads: tuple[int, int, str]) -> None:
        """Let these be all there are: `t<id>=(run_ns, wait_ns, state)`."""
        self.listing.parent.mkdir(parents=True, exist_ok=True)
        self.listing.write_text("".join(f"{name[1:]}\n" for name in threads))
        for name, (ran, waited, state) in threads.items():
            folder = self._proc / name[1:]
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "schedstat").write_text(f"{ran} {waited} 42\n")
            (folder / "stat").write_text(f"{name[1:]} (a) {state} b) {state} 1 2 3\n")

    def end(self, thread: int) -> None:
        (self._proc / str(thread) / "schedstat").unlink()

    def vanish(self) -> None:
        self.listing.unlink()

    def look(self) -> dict[str, int] | None:
        """One reading by the sampler, 20 ms after the last."""
        self.clock.advance(0.02)
        raw = self.source.read()
        if raw is None:
            return None
        found = self.source.parse(raw)
        assert found.pop("cpu_ending_ns", 0) == 0  # nobody reports any end here
        assert found.pop("exit_reports_lost", 0) == 0
        return found

    def changes(self) -> list[tuple[int, int, int]]:
        """Thread, time run and time waited, of what was taken down since the last call."""
        found = self.source.take_changes()
        assert len(found.t_ns) == len(found.thread)
        return list(zip(found.thread, found.run_ns, found.wait_ns, strict=True))


@pytest.fixture(params=[CgroupVersion.V1, CgroupVersion.V2])
def container(request, tmp_path):
    made = Container(tmp_path, request.param)
    yield made
    made.source.close()


def test_waiting_adds_up_over_threads(container):
    container.are(t10=(7, 100, "R"), t11=(7, 5, "S"))
    assert container.look() == {"threads": 2, "cpu_wait_ns": 105, "cpu_seen_ns": 14}
    container.are(t10=(8, 150, "R"), t11=(7, 5, "S"))
    assert container.look() == {"threads": 2, "cpu_wait_ns": 155, "cpu_seen_ns": 15}


class Lossy:
    """Reports of ends of which the kernel dropped some, once."""

    def __init__(self) -> None:
        self.losses = [False, True, False]

    def read(self) -> tuple[tuple[bytes, ...], bool]:
        return (), self.losses.pop(0)

    def close(self) -> None:
        pass


def test_reports_that_were_dropped_are_on_record_to_the_end(container):
    exits: Any = Lossy()
    source = ThreadSource(
        container.times, container.clock, demand=True, exits=exits, cpu_ns=lambda: 0
    )
    container.are(t10=(7, 100, "R"))
    seen = []
    for _ in range(3):
        container.clock.advance(0.02)
        raw = source.read()
        assert raw is not None
        seen.append(source.parse(raw)["exit_reports_lost"])
    assert seen == [0, 1, 1]


def test_threads_in_a_cgroup_below_are_the_container_s(container):
    """As of an engine within it."""
    container.are(t10=(7, 100, "R"), t11=(7, 5, "S"))
    below = container.listing.parent / "docker" / "inner"
    below.mkdir(parents=True)
    (below.parent / container.listing.name).write_text("")
    (below / container.listing.name).write_text("11\n")
    container.listing.write_text("10\n")
    assert container.look() == {"threads": 2, "cpu_wait_ns": 105, "cpu_seen_ns": 14}


def test_a_thread_that_ends_leaves_what_it_waited(container):
    container.are(t10=(7, 100, "R"), t11=(7, 50, "R"))
    container.look()
    container.are(t10=(7, 100, "R"))
    assert container.look() == {"threads": 1, "cpu_wait_ns": 150, "cpu_seen_ns": 14}


def test_a_number_that_is_used_again_is_a_new_thread(container):
    container.are(t10=(7, 100, "R"))
    container.look()
    container.are(t11=(7, 1, "R"))
    container.look()
    container.are(t10=(3, 20, "R"), t11=(7, 1, "R"))
    assert container.look() == {"threads": 2, "cpu_wait_ns": 121, "cpu_seen_ns": 17}


def test_a_thread_that_ends_while_it_is_looked_for_is_passed_over(container):
    container.are(t10=(7, 100, "R"), t11=(7, 50, "R"))
    container.end(11)
    assert container.look() == {"threads": 1, "cpu_wait_ns": 100, "cpu_seen_ns": 7}


def test_before_the_container_starts_and_after_its_end_there_are_no_threads(
    container,
):
    assert container.look() == {"threads": 0, "cpu_wait_ns": 0, "cpu_seen_ns": 0}
    container.are(t10=(7, 100, "R"))
    container.look()
    container.vanish()
    assert container.look() == {"cpu_wait_ns": 100, "cpu_seen_ns": 7}  # the sums stay


def test_only_what_has_changed_is_taken_down(container):
    container.are(t10=(7, 100, "R"), t11=(9, 5, "S"))
    container.look()
    assert container.changes() == [(10, 7, 100), (11, 9, 5)]
    container.are(t10=(7, 101, "R"), t11=(9, 5, "S"))
    container.look()
    container.look()
    assert container.changes() == [(10, 7, 101)]
    assert container.changes() == []


def test_once_ready_single_threads_are_not_taken_down_and_demand_is_read_as_often_as_before(
    container,
):
    container.source.container_is_ready()
    container.are(t10=(7, 100, "R"))
    seen = [container.look() for _ in range(20)]
    assert seen == [{"threads": 1, "cpu_wait_ns": 100, "cpu_seen_ns": 7}] * 20
    assert container.changes() == []


def test_once_ready_nothing_is_read_where_demand_is_of_no_interest(container):
    source = ThreadSource(container.times, container.clock, demand=False)
    container.are(t10=(7, 100, "R"))
    raw = source.read()
    assert raw is not None
    assert source.parse(raw) == {"threads": 1}
    source.container_is_ready()
    assert source.read() is None


def test_reading_takes_at_most_a_hundredth_of_a_core(container, monkeypatch):
    def slow() -> ThreadReading:
        container.used_ns += 700_000
        return ThreadReading((b"10",), (), None, None)

    monkeypatch.setattr(container.times, "read", slow)
    seen = [container.look() for _ in range(40)]
    assert sum(one is not None for one in seen) == 40 * 20 // 80


def test_a_reading_that_had_to_wait_for_a_core_does_not_put_off_the_next(container, monkeypatch):
    def held_up() -> ThreadReading:
        container.clock.advance(0.007)
        return ThreadReading((b"10",), (), None, None)

    monkeypatch.setattr(container.times, "read", held_up)
    assert all(container.look() is not None for _ in range(10))


def test_a_reading_that_is_asked_for_comes_at_once(container, monkeypatch):
    def slow() -> ThreadReading:
        container.used_ns += 10 * MS
        return ThreadReading((b"10",), (), None, None)

    monkeypatch.setattr(container.times, "read", slow)
    assert container.look() is not None
    assert container.look() is None
    container.source.ask()
    assert container.look() is not None


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (("R", "S"), {"threads_runnable": 1, "threads_blocked": 0}),
        (("D", "D"), {"threads_runnable": 0, "threads_blocked": 2}),
        (("R", "D"), {"threads_runnable": 1, "threads_blocked": 1}),
    ],
)
def test_states_are_counted_where_they_are_asked_for(tmp_path, states, expected):
    container = Container(tmp_path, CgroupVersion.V1, states=True)
    container.are(t10=(7, 1, states[0]), t11=(7, 1, states[1]))
    seen = container.look()
    assert seen == {"threads": 2, "cpu_wait_ns": 2, "cpu_seen_ns": 14} | expected
    container.source.close()


def test_a_state_is_looked_up_again_only_once_the_thread_has_run(tmp_path):
    """Nobody falls asleep or waits for a disk without having had a core before."""
    container = Container(tmp_path, CgroupVersion.V1, states=True)
    container.are(t10=(7, 1, "S"))
    container.look()
    container.are(t10=(7, 1, "D"))
    seen = container.look()
    assert seen is not None
    assert (seen["threads_runnable"], seen["threads_blocked"]) == (0, 0)
    container.are(t10=(8, 1, "D"))
    seen = container.look()
    assert seen is not None
    assert (seen["threads_runnable"], seen["threads_blocked"]) == (0, 1)
    container.source.close()


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - only counted


def test_few_files_stay_open_and_none_after_the_end(container):
    before = open_files()
    container.are(**{f"t{number}": (7, 1, "S") for number in range(10, 150)})
    for _ in range(2):
        assert container.look() == {"threads": 140, "cpu_wait_ns": 140, "cpu_seen_ns": 980}
    assert open_files() - before <= module._MOST_OPEN
    container.source.close()
    assert open_files() == before


def test_threads_that_cannot_be_read_for_want_of_files_are_not_left_out_in_silence(
    container, monkeypatch
):
    container.are(t10=(7, 1, "S"))

    def full(*_: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("bench.sampling.threads.os.open", full)
    with pytest.raises(OSError, match="Too many open files"):
        container.look()


def test_the_threads_of_this_process_can_be_read(tmp_path):
    cgroup = cgroup_of(CgroupVersion.V2, tmp_path)
    listing = cgroup.mounts.path("cpu", cgroup.child) / "cgroup.threads"
    listing.parent.mkdir(parents=True)
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    listing.write_text("".join(f"{thread}\n" for thread in os.listdir("/proc/self/task")))  # noqa: PTH208
    source = ThreadSource(ThreadTimes(cgroup, states=True), FakeClock(), demand=False)
    raw = source.read()
    assert raw is not None
    found = source.parse(raw)
    assert found["threads"] >= 2
    assert found["threads_runnable"] >= 1  # the one that reads
    done.set()
    other.join()
    source.close()


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
def test_the_times_are_there_only_where_the_kernel_keeps_them(tmp_path, text, available):
    (tmp_path / "schedstat").write_text(text)
    assert ThreadTimes.is_available(tmp_path / "schedstat") is available


def test_a_kernel_without_the_file_keeps_no_times(tmp_path):
    assert not ThreadTimes.is_available(tmp_path / "schedstat")

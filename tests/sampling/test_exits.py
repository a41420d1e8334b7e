"""The kernel's reports of tasks that end: what is in them, and where there are none."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import time

import pytest

from bench.sampling.exits import ExitReports, TaskExit

BUSY = "import time\nwhile time.process_time() < 0.05: pass"
CONTENDER = """
import sys, time
sys.stdout.write(".")
sys.stdout.flush()
sys.stdin.read(1)
end = time.process_time() + 0.2
while time.process_time() < end: pass
"""
THREADS = """
import threading, time
def work():
    while time.thread_time() < 0.02: pass
for one in [threading.Thread(target=work) for _ in range(3)]:
    one.start()
"""


@pytest.fixture
def reports():
    found = ExitReports.subscribe()
    if found is None:
        pytest.skip("the kernel reports no exits to this process")
    yield found
    found.close()


def exits_below(reports: ExitReports, parent: int, count: int) -> list[TaskExit]:
    """The first `count` reports of children of `parent`, and of their threads."""
    found: list[TaskExit] = []
    deadline = time.monotonic() + 10
    while len(found) < count and time.monotonic() < deadline:
        messages, _ = reports.read()
        found += [one for one in ExitReports.parse(messages) if one.parent == parent]
    return found


def test_a_process_is_reported_with_what_it_ran(reports):
    child = subprocess.Popen([sys.executable, "-c", BUSY])
    child.wait()
    (found,) = exits_below(reports, os.getpid(), 1)
    assert (found.task, found.process) == (child.pid, child.pid)
    assert found.run_ns >= 40_000_000  # counted at ticks


def test_every_thread_is_reported_by_itself(reports):
    child = subprocess.Popen([sys.executable, "-c", THREADS])
    child.wait()
    found = exits_below(reports, os.getpid(), 4)
    assert len(found) == 4
    assert {one.process for one in found} == {child.pid}
    assert len({one.task for one in found}) == 4


def test_a_process_that_waited_for_a_core_is_reported_with_what_it_waited(reports):
    core = {min(os.sched_getaffinity(0))}
    both = [
        subprocess.Popen(
            [sys.executable, "-c", CONTENDER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            preexec_fn=lambda: os.sched_setaffinity(0, core),  # noqa: PLW1509
        )
        for _ in range(2)
    ]
    pipes = [(one.stdin, one.stdout) for one in both]
    for _, output in pipes:  # both are there before either begins
        assert output is not None
        assert output.read(1) == b"."
    for entrance, _ in pipes:
        assert entrance is not None
        entrance.write(b".")
        entrance.flush()
    for one in both:
        one.communicate()
    found = exits_below(reports, os.getpid(), 2)
    # 0.2 s each on one core: the two together wait 0.2 s at the least, whoever else is there
    assert sum(one.wait_ns for one in found) >= 100_000_000


def test_reports_that_were_dropped_for_want_of_room_are_owned_up_to(reports):
    reports._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    for _ in range(40):
        subprocess.run(["/bin/true"], check=True)
    messages, is_lost = reports.read()
    assert is_lost
    kept = [one for one in ExitReports.parse(messages) if one.parent == os.getpid()]
    assert len(kept) < 40
    subprocess.run(["/bin/true"], check=True)
    assert len(exits_below(reports, os.getpid(), 1)) == 1


def test_where_they_are_not_permitted_there_are_none(tmp_path):
    (tmp_path / "possible").write_text("no list of cores\n")
    assert ExitReports.subscribe(tmp_path / "possible") is None
    assert ExitReports.subscribe(tmp_path / "absent") is None


def message(version: int, size: int) -> bytes:
    """A report of task 11 of process 10, whose parent is 9, as the kernel lays it out."""
    stats = bytearray(size)
    struct.pack_into("=H", stats, 0, version)
    struct.pack_into("=Q", stats, 24, 5_000)
    struct.pack_into("=Q", stats, 72, 7_000)
    struct.pack_into("=II", stats, 128, 11, 9)
    if size > 368:
        struct.pack_into("=I", stats, 368, 10)
    nested = attribute(1, struct.pack("=I", 11)) + attribute(3, bytes(stats))
    whole = attribute(5, attribute(2, struct.pack("=I", 10)) + attribute(3, bytes(stats)))
    body = struct.pack("=BBH", 2, 1, 0) + attribute(4, nested) + whole
    return struct.pack("=IHHII", 16 + len(body), 31, 0, 0, 0) + body


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)


@pytest.mark.parametrize(
    ("version", "size", "process"), [(9, 344, 0), (12, 400, 10), (16, 560, 10)]
)
def test_reports_of_older_and_newer_kernels_are_understood(version, size, process):
    (found,) = ExitReports.parse((message(version, size),))
    assert found == TaskExit(task=11, process=process, parent=9, run_ns=7_000, wait_ns=5_000)


def test_a_report_that_breaks_off_is_no_report():
    assert ExitReports.parse((b"\0" * 20, b"", message(9, 344)[:22])) == []

"""The subject does what its words say, and stamps it; no container is needed to see that."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.selftest.known import SUBJECT
from bench.selftest.stamps import Stamps, read_stamps

if TYPE_CHECKING:
    from collections.abc import Iterator

COMPILER = shutil.which("gcc") or shutil.which("cc")
pytestmark = pytest.mark.skipif(COMPILER is None, reason="no C compiler")
MS = 1_000_000


@dataclass
class Program:
    """The subject, built to stamp into a folder of the test and to listen on a port of its own."""

    path: Path
    folder: Path
    port: int
    begun: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def begin(self, *words: str) -> subprocess.Popen[bytes]:
        """In a group of its own, so that its children can be ended with it."""
        process = subprocess.Popen(
            [self.path, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.begun.append(process)
        return process

    def end(self) -> None:
        for process in self.begun:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate(timeout=10)
        self.begun.clear()
        for file in self.folder.iterdir():
            file.unlink()

    def run(self, *words: str) -> tuple[int, bytes, Stamps]:
        process = self.begin(*words)
        output, _ = process.communicate(timeout=20)
        return process.returncode, output, self.stamps()

    def stamps(self) -> Stamps:
        (only,) = read_stamps(self.folder)
        return only

    def wait_for(self, stamp: str) -> Stamps:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            found = read_stamps(self.folder)
            if found and found[0].at_ns(stamp) is not None:
                return found[0]
            time.sleep(0.005)
        pytest.fail(f"it never stamped {stamp}")

    def status(self) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status
        finally:
            connection.close()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Program:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = tmp_path_factory.mktemp("built") / "subject"
    folder = tmp_path_factory.mktemp("stamps")
    assert COMPILER is not None
    subprocess.run(
        [COMPILER, "-std=gnu17", "-O1", "-Wall", "-Wextra", "-Werror", "-pthread",
         f'-DSTAMPS="{folder}/"', f"-DPORT={port}", "-o", path, SUBJECT / "subject.c", "-lresolv"],
        check=True,
    )  # fmt: skip
    return Program(path, folder, port)


@pytest.fixture
def subject(built: Program) -> Iterator[Program]:
    yield built
    built.end()


def stop(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=10)


def test_it_is_ready_no_sooner_than_it_was_told(subject):
    process = subject.begin("ready=60")
    stamps = subject.wait_for("ready")
    assert subject.status() == 200
    assert stop(process) == 0
    stamps = subject.stamps()
    assert stamps.at_ns("ready") - stamps.at_ns("main") >= 60 * MS
    order = ["main", "output", "open", "ready", "answered", "term", "last"]
    assert list(stamps.by_name) == order
    assert [stamps.at_ns(name) for name in order] == sorted(stamps.at_ns(name) for name in order)


def test_its_clock_is_the_one_of_this_test(subject):
    before_ns = time.monotonic_ns()
    _, _, stamps = subject.run("exit=0")
    assert before_ns < stamps.at_ns("main") < stamps.at_ns("last") < time.monotonic_ns()


def test_it_refuses_until_it_is_ready(subject):
    process = subject.begin("ready=600", "serve=refusing")
    subject.wait_for("open")
    assert subject.status() == 503
    subject.wait_for("ready")
    assert subject.status() == 200
    stop(process)


def test_it_listens_long_before_it_answers(subject):
    process = subject.begin("ready=400", "serve=early", "open=50")
    subject.wait_for("open")
    assert subject.status() == 200
    answered_ns = time.monotonic_ns()
    stop(process)
    stamps = subject.stamps()
    assert answered_ns >= stamps.at_ns("ready") >= stamps.at_ns("open") + 300 * MS


def test_a_line_of_output_follows_the_stamp(subject):
    process = subject.begin("ready=30", "serve=log")
    assert process.stdout.readline() == b"the subject begins\n"
    assert process.stdout.readline() == b"now ready\n"
    assert subject.stamps().at_ns("ready") < time.monotonic_ns()
    stop(process)


def test_it_ends_with_the_code_that_it_was_given(subject):
    code, _, stamps = subject.run("ready=20", "exit=3")
    assert code == 3
    assert stamps.at_ns("ready") is None
    assert stamps.at_ns("last") - stamps.at_ns("main") >= 20 * MS


def test_closed_output_says_nothing_and_stamps_all_the_same(subject):
    code, output, stamps = subject.run("closed", "exit=0")
    assert (code, output) == (0, b"")
    assert stamps.at_ns("output") is None
    assert stamps.at_ns("last") is not None


def test_a_flood_is_as_long_as_it_was_told(subject):
    process = subject.begin("flood=1000000", "ready=0")
    subject_begins = process.stdout.readline()
    flood = process.stdout.read(1_000_000)
    assert subject_begins.startswith(b"the subject begins") or b"the subject begins" in flood
    assert subject.wait_for("flooded").value("flooded") >= 1_000_000
    stop(process)


@pytest.mark.parametrize("threads", [1, 2])
def test_it_uses_the_cpu_that_it_was_told(subject, threads):
    _, _, stamps = subject.run(f"cpu=50,{threads}", "exit=0")
    used_ns = stamps.value("last") - stamps.value("main")
    assert 50 * threads * MS <= used_ns < 50 * threads * MS + 40 * MS


def test_a_spike_is_held_for_its_time_and_known_by_its_size(subject):
    process = subject.begin("spike=20000000,10,60")
    stamps = subject.wait_for("spike_end")
    stop(process)
    assert stamps.value("spike_begin") == 20_000_000
    assert stamps.at_ns("spike_end") - stamps.at_ns("spike_top") >= 60 * MS
    assert 0 < stamps.value("spike_base") < 10_000_000
    assert stamps.value("spike_top") >= 4096


def test_what_it_writes_it_reads_again(subject, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("it writes into the root folder, as it does in a container")
    try:
        _, _, stamps = subject.run("write=2097152", "exit=0")
        assert stamps.value("written") == stamps.value("read") == 2_097_152
    finally:
        Path("/data").unlink()


def test_sigterm_is_honoured_after_the_time_that_was_set(subject):
    process = subject.begin("term=80")
    subject.wait_for("ready")
    assert stop(process) == 0
    stamps = subject.stamps()
    assert stamps.at_ns("last") - stamps.at_ns("term") >= 80 * MS


def test_sigterm_is_ignored_where_that_was_asked_for(subject):
    process = subject.begin("term=ignore")
    subject.wait_for("ready")
    process.send_signal(signal.SIGTERM)
    assert subject.status() == 200
    process.kill()
    process.communicate(timeout=10)
    assert subject.stamps().at_ns("term") is None


def test_children_zombies_and_threads_are_there_when_it_is_ready(subject):
    process = subject.begin("children=2", "zombies=1", "threads=3")
    subject.wait_for("ready")
    time.sleep(0.1)
    tasks = list(Path(f"/proc/{process.pid}/task").iterdir())
    children = [pid for task in tasks for pid in (task / "children").read_text().split()]
    states = sorted(
        Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] for pid in children
    )
    stop(process)
    assert (len(tasks), states) == (4, ["S", "S", "Z"])


def test_it_tries_what_it_was_told_and_waits_for_no_answer(subject):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(5)
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        tcp.settimeout(5)
        process = subject.begin(
            f"send=127.0.0.1:{udp.getsockname()[1]}", f"connect=127.0.0.1:{tcp.getsockname()[1]}"
        )
        assert udp.recv(100) == b"selftest"
        tcp.accept()[0].close()
        stamps = subject.wait_for("ready")
        stop(process)
    assert stamps.at_ns("tried") < stamps.at_ns("sent") < stamps.at_ns("ready")


def test_starting_anew_shows_what_lies_before_the_first_instruction(subject):
    code, _, stamps = subject.run("exit=0", "again")
    assert code == 0
    gap_ns = stamps.at_ns("main") - stamps.at_ns("exec")
    assert 0 < gap_ns < 200 * MS


def test_what_takes_memory_without_end_is_stopped_by_its_limit(subject):
    command = f"ulimit -v 65536; exec {subject.path} grow"
    done = subprocess.run(["sh", "-c", command], check=False, capture_output=True, timeout=20)
    assert done.returncode == 98
    stamps = subject.stamps()
    assert stamps.value("grown") >= 16 << 20
    assert stamps.at_ns("ready") is None

"""The end of a process, on real children, and its output, on a stream that is written by hand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from bench.core.clock import SystemClock
from bench.core.errors import EngineTimeoutError
from bench.observe.output import ExitWatch, OutputWatch
from bench.runtimes.specs import WorkloadSpec
from tests.fakes import FACTS, FakeClock, FakeOutput, FakeRuntime, Script, local

if TYPE_CHECKING:
    from collections.abc import Iterator

CLOCK = SystemClock()
MS = 1_000_000
WIDE_NS = 500 * MS
"""What a busy machine may add to a stamp; on a quiet one it is a millisecond."""

# The end of a process


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that lives until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", "import sys; sys.stdin.read(); sys.exit(7)"],
        stdin=subprocess.PIPE,
    )
    yield process
    if process.poll() is None:
        process.kill()
    assert process.stdin is not None
    process.stdin.close()
    process.wait()


def end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()


def container(engine: FakeRuntime) -> str:
    container_id = engine.create(WorkloadSpec("x", "c", {})).id
    engine.workload(container_id).start()
    return container_id


def test_the_end_of_a_process_of_this_host_is_stamped_when_it_comes(child):
    watch = ExitWatch(FakeRuntime(facts=local()).workload("c"), CLOCK)
    told = threading.Event()
    watch.on_end(told.set)
    watch.start(child.pid, CLOCK.monotonic_ns())
    assert not watch.wait(0.02)
    asked_ns = CLOCK.monotonic_ns()
    end(child)
    assert watch.wait(10)
    assert told.wait(10)
    assert watch.at_ns is not None
    assert asked_ns <= watch.at_ns <= CLOCK.monotonic_ns()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert watch.resolution_ns == 1 * MS


def test_the_stamp_comes_before_whoever_reaps_the_process_hears_of_it(child):
    watch = ExitWatch(FakeRuntime(facts=local()).workload("c"), CLOCK)
    watch.start(child.pid, CLOCK.monotonic_ns())
    end(child)
    child.wait()
    reaped_ns = CLOCK.monotonic_ns()
    assert watch.wait(10)
    assert watch.at_ns is not None
    assert watch.at_ns - reaped_ns < WIDE_NS


def test_a_process_that_has_gone_before_it_could_be_watched_ended_some_time_since_its_start():
    gone = subprocess.Popen([sys.executable, "-S", "-c", ""])
    gone.wait()
    clock = FakeClock()
    watch = ExitWatch(FakeRuntime(facts=local()).workload("c"), clock)
    started_ns = clock.now_ns
    clock.advance(0.25)
    watch.start(gone.pid, started_ns)
    assert watch.ended
    assert (watch.at_ns, watch.resolution_ns) == (clock.now_ns, 250 * MS)


@pytest.mark.parametrize("facts", [FACTS, local()])
def test_a_container_without_a_process_has_ended_already(facts):
    engine, clock = FakeRuntime(Script(life_s=0, exit_code=3), facts=facts), FakeClock()
    watch = ExitWatch(engine.workload(container(engine)), clock)
    started_ns = clock.now_ns
    clock.advance(0.04)
    watch.start(0, started_ns)
    assert watch.ended
    assert (watch.at_ns, watch.resolution_ns) == (clock.now_ns, 40 * MS)
    assert watch.exit_code() == 3


def test_under_another_kernel_the_engine_is_asked_and_its_lateness_is_told():
    engine = FakeRuntime(Script(exit_code=3))
    container_id = container(engine)
    watch = ExitWatch(engine.workload(container_id), CLOCK)
    watch.start(4242, CLOCK.monotonic_ns())
    assert not watch.wait(0.02)
    engine.present[container_id].end(3)
    assert watch.wait(10)
    assert watch.resolution_ns == 120 * MS
    assert watch.exit_code() == 3


def test_where_no_pidfd_can_be_had_the_engine_is_asked_too(monkeypatch):
    def refuse(pid: int) -> int:
        raise PermissionError(1, "a sandbox")

    monkeypatch.setattr(os, "pidfd_open", refuse)
    engine = FakeRuntime(facts=local())
    container_id = container(engine)
    watch = ExitWatch(engine.workload(container_id), CLOCK)
    watch.start(os.getpid(), CLOCK.monotonic_ns())
    engine.present[container_id].end(9)
    assert watch.wait(10)
    assert watch.exit_code() == 9


def test_the_exit_code_is_asked_for_once():
    engine = FakeRuntime(Script(life_s=0, exit_code=3))
    watch = ExitWatch(engine.workload(container(engine)), CLOCK)
    watch.start(0, CLOCK.monotonic_ns())
    assert [watch.exit_code(), watch.exit_code()] == [3, 3]
    assert engine.order.count("wait") == 1


def test_an_engine_that_does_not_know_the_code_is_an_error():
    engine = FakeRuntime()
    watch = ExitWatch(engine.workload(container(engine)), CLOCK)
    with pytest.raises(EngineTimeoutError):
        watch.exit_code(timeout_s=0.01)


# The output


def watched(
    *pieces: bytes | tuple[int, bytes], patterns: tuple[str, ...] = (), times: int = 1
) -> tuple[OutputWatch, FakeClock]:
    """A watch that has followed all of `pieces`."""
    output, clock = FakeOutput(), FakeClock(tick_ns=1)
    watch = OutputWatch(output, clock, dict.fromkeys(patterns, times))
    for piece in pieces:
        stream, data = piece if isinstance(piece, tuple) else (1, piece)
        output.write(data, stream)
    output.close()
    watch.start()
    assert watch.wait_end(20)
    return watch, clock


def test_the_first_byte_is_stamped_and_no_later_one():
    watch, clock = watched(b"a", b"b", b"c")
    assert watch.first_ns is not None
    assert clock.now_ns - watch.first_ns == 2
    assert watch.total_bytes == 3


def test_silence_has_no_first_byte():
    watch, _ = watched()
    assert watch.first_ns is None
    assert watch.tail() == []


@pytest.mark.parametrize(
    "pieces",
    [
        [b"listening on :80\n"],
        [b"noise\nlistening on :80\nmore\n"],
        [b"list", b"ening on", b" :80", b"\n"],
        [b"noise\nlistening o", b"n :80\nmore"],
        [b"listening on :80"],
        [(2, b"listening on :80\n")],
        [(1, b"listen"), (2, b"warning: x\n"), (1, b"ing on :80\n")],
    ],
)
def test_a_line_matches_however_it_is_cut_into_pieces(pieces):
    watch, _ = watched(*pieces, patterns=("^listening on :80$",))
    assert list(watch.matched_ns) == ["^listening on :80$"]


@pytest.mark.parametrize(
    "pieces", [[b"listening\non :80\n"], [b"not yet\n"], [(1, b"listening "), (2, b"on :80\n")]]
)
def test_what_does_not_stand_in_one_line_of_one_stream_does_not_match(pieces):
    watch, _ = watched(*pieces, patterns=("listening on",))
    assert watch.matched_ns == {}


def test_each_pattern_is_stamped_at_its_first_match():
    watch, _ = watched(b"one\n", b"two\n", b"one\n", patterns=("one", "two", "three"))
    assert list(watch.matched_ns) == ["one", "two"]
    assert watch.matched_ns["two"][0] - watch.matched_ns["one"][0] == 1


@pytest.mark.parametrize(
    "pieces",
    [
        [b"starting\r\nready\r\n"],
        [b"starting\r\nready\r", b"\n"],
        [b"10%\r50%\rready\r"],
        [b"50%\r", b"\rready\r\r\n"],
        [b"\rready\n"],
    ],
)
def test_cr_ends_a_line_with_lf_behind_it_or_without(pieces):
    watch, _ = watched(*pieces, patterns=("^ready$",))
    assert list(watch.matched_ns) == ["^ready$"]


@pytest.mark.parametrize("pattern", ["^ready$", "ready$", "^ready", "\x1b\\[32mready"])
def test_colours_are_no_part_of_a_line(pattern):
    watch, _ = watched(b"\x1b[32mready\x1b[0m\r\n", patterns=(pattern,))
    assert list(watch.matched_ns) == [pattern]


def test_crlf_ends_one_line_however_it_is_cut():
    output, seen = FakeOutput(), list[str]()
    watch = OutputWatch(output, CLOCK, {}, each_line=seen.append)
    for piece in (b"a\r", b"\n", b"\n", b"b\r\n", b"c\r", b"d\n"):
        output.write(piece)
    output.close()
    watch.start()
    assert watch.wait_end(20)
    assert seen == ["a", "", "b", "c", "d"]


def test_as_many_matches_are_stamped_as_were_asked_for():
    pieces = [b"ready\n", b"stopping\n", b"ready\n", b"ready\n"]
    watch, _ = watched(*pieces, patterns=("ready",), times=2)
    first_ns, second_ns = watch.matched_ns["ready"]
    assert second_ns - first_ns == 2


class Resting:
    """A watch that has followed some pieces, on a clock that stands, and goes on."""

    def __init__(self, times: int = 1) -> None:
        self.output, self.clock = FakeOutput(), FakeClock()
        self.watch = OutputWatch(self.output, self.clock, {"ready": times})
        self.watch.start()

    def write(self, data: bytes) -> None:
        before = self.watch.total_bytes
        self.output.write(data)
        deadline_s = time.monotonic() + 20
        while self.watch.total_bytes == before or self.watch._looking.locked():
            assert time.monotonic() < deadline_s
            time.sleep(0.001)
        time.sleep(0.01)  # the line is taken after the bytes are counted

    def look_after(self, seconds: float) -> list[int]:
        self.clock.advance(seconds)
        self.watch.look_at_rest()
        return self.watch.matched_ns.get("ready", [])


@pytest.fixture
def resting() -> Iterator[Resting]:
    one = Resting()
    yield one
    one.watch.close()


def test_a_prompt_without_a_line_end_matches_once_it_has_rested(resting):
    came_ns = resting.clock.now_ns
    resting.write(b"all loaded\nready> ")
    assert resting.look_after(0.1) == []
    assert resting.look_after(0.2) == [came_ns]


def test_a_line_that_goes_on_does_not_rest(resting):
    resting.write(b"rea")
    assert resting.look_after(0.15) == []
    resting.write(b"dy")
    assert resting.look_after(0.15) == []


def test_what_matched_as_a_prompt_does_not_match_again_as_a_line():
    one = Resting(times=2)
    one.write(b"ready> ")
    assert len(one.look_after(1.0)) == 1
    assert len(one.look_after(1.0)) == 1
    one.write(b"select\n")
    assert len(one.look_after(1.0)) == 1
    one.write(b"ready> ")
    assert len(one.look_after(1.0)) == 2
    one.watch.close()


def test_whoever_listens_is_told_of_each_pattern_once():
    output = FakeOutput()
    watch = OutputWatch(output, CLOCK, {"one": 1, "two": 1})
    told: list[int] = []
    watch.on_match(lambda: told.append(1))
    output.write(b"one\none\ntwo\n")
    output.close()
    watch.start()
    assert watch.wait_end(10)
    assert len(told) == 2


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        ("bereit für [äöü]", "bereit für ö"),
        (r"(?u)\w+ ready", "système ready"),
        ("\\u2713 ready", "✓ ready"),
        ("ready", "\udcff ready"),
    ],
)
def test_a_pattern_means_the_same_as_where_the_scenario_was_checked(pattern, line):
    re.compile(pattern)
    data = line.encode(errors="surrogateescape")
    watch, _ = watched(data + b"\n", patterns=(pattern,))
    assert list(watch.matched_ns) == [pattern]


def test_a_line_of_more_than_a_mebibyte_is_searched_as_far_as_that():
    head, tail = b"ready " + b"x" * 2**19, b"x" * 2**20
    watch, _ = watched(head, tail, b"late\n", b"next\n", patterns=("^ready", "late", "^next$"))
    assert list(watch.matched_ns) == ["^ready", "^next$"]


def test_the_rest_of_such_a_line_is_no_line_of_its_own():
    pieces = [b"x" * 2**20, b"y", b"ready\n"]
    watch, _ = watched(*pieces, patterns=("^ready",))
    assert watch.matched_ns == {}


def test_a_flood_leaves_its_end_and_takes_no_more_room():
    chunk = b"0123456789abcde\n" * 512
    watch, _ = watched(*[chunk] * 2000, b"the last line\n")
    assert watch.total_bytes == 2000 * len(chunk) + 14
    assert 64 * 1024 <= len(watch.text()) <= 64 * 1024 + len(chunk)
    assert watch.tail(2) == ["0123456789abcde", "the last line"]


def test_a_flood_without_a_line_end_takes_no_more_room_either():
    output = FakeOutput()
    watch = OutputWatch(output, CLOCK, {"never": 1})
    watch.start()
    for _ in range(200):
        output.write(b"." * 65536)
    output.close()
    assert watch.wait_end(20)
    assert all(len(one.partial) <= 2**20 for one in watch._lines.values())
    assert len(watch.text()) <= 2 * 65536


def test_the_tail_has_the_last_lines_each_cut_to_a_length_that_can_be_shown():
    watch, _ = watched(b"".join(b"line %d\n" % index for index in range(50)), b"x" * 9000)
    assert watch.tail(3) == ["line 48", "line 49", "x" * 500]


def test_bytes_that_are_no_text_do_not_hurt():
    watch, _ = watched(b"\xff\xfe\x00ok\n")
    assert watch.tail() == ["\ufffd\ufffd·ok"]


def test_closing_ends_the_following():
    output = FakeOutput()
    watch = OutputWatch(output, CLOCK, {})
    watch.start()
    begun = time.monotonic()
    watch.close()
    assert watch.wait_end(0)
    assert time.monotonic() - begun < 4


def test_one_that_was_never_started_can_be_closed():
    OutputWatch(FakeOutput(), CLOCK, {}).close()

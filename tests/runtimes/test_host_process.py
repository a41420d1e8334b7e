"""One plain process, with a stand-in for its cgroup: start, output, exit code, stop."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, cast

import pytest

from bench.core.errors import EngineRefusedError, EngineTimeoutError, HostError
from bench.runtimes.process.child import ChildProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.runtimes.process.cgroup import ProcessCgroup

PATH = {"PATH": os.environ["PATH"]}


class Cgroup:
    """Remembers who was moved, and kills that process alone."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.moved: list[int] = []
        self._refuses = refuses

    def take(self, pid: int) -> None:
        if self._refuses:
            raise OSError("no room")
        self.moved.append(pid)

    def kill(self) -> None:
        for pid in self.moved:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)


@pytest.fixture
def make(tmp_path) -> Iterator[object]:
    made: list[ChildProcess] = []

    def process(*command: str, **changes: object) -> ChildProcess:
        settings = {
            "working_dir": str(tmp_path),
            "environment": PATH,
            "cgroup": cast("ProcessCgroup", Cgroup()),
            "cores": None,
        } | changes
        made.append(ChildProcess(command, **settings))  # type: ignore[arg-type]
        return made[-1]

    yield process
    for one in made:
        one.end()


def run(process: ChildProcess) -> bytes:
    """Everything that it prints on either stream."""
    process.prepare()
    process.start()
    assert process.output is not None
    return b"".join(chunk.data for chunk in process.output)


def test_it_does_nothing_before_its_start_and_is_known_by_its_number(make, tmp_path):
    process = make("touch", "here")
    process.prepare()
    pid = process.pid
    assert pid > 0
    assert process.exit_code is None
    assert not (tmp_path / "here").exists()
    process.start()
    assert process.wait(10) == 0
    assert (tmp_path / "here").exists()
    assert process.pid == 0


def test_it_is_in_its_cgroup_before_it_is_started(make):
    cgroup = Cgroup()
    process = make("true", cgroup=cgroup)
    process.prepare()
    assert cgroup.moved == [process.pid]


def test_the_shell_that_waited_has_become_the_program(make):
    script = "import os; print(os.getpid(), os.getsid(0) == os.getpid())"
    process = make(sys.executable, "-c", script)
    process.prepare()
    pid = process.pid
    process.start()
    assert process.output is not None
    assert b"".join(one.data for one in process.output).split() == [str(pid).encode(), b"True"]


def test_both_streams_are_followed_and_told_apart(make):
    process = make("sh", "-c", "echo out; echo err >&2")
    process.prepare()
    process.start()
    assert process.output is not None
    found = {1: b"", 2: b""}
    for chunk in process.output:
        found[chunk.stream] += chunk.data
    assert found == {1: b"out\n", 2: b"err\n"}


def test_it_has_the_environment_that_it_was_given_and_no_other(make, monkeypatch):
    monkeypatch.setenv("OF_BENCH", "1")
    output = run(make("env", environment={**PATH, "MINE": "a b"}))
    assert b"MINE=a b\n" in output
    assert b"OF_BENCH" not in output


def test_words_are_not_read_by_a_shell(make):
    assert run(make("echo", "$HOME; a  b")) == b"$HOME; a  b\n"


def test_it_may_be_kept_to_some_cores(make):
    core = min(os.sched_getaffinity(0))
    script = "import os; print(sorted(os.sched_getaffinity(0)))"
    assert (
        run(make(sys.executable, "-c", script, cores=frozenset({core}))) == f"[{core}]\n".encode()
    )


@pytest.mark.parametrize(("script", "code"), [("exit 3", 3), ("kill -TERM $$", 143)])
def test_exit_codes_are_those_of_a_shell(make, script, code):
    process = make("sh", "-c", script)
    process.prepare()
    process.start()
    assert process.wait(10) == code


@pytest.mark.parametrize("program", ["no-such-program", "./here"])
def test_a_program_that_is_not_there_is_refused_as_an_engine_does(make, tmp_path, program):
    (tmp_path / "here").write_text("not executable")
    process = make(program)
    process.prepare()
    with pytest.raises(EngineRefusedError, match="executable file not found") as caught:
        process.start()
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "changes", [{"working_dir": "/nonexistent"}, {"cgroup": Cgroup(refuses=True)}]
)
def test_what_cannot_be_made_says_so(make, changes):
    process = make("true", **changes)
    with pytest.raises(HostError, match="cannot be made"):
        process.prepare()


def test_waiting_is_bounded_and_ends_with_another_process(make):
    slow, other = make("sleep", "60"), make("true")
    for one in (slow, other):
        one.prepare()
        one.start()
    with pytest.raises(EngineTimeoutError):
        slow.wait(0.01)
    with pytest.raises(EngineTimeoutError):
        slow.wait(60, unless=other)


def test_it_is_asked_to_stop_with_its_signal(make):
    process = make("sh", "-c", "trap 'exit 7' INT; echo up; while :; do sleep 0.01; done")
    process.prepare()
    process.start()
    assert process.output is not None
    assert next(iter(process.output)).data == b"up\n"
    process.stop(signal.SIGINT, 30)
    assert process.exit_code == 7


def test_it_heeds_a_signal_that_bench_was_started_to_ignore(make):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process = make("sh", "-c", "trap 'exit 7' INT; echo up; while :; do sleep 0.01; done")
        process.prepare()
    finally:
        signal.signal(signal.SIGINT, before)
    process.start()
    assert process.output is not None
    assert next(iter(process.output)).data == b"up\n"
    process.stop(signal.SIGINT, 5)
    assert process.exit_code == 7


def test_one_that_does_not_listen_is_killed_after_its_time(make):
    process = make("sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.01; done")
    process.prepare()
    process.start()
    assert process.output is not None
    assert next(iter(process.output)).data == b"up\n"
    begun = time.monotonic()
    process.stop(signal.SIGTERM, 0.2)
    assert process.exit_code == 137
    assert time.monotonic() - begun >= 0.2


def test_a_reader_in_another_thread_is_let_go(make):
    process = make("sleep", "60")
    process.prepare()
    process.start()
    output = process.output
    assert output is not None
    reader = threading.Thread(target=lambda: list(output))
    reader.start()
    output.close()
    reader.join(10)
    assert not reader.is_alive()
    assert list(output) == []


def test_it_is_ended_at_whatever_step_it_is(make):
    never_made, waiting, running = make("true"), make("true"), make("sleep", "60")
    waiting.prepare()
    running.prepare()
    running.start()
    for process in (never_made, waiting, running, running):
        process.end()
        assert process.pid == 0

"""Daemons that outlive their command, with real processes that live for a moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.core.errors import HostError
from bench.runtimes.managed.daemon import Daemon

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.filterwarnings("ignore:subprocess:ResourceWarning")
"""A daemon outlives the object that started it, on purpose."""

OBEDIENT = "import sys, time; print('up', flush=True); time.sleep(60)"
STUBBORN = (
    "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('up', flush=True); time.sleep(60)"
)


@pytest.fixture
def make(tmp_path):
    """Daemons of one Python program each; whatever still runs is ended."""
    made: list[Daemon] = []

    def daemon(program: str = OBEDIENT, *, name: str = "sleeper", **environment: str) -> Daemon:
        marker = f"{tmp_path}/{name}"
        one = Daemon(
            name=name,
            arguments=(sys.executable, "-c", program, marker),
            marker=marker,
            pid_file=tmp_path / "run" / f"{name}.pid",
            log_file=tmp_path / "log" / f"{name}.log",
            environment=tuple(environment.items()),
        )
        made.append(one)
        return one

    yield daemon
    for one in made:
        pid = one.pid()
        if pid:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def is_running(pid: int) -> bool:
    return (
        bool(Path(f"/proc/{pid}/cmdline").read_bytes()) if Path(f"/proc/{pid}").exists() else False
    )


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        os.sched_yield()


def wait_for_output(daemon: Daemon) -> None:
    until(lambda: "up" in daemon.log_tail())


def test_a_daemon_that_was_never_started_has_no_pid(make):
    assert make().pid() is None


def test_a_started_daemon_is_recognised_by_another_process_of_bench(make):
    make().start()
    again = make()  # knows only the pid file
    pid = again.pid()
    assert pid is not None
    assert is_running(pid)


def test_a_daemon_has_a_session_of_its_own(make):
    daemon = make()
    daemon.start()
    assert os.getsid(daemon.pid()) == daemon.pid()


def test_starting_twice_starts_once(make):
    daemon = make()
    daemon.start()
    pid = daemon.pid()
    daemon.start()
    assert daemon.pid() == pid


def test_stopping_ends_it_and_forgets_it(make):
    daemon = make()
    daemon.start()
    pid = daemon.pid()
    wait_for_output(daemon)
    daemon.stop()
    assert not is_running(pid)
    assert daemon.pid() is None
    assert not daemon.pid_file.exists()


def test_one_that_does_not_heed_sigterm_is_killed(make):
    daemon = make(STUBBORN)
    daemon.start()
    pid = daemon.pid()
    wait_for_output(daemon)
    daemon.stop(timeout_s=0.05)
    assert not is_running(pid)


def test_stopping_what_does_not_run_is_fine(make):
    daemon = make()
    daemon.stop()
    daemon.start()
    daemon.stop()
    daemon.stop()


def test_a_process_that_has_the_pid_now_is_never_ended(make):
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    daemon = make()
    daemon.pid_file.parent.mkdir(parents=True)
    daemon.pid_file.write_text(str(stranger.pid))
    assert daemon.pid() is None
    daemon.stop()
    assert stranger.poll() is None
    daemon.pid_file.write_text(str(stranger.pid))
    daemon.start()
    assert daemon.pid() not in (None, stranger.pid)
    daemon.stop()
    assert stranger.poll() is None
    stranger.communicate(b"\n")


@pytest.mark.parametrize("content", ["", "not a pid", "999999999", "-1"])
def test_a_pid_file_of_nobody_is_not_believed(make, content):
    daemon = make()
    daemon.pid_file.parent.mkdir(parents=True)
    daemon.pid_file.write_text(content)
    assert daemon.pid() is None
    daemon.stop()
    assert not daemon.pid_file.exists()


def test_a_daemon_that_has_died_does_not_run(make):
    daemon = make("print('so long')")
    daemon.start()
    until(lambda: daemon.pid() is None)
    daemon.start()
    assert "so long" in daemon.log_tail()


def test_its_output_goes_to_its_log_and_its_environment_is_its_own(make):
    daemon = make("import os; print(os.environ['FLAVOUR']); print('up')", FLAVOUR="plain")
    daemon.start()
    wait_for_output(daemon)
    assert daemon.log_tail(2) == "plain\n    up"
    assert "FLAVOUR" not in os.environ


def test_a_program_that_is_not_there_is_an_error_of_the_host(make):
    daemon = make()
    absent = Daemon("ghost", ("/nowhere/ghost",), "ghost", daemon.pid_file, daemon.log_file)
    with pytest.raises(HostError, match="ghost: cannot be started: No such file"):
        absent.start()
    assert absent.pid() is None


def test_without_a_log_its_tail_is_empty(make):
    assert make().log_tail() == ""


# Coming up


@pytest.fixture
def looked_at(tmp_path, monkeypatch):
    """A daemon that is not there, and the pids that looks at it find one after the other."""

    def daemon(*pids: int | None) -> Daemon:
        found = iter(pids)
        monkeypatch.setattr(Daemon, "pid", lambda _: next(found, pids[-1]))
        return Daemon("sleeper", ("true",), "x", tmp_path / "pid", tmp_path / "log")

    return daemon


def test_one_that_is_without_a_command_line_for_a_moment_is_not_taken_for_dead(looked_at):
    """As `ip netns exec` has it, while it becomes the program that it starts."""
    answers = iter([False] * 6 + [True])
    daemon = looked_at(42, None, 42, None, None, 42)
    assert daemon.comes_up(lambda: next(answers), 10.0)


def test_one_that_stays_gone_does_not_come_up(looked_at):
    begun_s = time.monotonic()
    assert not looked_at(None).comes_up(lambda: False, 60.0)
    assert time.monotonic() - begun_s < 30


def test_nor_does_one_whose_time_is_up(looked_at):
    assert not looked_at(42).comes_up(lambda: False, 0.05)

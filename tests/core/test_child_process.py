"""A program that runs while a block lasts: never longer, whenever the block ends."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from bench.core.child_process import child_process
from bench.core.interrupts import Interrupted, interruptible
from tests.programs import has_ended

LASTING = ("sh", "-c", "echo $$; sleep 600 & echo $!; wait")


def test_its_output_and_exit_code_are_read_as_usual():
    with child_process(("sh", "-c", "echo out; echo err >&2; exit 3")) as process:
        assert process.stdout is not None
        assert sorted(process.stdout) == ["err\n", "out\n"]
    assert process.returncode == 3


def test_a_program_that_is_not_there_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError), child_process((str(tmp_path / "none"),)):
        pytest.fail("it cannot have been started")


def test_an_early_end_kills_it_with_all_that_it_started():
    pids: list[int] = []

    def leave_early() -> None:
        with child_process(LASTING) as process:
            assert process.stdout is not None
            pids.extend(int(process.stdout.readline()) for _ in range(2))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        leave_early()
    assert all(has_ended(pid) for pid in pids)


def test_an_interruption_while_it_is_started_leaves_nothing_behind(monkeypatch):
    started: list[int] = []
    popen = subprocess.Popen

    def interrupted(*args, **options):
        process = popen(*args, **options)
        started.append(process.pid)
        os.kill(os.getpid(), signal.SIGTERM)
        return process

    monkeypatch.setattr("bench.core.child_process.subprocess.Popen", interrupted)
    with pytest.raises(Interrupted), interruptible(), child_process(LASTING):
        pytest.fail("it was interrupted before")
    assert started
    assert all(has_ended(pid) for pid in started)

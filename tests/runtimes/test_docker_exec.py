"""Ending a command in a container, on real processes and a made-up cgroup."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from bench.runtimes.docker.exec import kill_inside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ID = "4f" * 32


@pytest.fixture
def command() -> Iterator[subprocess.Popen[bytes]]:
    """A shell with a child, in a session of its own as a runtime makes it."""
    script = "sleep 60 & echo $!; wait"
    process = subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    process.stdout.readline()
    yield process
    process.kill()
    process.stdout.close()
    process.wait()


def in_cgroup(proc: Path, pid: int, path: str) -> Path:
    (proc / str(pid)).mkdir(parents=True)
    (proc / str(pid) / "cgroup").write_text(f"12:memory:{path}\n0::/\n")
    return proc


@pytest.mark.parametrize("path", [f"/docker/{ID}", f"/x.slice/docker-{ID}.scope", f"/bench/{ID}"])
def test_a_command_is_killed_with_what_it_started(tmp_path, command, path):
    assert kill_inside(command.pid, ID, in_cgroup(tmp_path, command.pid, path))
    assert command.wait(10) == -signal.SIGKILL
    assert command.stdout is not None
    assert command.stdout.read() == b""  # which its child held open too


def test_a_process_that_is_not_the_container_s_is_left_alone(tmp_path, command):
    proc = in_cgroup(tmp_path, command.pid, f"/docker/{'5a' * 32}")
    assert not kill_inside(command.pid, ID, proc)
    assert command.poll() is None


@pytest.mark.parametrize("pid", [0, 1, -1, 2**22 + 5])
def test_a_number_that_means_no_process_here_is_left_alone(tmp_path, pid):
    assert not kill_inside(pid, ID, tmp_path)

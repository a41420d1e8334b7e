"""How a container stands before it is asked to stop, and how its processes end then."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.core.stop_signal import signal_number
from bench.observe.process_table import read_table
from bench.trial.stopping import Endings, standing
from tests.trial.proc_tree import TERM_CAUGHT, Entry, write_proc

if TYPE_CHECKING:
    from bench.journal.facts.behaviour import Standing


def stands(folder: Path, *entries: Entry, stop_signal: str = "SIGTERM") -> Standing:
    return standing(read_table(entries[0].pid, write_proc(folder, *entries)), stop_signal, str)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("SIGTERM", 15),
        ("TERM", 15),
        ("sigquit", 3),
        ("2", 2),
        ("SIGRTMIN+3", signal.SIGRTMIN + 3),
        ("RTMIN", signal.SIGRTMIN),
    ],
)
def test_a_signal_may_be_written_in_several_ways(name, number):
    assert signal_number(name) == number


@pytest.mark.parametrize("name", ["", "SIGNOTHING", "TERM+x", "+3", "0", "65", "RTMIN+99", "²"])
def test_what_is_no_signal_is_refused(name):
    with pytest.raises(ValueError, match="is not a signal"):
        signal_number(name)


def test_a_shell_before_another_process_is_told_with_what_it_stands_before(tmp_path):
    found = stands(
        tmp_path,
        Entry(5, 4, "bash", 1, ("bash", "start.sh"), exe="/bin/bash"),
        Entry(6, 5, "uvicorn", 2, ("python", "uvicorn"), exe="/usr/bin/python3"),
    )
    assert found.chain == ("bash", "uvicorn")
    assert found.shell
    assert not found.init
    assert found.disposition == "default"
    assert found.command == "bash start.sh"
    assert found.children == ("uvicorn",)


def test_an_init_before_a_shell_before_a_program_is_all_told(tmp_path):
    found = stands(
        tmp_path,
        Entry(5, 4, "tini", 1, exe="/tini", blocked=TERM_CAUGHT),
        Entry(6, 5, "sh", 2, exe="/bin/dash"),
        Entry(7, 6, "node", 3, exe="/usr/bin/node"),
    )
    assert found.chain == ("tini", "sh", "node")
    assert found.shell
    assert found.init
    assert found.disposition == "blocked"


def test_a_program_that_is_process_1_has_nothing_before_it(tmp_path):
    found = stands(
        tmp_path,
        Entry(5, 4, "gunicorn", 1, exe="/usr/bin/python3", caught=TERM_CAUGHT),
        Entry(6, 5, "gunicorn", 2, exe="/usr/bin/python3"),
    )
    assert found.chain == ("gunicorn",)
    assert not found.shell
    assert found.disposition == "handler"


def test_a_shell_that_only_waits_stands_before_nothing(tmp_path):
    found = stands(tmp_path, Entry(5, 4, "sh", 1, exe="/bin/dash"))
    assert found.chain == ("sh",)
    assert not found.shell


def test_the_dead_are_counted_apart_from_the_living(tmp_path):
    found = stands(
        tmp_path,
        Entry(5, 4, "sh", 1, exe="/bin/dash"),
        Entry(6, 5, "gone", 2, state="Z"),
        Entry(7, 5, "gone", 3, state="Z"),
        Entry(8, 5, "web", 4),
    )
    assert found.zombies == 2
    assert found.children == ("web",)
    assert found.chain == ("sh", "web")


def test_the_images_own_signal_is_the_one_that_is_looked_at(tmp_path):
    caught = 1 << (signal.SIGQUIT - 1)
    found = stands(tmp_path, Entry(5, 4, "nginx", 1, caught=caught), stop_signal="SIGQUIT")
    assert (found.signal, found.disposition) == ("SIGQUIT", "handler")


def test_of_a_signal_that_nobody_knows_nothing_is_said(tmp_path):
    assert stands(tmp_path, Entry(5, 4, "x", 1), stop_signal="SIGFOO").disposition is None


def test_secrets_in_a_command_are_hidden(tmp_path):
    entry = Entry(5, 4, "app", 1, ("app", "--token", "hunter22"))
    table = read_table(5, write_proc(tmp_path, entry))
    found = standing(table, "SIGTERM", lambda text: text.replace("hunter22", "***"))
    assert found.command == "app --token ***"


# How processes end


def sleeper(name: str = "sleep") -> tuple[subprocess.Popen[bytes], Entry]:
    process = subprocess.Popen(["sleep", "60"])
    return process, Entry(process.pid, 1, name, 2)


def ended(folder: Path, number: signal.Signals) -> list[str] | None:
    """The names that are told to have been killed, where `number` ends one of two processes."""
    (one, entry), (other, beside) = sleeper(), sleeper("beside")
    above = Entry(5, 4, "sh", 1)
    write_proc(folder, above, Entry(one.pid, 5, "sleep", 2), Entry(other.pid, 5, "beside", 3))
    assert entry.name != beside.name
    endings = Endings(read_table(5, folder)[1:])
    one.send_signal(number)
    other.terminate()
    one.wait()
    other.wait()
    killed = endings.killed()
    return None if killed is None else [each.name for each in killed]


def kernel_tells(folder: Path) -> bool:
    return ended(folder / "probe", signal.SIGKILL) is not None


def test_what_sigkill_ended_is_told_apart_from_what_ended_of_its_own(tmp_path):
    if not kernel_tells(tmp_path):
        pytest.skip("this kernel does not tell how a process ended")
    assert ended(tmp_path / "killed", signal.SIGKILL) == ["sleep"]
    assert ended(tmp_path / "asked", signal.SIGTERM) == []


def test_a_kernel_that_does_not_tell_leaves_it_open(tmp_path, monkeypatch):
    def refuse(*_: object) -> int:
        raise OSError(25, "Inappropriate ioctl for device")

    monkeypatch.setattr("fcntl.ioctl", refuse)
    assert ended(tmp_path, signal.SIGKILL) is None


def test_where_there_is_nothing_below_nothing_was_killed():
    assert Endings([]).killed() == []


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_of_very_many_processes_only_the_first_are_watched(tmp_path, monkeypatch):
    monkeypatch.setattr("bench.trial.stopping._MOST_WATCHED", 2)
    process, _ = sleeper()
    write_proc(tmp_path, Entry(5, 4, "sh", 1), Entry(process.pid, 5, "sleep", 2))
    (one,) = read_table(5, tmp_path)[1:]
    before = open_files()
    endings = Endings([one] * 10)
    assert open_files() == before + 2
    endings.close()
    process.kill()
    process.wait()


def test_a_watch_that_is_given_up_leaves_no_descriptor_open(tmp_path):
    before = open_files()
    process, _ = sleeper()
    write_proc(tmp_path, Entry(5, 4, "sh", 1), Entry(process.pid, 5, "sleep", 2))
    endings = Endings(read_table(5, tmp_path)[1:])
    assert open_files() == before + 1
    endings.close()
    assert open_files() == before
    process.kill()
    process.wait()

"""The setup of a plain process: its commands, its output where it fails, its time."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest

from bench.core.clock import SystemClock
from bench.core.errors import BuildError
from bench.core.interrupts import Interrupted, interruptible
from bench.runner.plain_process_setup import set_up
from bench.scenario.model import Case
from tests.programs import has_ended

if TYPE_CHECKING:
    from pathlib import Path

    from bench.journal.facts.image import ImageFacts


def case(*setup: object, **changes: object) -> Case:
    host = {"command": ["serve"], "setup": list(setup)}
    return Case.model_validate({"host": host, "ready": {"exit": True}} | changes)


def made(one: Case, folder: Path) -> ImageFacts:
    assert one.host is not None
    return set_up("app", one, one.host, folder, SystemClock())


def test_the_commands_run_one_after_the_other_in_its_folder(tmp_path: Path):
    facts = made(case(["sh", "-c", "echo a > one"], "cp one two"), tmp_path)
    assert (tmp_path / "two").read_text() == "a\n"
    assert facts.source == "host"
    assert facts.build_s is not None
    assert facts.metric_values() == {"build_s": facts.build_s}


def test_without_a_setup_there_is_no_time_of_it(tmp_path: Path):
    assert made(case(), tmp_path).metric_values() == {}


def test_it_has_the_environment_of_bench_and_of_the_case(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("OF_BENCH", "x")
    one = case(["sh", "-c", "echo $OF_BENCH$MINE > out"], environment={"MINE": "y"})
    made(one, tmp_path)
    assert (tmp_path / "out").read_text() == "xy\n"


def test_a_failure_shows_the_last_lines_and_what_to_run(tmp_path: Path):
    one = case(
        ["sh", "-c", "echo first; echo $API_TOKEN >&2; exit 4"],
        ["touch", "never"],
        environment={"API_TOKEN": "hush-hush"},
    )
    with pytest.raises(BuildError, match="ended with code 4") as caught:
        made(one, tmp_path)
    assert "first\n    ***" in caught.value.cause
    assert str(tmp_path) in caught.value.remedy
    assert not (tmp_path / "never").exists()


def test_a_command_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(BuildError, match="no-such-command: cannot be run"):
        made(case(["no-such-command"]), tmp_path)


def test_an_interruption_ends_all_that_a_command_has_started(tmp_path: Path):
    script = "sleep 600 & echo $! > child; wait"
    child = tmp_path / "child"

    def interrupt() -> None:
        while not (child.exists() and child.read_text()):
            time.sleep(0.005)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=interrupt).start()
    with pytest.raises(Interrupted), interruptible():
        made(case(["sh", "-c", script]), tmp_path)
    assert has_ended(int(child.read_text()))

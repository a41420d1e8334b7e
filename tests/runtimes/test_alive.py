"""A run is alive as long as its process is, and not a moment longer, however it ends."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bench.core.errors import UsageError
from bench.runtimes.managed.alive import alive, is_alive

HOLDS = """
import sys, time
from bench.runtimes.managed.alive import alive
with alive(sys.argv[1]):
    print("alive", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def run_id(tmp_path) -> str:
    return f"20261122T083105Z-{tmp_path}"  # of this test alone


def test_it_is_alive_within_the_block_and_dead_before_and_after(run_id):
    assert not is_alive(run_id)
    with alive(run_id):
        assert is_alive(run_id)
        assert not is_alive(f"{run_id}-2")
    assert not is_alive(run_id)


def test_one_that_is_run_already_is_refused_with_its_name(run_id):
    with alive(run_id), pytest.raises(UsageError, match="another process") as caught, alive(run_id):
        pass
    assert caught.value.subject == run_id


def test_a_kill_ends_it_at_once_and_leaves_nothing_to_doubt(run_id):
    process = subprocess.Popen([sys.executable, "-c", HOLDS, run_id], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"alive\n"
    assert is_alive(run_id)
    process.kill()
    process.communicate()
    assert not is_alive(run_id)


def test_what_a_run_starts_does_not_keep_it_alive(run_id):
    with alive(run_id):
        child = subprocess.Popen(["sleep", "60"])
    try:
        assert not is_alive(run_id)
    finally:
        child.kill()
        child.wait()

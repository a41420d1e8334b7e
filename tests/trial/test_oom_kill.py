"""What kernel, engine and exit code say of a kill for memory, together and against each other."""

from __future__ import annotations

import pytest

from bench.journal.facts.ending import MemoryKill
from bench.trial.oom_kill import ending_words

WHEN = "before it was ready"


@pytest.mark.parametrize("kills", [0, None])
@pytest.mark.parametrize("code", [0, 1, 137])
def test_a_code_alone_is_no_kill_for_memory(code, kills):
    end = MemoryKill(kills, engine_flag=False, exit_code=code)
    assert not end.happened
    assert ending_words(end, WHEN) == f"exited with code {code} {WHEN}"


@pytest.mark.parametrize(
    ("kills", "flag", "said"),
    [
        (1, True, "the kernel counted 1 kill, the engine's flag is set"),
        (3, False, "the kernel counted 3 kills, the engine's flag is not set"),
        (0, True, "the kernel counted 0 kills, the engine's flag is set"),
        (None, True, "the kernel's count was not seen, the engine's flag is set"),
    ],
)
def test_either_witness_is_enough_and_each_is_named(kills, flag, said):
    end = MemoryKill(kills, flag, 137)
    assert end.happened
    assert ending_words(end, WHEN) == f"killed for memory {WHEN} (exit code 137; {said})"


def test_a_child_that_was_killed_is_not_the_end_of_the_container_itself():
    end = MemoryKill(1, engine_flag=True, exit_code=3)
    assert ending_words(end, "2.0 s after it was ready").startswith(
        "exited with code 3 2.0 s after it was ready, after a process of it had been killed for"
    )

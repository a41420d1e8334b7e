"""A description of how a container ended, with the evidence for an out-of-memory kill."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.journal.facts.ending import MemoryKill

KILLED_CODE = 137
"""128 + SIGKILL."""


def ending_words(kill: MemoryKill, when: str) -> str:
    """Describe how it ended; `when` is for example `before it was ready`."""
    if not kill.happened:
        return f"exited with code {kill.exit_code} {when}"
    if kill.exit_code == KILLED_CODE:
        return f"killed for memory {when} (exit code {KILLED_CODE}; {_witnesses(kill)})"
    return (
        f"exited with code {kill.exit_code} {when}, after a process of it had been killed for "
        f"memory ({_witnesses(kill)})"
    )


def _witnesses(kill: MemoryKill) -> str:
    count = kill.kernel_kills
    kernel = "the kernel's count was not seen"
    if count is not None:
        kernel = f"the kernel counted {count} {'kill' if count == 1 else 'kills'}"
    flag = "set" if kill.engine_flag else "not set"
    return f"{kernel}, the engine's flag is {flag}"

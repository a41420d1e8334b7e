"""A program that runs while a `with` block lasts, and never longer."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench.core.interrupts import postponed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path


@contextmanager
def child_process(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    stderr: int = subprocess.STDOUT,
) -> Iterator[subprocess.Popen[str]]:
    """Start `command` in a session of its own, without input, its output a pipe of text.

    When the block ends early, the program is killed with all that it started in its session. An
    interruption waits until the start is over: one that came within it would leave a program that
    nobody knows.

    Args:
        command: the program and its arguments.
        cwd: where it runs.
        environment: its whole environment; this process's own where None.
        stderr: a pipe, or STDOUT for both in one.

    Raises:
        OSError: it cannot be started.
    """
    process: subprocess.Popen[str] | None = None
    try:
        with postponed():
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                errors="replace",
                start_new_session=True,  # Ctrl-C reaches bench alone
            )
        yield process
    except BaseException:
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        raise
    finally:
        if process is not None:
            process.wait()
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()

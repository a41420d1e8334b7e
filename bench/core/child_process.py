"""A child process that runs within a `with` block, and never longer."""

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
    """Start `command` in its own session, without input, its output a text pipe.

    When the block ends early, the process is killed with all processes of its session.
    Interruptions are postponed during the start, which would otherwise leave an untracked process.

    Args:
        command: the program and its arguments.
        cwd: its working directory.
        environment: its whole environment; this process's own if None.
        stderr: a pipe, or STDOUT to merge both.

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
